// The peers of the event queue: the standard library's heap, and the calendar queue of a hand-written simulator.
#pragma once
#include <cstdint>
#include <queue>
#include <vector>

#include "calendar_queue.h"
#include "sim/event_queue.h"

namespace ringback::bench {

class StandardHeap {
 public:
  static constexpr const char* kName = "std::priority_queue";

  void push(const Event& event) { heap_.push(event); }
  Event pop() {
    const Event first = heap_.top();
    heap_.pop();
    return first;
  }

 private:
  struct Later {
    bool operator()(const Event& a, const Event& b) const { return b.is_before(a); }
  };
  std::priority_queue<Event, std::vector<Event>, Later> heap_;
};

class Calendar {
 public:
  static constexpr const char* kName = "calendar queue";

  void push(const Event& event) { queue_.push(event); }
  // Requires: there is one.
  Event pop() { return queue_.pop(); }

 private:
  struct Order {
    [[nodiscard]] static TimeNs time(const Event& event) noexcept { return event.time_ns; }
    [[nodiscard]] static bool before(const Event& a, const Event& b) noexcept { return a.is_before(b); }
  };

  CalendarQueue<Event, Order, 10> queue_;  // days of about a microsecond
};

}  // namespace ringback::bench
