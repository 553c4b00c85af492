// A calendar queue, as somebody who is after speed would write it for a simulation: a peer, and the heart of another
// one.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringback::bench {

// 4096 days of 2^kDayShift time units, each kept sorted with its first event last. A day also holds later years'
// events.
//
// Order::time(event) is when it is due, Order::before(a, b) whether a comes first.
template <class Event, class Order, unsigned kDayShift>
class CalendarQueue {
 public:
  void push(const Event& event) {
    std::vector<Event>& day = day_of(Order::time(event) >> kDayShift);
    day.push_back(event);
    std::size_t hole = day.size() - 1;
    for (; hole > 0 && Order::before(day[hole - 1], event); --hole) day[hole] = day[hole - 1];
    day[hole] = event;
  }

  // Requires: there is one.
  Event pop() {
    for (;; ++today_) {
      std::vector<Event>& day = day_of(today_);
      if (day.empty() || Order::time(day.back()) >> kDayShift != today_) continue;
      const Event first = day.back();
      day.pop_back();
      return first;
    }
  }

 private:
  static constexpr std::size_t kDays = 4096;

  [[nodiscard]] std::vector<Event>& day_of(std::uint64_t day) { return days_[day % kDays]; }

  std::array<std::vector<Event>, kDays> days_;
  std::uint64_t today_ = 0;
};

}  // namespace ringback::bench
