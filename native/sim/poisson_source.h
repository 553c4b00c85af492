// A source of frames at random times that know nothing of one another.
#pragma once
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/packet_header.h"
#include "sim/exponential.h"
#include "sim/made_up_frames.h"
#include "sim/offer.h"

namespace ringback {

// A size of a mix, and how often it comes among the others.
struct WeightedSize {
  std::uint32_t size_bytes = 0;  // 60 .. 65535
  std::uint32_t weight = 1;      // 1 .. 1000
};

struct PoissonConfig {
  static constexpr std::uint32_t kMaxSizes = 16;
  static constexpr std::uint32_t kMaxWeight = 1000;

  TimeNs start_ns = 0;
  TimeNs stop_ns = kNever;
  std::uint64_t rate_bps = 0;       // the mean, 1 .. 10^13
  std::vector<WeightedSize> sizes;  // 1 .. kMaxSizes
  std::uint32_t flows = 1;          // 1 .. 64512, taken in turn
  Endpoint from = {0};              // for the headers' addresses; from and to differ
  Endpoint to = {};
  std::uint32_t gso_size_bytes = 0;  // > 0: TCP frames that ask for segments of so many bytes
};

// Frames with exponentially distributed gaps, whose mean is that of the sizes over the rate. Each frame's size is
// drawn by weight; the first frame comes a gap after the start.
class PoissonSource {
 public:
  PoissonSource(const PoissonConfig& config, std::uint64_t seed);

  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }
  [[nodiscard]] Offer take() noexcept;

 private:
  void schedule() noexcept;
  [[nodiscard]] std::uint32_t draw_size() noexcept;

  TimeNs stop_ns_;
  Random random_;
  MadeUpFrames frames_;
  std::vector<std::uint32_t> weights_up_to_;  // by size: its weight and all before it
  ExponentialGaps gaps_;
  TimeNs due_ns_;
  TimeNs next_ns_ = kNever;
};

}  // namespace ringback
