// The timers of a world, earliest first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace ringback {

// What happens at a time. Each (kind, target) is in the queue at most once.
struct Event {
  enum class Kind : std::uint32_t {
    kSource,       // target: source
    kCreditTimer,  // target: vif
    kArrival,      // target: NIC
    kRxTimer,      // target: vif * BackEnd::kMaxQueues + queue
    kUnmask,       // target: port of the driver domain
    kCoreDone,     // target: core of the driver domain
  };
  TimeNs time_ns;
  Kind kind;
  std::uint32_t target;

  // Events of the same time come by kind, then by target.
  [[nodiscard]] bool is_before(const Event& other) const noexcept {
    if (time_ns != other.time_ns) return time_ns < other.time_ns;
    return kind != other.kind ? kind < other.kind : target < other.target;
  }
};

// A heap of four children a node. Events of the same time come by kind, then by target: the order is a property of
// the scenario, not of this data structure.
class EventQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }

  // When the first event is due; kNever when there is none.
  [[nodiscard]] TimeNs next_ns() const noexcept { return heap_.empty() ? kNever : heap_.front().time_ns; }

  // Whether the first event is of this time and kind.
  [[nodiscard]] bool next_is(TimeNs time_ns, Event::Kind kind) const noexcept {
    return !heap_.empty() && heap_.front().time_ns == time_ns && heap_.front().kind == kind;
  }

  void push(const Event& event) {
    std::size_t hole = heap_.size();
    heap_.push_back(event);
    while (hole > 0 && event.is_before(heap_[(hole - 1) / kChildren])) {
      heap_[hole] = heap_[(hole - 1) / kChildren];
      hole = (hole - 1) / kChildren;
    }
    heap_[hole] = event;
  }

  // Requires: !empty().
  Event pop() noexcept {
    RB_ASSERT(!empty());
    const Event first = heap_.front();
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) heap_[sink(last)] = last;
    return first;
  }

 private:
  static constexpr std::size_t kChildren = 4;

  // Moves smaller children up until `event` fits, and returns where.
  [[nodiscard]] std::size_t sink(const Event& event) noexcept {
    std::size_t hole = 0;
    for (std::size_t child = 1; child < heap_.size(); child = hole * kChildren + 1) {
      std::size_t least = child;
      for (std::size_t i = child + 1; i < child + kChildren && i < heap_.size(); ++i)
        if (heap_[i].is_before(heap_[least])) least = i;
      if (!heap_[least].is_before(event)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    return hole;
  }

  std::vector<Event> heap_;
};

}  // namespace ringback
