// CUBIC's window as a function of time, in integers.
#pragma once
#include <cstdint>

#include "base/time.h"

namespace ringback::tcp {

// Windows are counted in parts of a segment, so that growth below one is not lost.
inline constexpr std::uint64_t kSegment = std::uint64_t{1} << 16;

// The largest n with n^3 <= value. Requires: value < 2^126.
[[nodiscard]] std::uint64_t cube_root(unsigned __int128 value) noexcept;

// The curve W(t) = C * (t - K)^3 + Wmax with C = 0.4, and beside it what Reno would have by now.
//
// Units:  windows in kSegment, time in nanoseconds; C is per second^3; times are cut to microseconds.
// Source: RFC 9438, 4.2 (curve), 4.3 (Reno-friendly region), 4.6 (decrease), 4.7 (fast convergence);
//         Linux's bictcp_update() for the growth before there was a loss.
class Cubic {
 public:
  // The window has to become smaller. Returns what it becomes: 0.7 of it, at least two segments.
  [[nodiscard]] std::uint64_t reduce(std::uint64_t window) noexcept;

  // The window after `segments` more were acknowledged in congestion avoidance.
  // Units: srtt_ns: the smoothed round trip time.
  [[nodiscard]] std::uint64_t grow(TimeNs now, std::uint64_t window, std::uint64_t segments, TimeNs srtt_ns) noexcept;

  // The curve, `since_ns` after its epoch's begin. Requires: an epoch was begun, by grow().
  [[nodiscard]] std::uint64_t curve(TimeNs since_ns) const noexcept;
  // Of its epoch.
  [[nodiscard]] bool is_in_first_second(TimeNs now) const noexcept {
    return epoch_ns_ != kNever && now - epoch_ns_ < kNsPerSecond;
  }
  [[nodiscard]] std::uint64_t k_us() const noexcept { return k_us_; }

 private:
  void begin_epoch(TimeNs now, std::uint64_t window) noexcept;

  std::uint64_t last_max_ = 0;  // Wmax; 0: there was no reduction yet
  std::uint64_t prior_ = 0;     // the window before the last reduction
  TimeNs epoch_ns_ = kNever;    // its begin; kNever: with the next acknowledgement
  std::uint64_t origin_ = 0;    // where the curve is flat,
  std::uint64_t k_us_ = 0;      // and how long after the epoch's begin
  std::uint64_t reno_ = 0;      // what Reno would have
};

}  // namespace ringback::tcp
