// How much may be under way: slow start, then Reno or CUBIC.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "tcp/cubic.h"
#include "tcp/hystart.h"

namespace ringback::tcp {

enum class Algorithm : std::uint8_t { kReno, kCubic };

// A value: what is copied before a reduction can be put back when that was a mistake.
//
// Units:  windows in segments; inside, and for window(), in kSegment.
// Source: RFC 5681, 3.1; RFC 9438; RFC 6928 for the initial window.
class Congestion {
 public:
  Congestion(Algorithm algorithm, std::uint32_t initial_segments) noexcept
      : algorithm_(algorithm), window_(initial_segments * kSegment) {}

  [[nodiscard]] std::uint64_t segments() const noexcept { return window_ / kSegment; }
  [[nodiscard]] std::uint64_t window() const noexcept { return window_; }
  // Where slow start ends; kNoThreshold before there was a loss.
  [[nodiscard]] std::uint64_t threshold_segments() const noexcept { return threshold_ / kSegment; }
  [[nodiscard]] bool is_slow_start() const noexcept { return window_ < threshold_; }

  // So many segments were acknowledged while the window was what held the sender back.
  void acknowledged(TimeNs now, std::uint64_t segments, TimeNs srtt_ns) noexcept {
    if (is_slow_start()) {
      const std::uint64_t grown = std::min(window_ + segments * kSegment, threshold_);
      segments -= (grown - window_) / kSegment;
      window_ = grown;
      if (segments == 0 || is_slow_start()) return;
    }
    window_ = algorithm_ == Algorithm::kCubic ? cubic_.grow(now, window_, segments, srtt_ns)
                                              : window_ + segments * kSegment * kSegment / window_;
  }

  // A round trip was measured: CUBIC leaves slow start where it has come near to what the way holds.
  void measured(const RoundTrip& trip) noexcept {
    // Right after a recovery the queue that overflowed is still full.
    if (algorithm_ != Algorithm::kCubic || cubic_.is_in_first_second(trip.now)) return;
    hystart_.learn(trip.rtt_ns);
    if (is_slow_start() && hystart_.detect(trip, segments())) threshold_ = window_;
  }

  // Something was lost. The window itself is the caller's to lower, by set_segments(), as what is under way gets less.
  void reduce() noexcept {
    threshold_ = algorithm_ == Algorithm::kCubic ? cubic_.reduce(window_) : std::max(window_ / 2, 2 * kSegment);
  }
  void set_segments(std::uint64_t segments) noexcept { window_ = segments * kSegment; }
  // The timer has run out: slow start from one segment, with measurements of its own, and a curve that knows of no
  // earlier window. `next`: see RoundTrip. Source: Linux cubictcp_state
  void time_out(TimeNs now, std::uint64_t next) noexcept {
    set_segments(1);
    cubic_ = Cubic();
    hystart_ = HyStart(now, next);
  }
  void set_to_threshold() noexcept { window_ = threshold_; }

  // The reductions since `before` were a mistake. What has grown beyond it meanwhile stays, and so does what was
  // measured of the way: as in Linux that is no part of what a reduction changes.
  void undo(const Congestion& before) noexcept {
    const std::uint64_t window = std::max(window_, before.window_);
    const HyStart hystart = hystart_;
    *this = before;
    window_ = window;
    hystart_ = hystart;
  }

 private:
  static constexpr std::uint64_t kNoThreshold = ~std::uint64_t{0};

  Algorithm algorithm_;
  std::uint64_t window_;
  std::uint64_t threshold_ = kNoThreshold;
  Cubic cubic_;
  HyStart hystart_;
};

}  // namespace ringback::tcp
