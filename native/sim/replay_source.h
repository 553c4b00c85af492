// A source of captured frames.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "sim/offer.h"

namespace ringback {

struct ReplayConfig {
  TimeNs start_ns = 0;
  TimeNs stop_ns = kNever;
  TimeNs loop_ns = 0;                      // > 0: again from the first frame, so long after the last start
  std::vector<TimeNs> times_ns;            // from the start, never falling; with a loop all below loop_ns
  std::vector<std::uint32_t> sizes_bytes;  // 14 .. 65535
  std::vector<std::byte> headers;          // kReplayHeaderBytes a frame, zero-padded
};

inline constexpr std::size_t kReplayHeaderBytes = 128;

// The frames of a capture at their times.
class ReplaySource {
 public:
  ReplaySource(ReplayConfig config, std::uint64_t seed);

  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }
  [[nodiscard]] Offer take() noexcept;

 private:
  void schedule() noexcept;

  ReplayConfig config_;
  PayloadSeeds payload_seeds_;
  std::size_t index_ = 0;
  TimeNs round_start_ns_;
  TimeNs next_ns_ = kNever;
};

}  // namespace ringback
