// What an event storm costs: a port whose events bring no work stays masked for longer and longer (XSA-332).
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace ringback {

// Threads: one.
// Source:  Linux events_base.c xen_irq_lateeoi_locked with HZ 250 and the default threshold of 1
class SpuriousBackoff {
 public:
  // A jiffy, and the longest delay.
  static constexpr TimeNs kFirstDelayNs = 4'000'000;
  static constexpr TimeNs kMaxDelayNs = kNsPerSecond;

  // An event was handled. Returns how long the port stays masked: nothing after an event that had a reason, and nothing
  // after a first one that had none, which honest peers send too; then a jiffy, doubling with each further one.
  //
  // Units: nanoseconds; 0: unmask at once.
  [[nodiscard]] TimeNs handled(bool spurious) noexcept {
    if (!spurious) {
      in_a_row_ = 0;
      return 0;
    }
    ++spurious_events_;
    in_a_row_ = std::min(in_a_row_ + 1, kCountedInARow);
    if (in_a_row_ <= kTolerated) return 0;
    return std::min(kFirstDelayNs << (in_a_row_ - 1 - kTolerated), kMaxDelayNs);
  }

  [[nodiscard]] std::uint64_t spurious_events() const noexcept { return spurious_events_; }

 private:
  static constexpr std::uint32_t kTolerated = 1;
  static constexpr std::uint32_t kCountedInARow = 10;  // kFirstDelayNs << 8 is beyond kMaxDelayNs

  std::uint32_t in_a_row_ = 0;
  std::uint64_t spurious_events_ = 0;
};

}  // namespace ringback
