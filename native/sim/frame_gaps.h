// Even distances between frames, exactly: whole nanoseconds and a remainder that is carried.
#pragma once
#include <cstdint>

#include "base/assert.h"
#include "base/time.h"

namespace ringback {

// Frame k is k * size / rate after frame 0, rounded down to a nanosecond.
class FrameGaps {
 public:
  // size_bytes: up to 65535; rate_bps: 1 .. 10^13.
  FrameGaps(std::uint32_t size_bytes, std::uint64_t rate_bps)
      : rate_bps_(rate_bps),
        gap_ns_(std::uint64_t{size_bytes} * 8 * kNsPerSecond / rate_bps),
        gap_remainder_(std::uint64_t{size_bytes} * 8 * kNsPerSecond % rate_bps) {
    RB_ASSERT(rate_bps > 0);
  }

  // The shortest of all; the others are at most a nanosecond longer.
  [[nodiscard]] TimeNs least_ns() const noexcept { return gap_ns_; }

  // From the last frame to the next one. `carry` is the train's own, 0 at its beginning.
  [[nodiscard]] TimeNs next(std::uint64_t& carry) const noexcept {
    carry += gap_remainder_;
    if (carry < rate_bps_) return gap_ns_;
    carry -= rate_bps_;
    return gap_ns_ + 1;
  }

 private:
  std::uint64_t rate_bps_;
  TimeNs gap_ns_;
  std::uint64_t gap_remainder_;  // in 1/rate_bps
};

}  // namespace ringback
