// A source of frames at even distances.
#pragma once
#include <cstdint>

#include "base/assert.h"
#include "base/random.h"
#include "base/time.h"
#include "net/packet_header.h"
#include "sim/frame_gaps.h"
#include "sim/made_up_frames.h"
#include "sim/offer.h"

namespace ringback {

struct ConstantConfig {
  TimeNs start_ns = 0;
  TimeNs stop_ns = kNever;
  std::uint64_t rate_bps = 0;    // 1 .. 10^13
  std::uint32_t size_bytes = 0;  // 60 .. 65535
  std::uint32_t flows = 1;       // 1 .. 64512, taken in turn
  TimeNs jitter_ns = 0;          // each frame is late by a random time below this, and below the gap between frames
  Endpoint from = {0};           // for the headers' addresses; from and to differ
  Endpoint to = {};
  std::uint32_t gso_size_bytes = 0;  // > 0: TCP frames that ask for segments of so many bytes
};

// Frames of one size at one rate: frame k at start + k * size / rate, exactly, rounded down to a nanosecond.
class ConstantSource {
 public:
  ConstantSource(const ConstantConfig& config, std::uint64_t seed);

  // When the next frame is offered; kNever after the last one.
  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }
  // Takes that frame. Requires: next_ns() != kNever.
  [[nodiscard]] Offer take() noexcept {
    RB_ASSERT(next_ns_ != kNever);
    const Offer offer = frames_.take(next_ns_, 0);
    due_ns_ += gaps_.next(carry_);
    schedule();
    return offer;
  }

 private:
  void schedule() noexcept {
    if (due_ns_ >= stop_ns_)
      next_ns_ = kNever;
    else
      next_ns_ = due_ns_ + (jitter_ns_ == 0 ? 0 : random_.below(jitter_ns_));
  }

  TimeNs stop_ns_;
  TimeNs jitter_ns_;
  Random random_;
  MadeUpFrames frames_;
  FrameGaps gaps_;
  TimeNs due_ns_;  // the frame's time without jitter
  std::uint64_t carry_ = 0;
  TimeNs next_ns_ = kNever;
};

}  // namespace ringback
