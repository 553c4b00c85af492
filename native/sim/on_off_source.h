// A source that sends, is silent, and sends again.
#pragma once
#include <cstdint>

#include "base/random.h"
#include "base/time.h"
#include "net/packet_header.h"
#include "sim/exponential.h"
#include "sim/frame_gaps.h"
#include "sim/made_up_frames.h"
#include "sim/offer.h"

namespace ringback {

struct OnOffConfig {
  TimeNs start_ns = 0;
  TimeNs stop_ns = kNever;
  std::uint64_t rate_bps = 0;    // while it is on, 1 .. 10^13
  std::uint32_t size_bytes = 0;  // 60 .. 65535
  TimeNs on_ns = 0;              // at least a frame's time at the rate
  TimeNs off_ns = 0;             // at least 1
  bool fixed = false;            // each on and off time is exactly that; otherwise exponentially distributed about it
  std::uint32_t flows = 1;       // 1 .. 64512, taken in turn
  Endpoint from = {0};           // for the headers' addresses; from and to differ
  Endpoint to = {};
  std::uint32_t gso_size_bytes = 0;  // > 0: TCP frames that ask for segments of so many bytes
};

// Frames at even distances of the time in which the source is on, which it is from the start. A distance that an off
// time interrupts goes on after it, so that the mean rate is rate * on / (on + off), exactly.
class OnOffSource {
 public:
  OnOffSource(const OnOffConfig& config, std::uint64_t seed);

  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }
  [[nodiscard]] Offer take() noexcept;

 private:
  // Goes `on_ns` further, which counts on times only.
  void advance(TimeNs on_ns) noexcept;
  void schedule() noexcept;
  // An on or off time about `mean_ns`.
  [[nodiscard]] TimeNs draw(ExponentialGaps& gaps, TimeNs mean_ns) noexcept;

  TimeNs stop_ns_;
  TimeNs on_ns_;
  TimeNs off_ns_;
  bool fixed_;
  Random random_;
  MadeUpFrames frames_;
  FrameGaps gaps_;
  ExponentialGaps on_gaps_;
  ExponentialGaps off_gaps_;
  TimeNs due_ns_;
  TimeNs on_left_ns_;  // of the on time in which due_ns_ is
  std::uint64_t carry_ = 0;
  TimeNs next_ns_ = kNever;
};

}  // namespace ringback
