// Which timers of one kind are set already.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace ringback {

// A timer that is set cannot be taken back: where it has become due earlier another one is set, and the later one means
// nothing when it fires.
class Alarms {
 public:
  explicit Alarms(std::size_t count) : set_ns_(count, kNever) {}

  // One more. Returns its index.
  std::uint32_t add() {
    set_ns_.push_back(kNever);
    return static_cast<std::uint32_t>(set_ns_.size() - 1);
  }

  // Returns whether the timer must be set: none is that early. Never for kNever.
  [[nodiscard]] bool set(std::uint32_t index, TimeNs due_ns) noexcept {
    if (due_ns >= set_ns_[index]) return false;
    set_ns_[index] = due_ns;
    return true;
  }
  void fired(std::uint32_t index, TimeNs now) noexcept {
    if (set_ns_[index] == now) set_ns_[index] = kNever;
  }

 private:
  std::vector<TimeNs> set_ns_;  // the earliest
};

}  // namespace ringback
