// Xen's credit: so many bytes a window, one bucket a vif whatever its queues.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "base/time.h"

namespace ringback {

// What XenStore's `rate` holds as "bytes,usec".
struct Credit {
  std::uint64_t bytes = ~std::uint64_t{0};  // 1 .. 2^64-1; the default never runs out
  TimeNs window_ns = 0;
};

// The credit scheduler of a vif: a pure function of its state, the time and the packet sizes.
//
// Units:    bytes of whole frames, nanoseconds. `hz` > 0 reproduces Linux's clock of that many jiffies a second with
// its
//           losses and its catching up after an idle time; 0 keeps the nanosecond clock.
// Requires: time never goes backwards.
// Threads:  one.
// Source:   drivers/net/xen-netback/netback.c tx_add_credit, tx_credit_exceeded
//
// Invariants:
// 1. A packet goes whole or not at all; nothing but admit() debits.
// 2. Each window adds at most once, so n windows pass at most (n + 1) * bytes + max(bytes, kBurstBytes).
// 3. While blocked() only on_timer() and set_credit() unblock.
class CreditShaper {
 public:
  // Room for two 64 KiB packets, even where a window holds less.
  static constexpr std::uint64_t kBurstBytes = 131072;

  explicit CreditShaper(Credit credit = {}, TimeNs now = 0, std::uint32_t hz = 0) noexcept
      : remaining_bytes_(credit.bytes), jiffy_ns_(hz == 0 ? 0 : kNsPerSecond / hz), window_start_ns_(jiffies(now)) {
    assign(credit);
  }

  // Debits the packet if it may go now. False: it waits, and the caller calls on_timer() at timer_ns().
  [[nodiscard]] bool admit(TimeNs now, std::uint32_t size_bytes) noexcept {
    if (size_bytes > remaining_bytes_ && exceeded(now, size_bytes)) [[unlikely]]
      return false;
    remaining_bytes_ -= size_bytes;
    return true;
  }

  [[nodiscard]] bool blocked() const noexcept { return timer_ns_ != kNever; }
  // When credit arrives for the packet that waits; kNever when none does.
  [[nodiscard]] TimeNs timer_ns() const noexcept { return timer_ns_; }

  // The timer fired: one window's credit is added.
  void on_timer() noexcept {
    RB_ASSERT(blocked());
    timer_ns_ = kNever;
    add_credit();
  }

  // A change while the guest runs. A packet that waits is looked at again now, with the new credit in a window that
  // starts now; otherwise what is left is cut to the new credit.
  // Returns whether the timer is due now (the caller calls on_timer()).
  bool set_credit(Credit credit, TimeNs now) noexcept {
    assign(credit);
    if (blocked()) {
      timer_ns_ = now;
      // Linux leaves the window's start in the future here, and the next credit comes up to an old window late.
      if (jiffy_ns_ == 0) window_start_ns_ = now;
      return true;
    }
    remaining_bytes_ = std::min(remaining_bytes_, credit_.bytes);
    return false;
  }

  [[nodiscard]] Credit credit() const noexcept { return credit_; }
  [[nodiscard]] std::uint64_t remaining_bytes() const noexcept { return remaining_bytes_; }

 private:
  [[nodiscard]] TimeNs jiffies(TimeNs now) const noexcept { return jiffy_ns_ == 0 ? now : now - now % jiffy_ns_; }

  void assign(Credit credit) noexcept {
    RB_ASSERT(credit.bytes > 0);
    credit_ = credit;
    window_ns_ = credit.window_ns;
    if (jiffy_ns_ != 0) {  // msecs_to_jiffies(credit_usec / 1000)
      const TimeNs milliseconds_ns = window_ns_ - window_ns_ % 1'000'000;
      window_ns_ = (milliseconds_ns + jiffy_ns_ - 1) / jiffy_ns_ * jiffy_ns_;
    }
  }

  void add_credit() noexcept {
    const std::uint64_t sum = remaining_bytes_ + credit_.bytes;
    const std::uint64_t saturated = sum < remaining_bytes_ ? ~std::uint64_t{0} : sum;
    remaining_bytes_ = std::min(saturated, std::max(kBurstBytes, credit_.bytes));
  }

  [[nodiscard]] bool exceeded(TimeNs now, std::uint32_t size_bytes) noexcept {
    if (blocked()) return true;
    now = jiffies(now);
    TimeNs next_ns = window_start_ns_ + window_ns_;
    if (now >= next_ns) {
      window_start_ns_ = now;
      add_credit();
      // Linux keeps the old `next` here: after an idle time its timer is armed in the past and credit comes at once.
      if (jiffy_ns_ == 0) next_ns = now + window_ns_;
    }
    if (size_bytes <= remaining_bytes_) return false;
    window_start_ns_ = next_ns;
    timer_ns_ = std::max(next_ns, now + jiffy_ns_);  // a timer in the past fires at the next tick
    return true;
  }

  std::uint64_t remaining_bytes_;
  TimeNs timer_ns_ = kNever;
  TimeNs jiffy_ns_;  // 0: no jiffies
  TimeNs window_start_ns_;
  TimeNs window_ns_ = 0;
  Credit credit_;
};

}  // namespace ringback
