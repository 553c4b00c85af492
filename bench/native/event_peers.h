// The peers of the event queue: the standard library's heap, and the calendar queue of a hand-written simulator.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

#include "sim/event_queue.h"

namespace ringback::bench {

// The order of EventQueue: by time, then by kind, then by target.
[[nodiscard]] inline bool comes_before(const Event& a, const Event& b) {
  if (a.time_ns != b.time_ns) return a.time_ns < b.time_ns;
  return a.kind != b.kind ? a.kind < b.kind : a.target < b.target;
}

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
    bool operator()(const Event& a, const Event& b) const { return comes_before(b, a); }
  };
  std::priority_queue<Event, std::vector<Event>, Later> heap_;
};

// 4096 days of about a microsecond, each kept sorted with its first event last. A day also holds later years' events.
class Calendar {
 public:
  static constexpr const char* kName = "calendar queue";

  void push(const Event& event) {
    std::vector<Event>& day = day_of(event.time_ns >> kDayShift);
    day.push_back(event);
    std::size_t hole = day.size() - 1;
    for (; hole > 0 && comes_before(day[hole - 1], event); --hole) day[hole] = day[hole - 1];
    day[hole] = event;
  }

  // Requires: there is one.
  Event pop() {
    for (;; ++today_) {
      std::vector<Event>& day = day_of(today_);
      if (day.empty() || day.back().time_ns >> kDayShift != today_) continue;
      const Event first = day.back();
      day.pop_back();
      return first;
    }
  }

 private:
  static constexpr unsigned kDayShift = 10;
  static constexpr std::size_t kDays = 4096;

  [[nodiscard]] std::vector<Event>& day_of(std::uint64_t day) { return days_[day % kDays]; }

  std::array<std::vector<Event>, kDays> days_;
  std::uint64_t today_ = 0;
};

}  // namespace ringback::bench
