// The timers of a world, earliest first, at a cost that does not depend on how many there are.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace ringback {

// What happens at a time. Of one kind and target there may be several, as where a timer has become due earlier.
struct Event {
  enum class Kind : std::uint32_t {
    kSource,          // target: source
    kCreditTimer,     // target: vif
    kArrival,         // target: NIC
    kRxTimer,         // target: vif * BackEnd::kMaxQueues + queue
    kUnmask,          // target: port of the driver domain
    kCoreDone,        // target: core of the driver domain
    kNap,             // target: source, which may be awake by then
    kGuaranteeTimer,  // target: vif
    kGrantTimer,      // target: an uplink's reservations
    kBond,            // target: bond
    kDeparture,       // target: NIC
    kTcpArrival,      // target: 0
    kTcpTimer,        // target: TCP connection
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

// A wheel of 64 slots for each of a time's eleven digits of 6 bits. An event hangs in the slot of the first digit in
// which it differs from now, so slots are in order and a level's are before the next one's. A slot of many events is
// spread over the level below when time gets there, so an event moves once a digit at most, and mostly less: an event
// that is alone in its slot is taken from where it is.
//
// The order of events of the same time is a property of the scenario, not of this data structure: see Event.
//
// Requires: no event is earlier than the last one that was popped.
//
// Invariants:
// 1. now_ns_ is the time of the last event popped, or later by less than the next one; every event in the wheel is
//    later than it.
// 2. Events of time now_ns_ are in due_, the first one last.
class EventQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return due_.empty() && levels_ == 0; }

  // Places for events that were ever taken: no more than there were events at once.
  [[nodiscard]] std::size_t nodes() const noexcept { return nodes_.size(); }

  // When the first event is due; kNever when there is none.
  [[nodiscard]] TimeNs next_ns() noexcept { return empty() ? kNever : first().time_ns; }

  // Whether the first event is of this time and kind.
  [[nodiscard]] bool next_is(TimeNs time_ns, Event::Kind kind) noexcept {
    return !empty() && first().time_ns == time_ns && first().kind == kind;
  }

  void push(const Event& event) {
    RB_ASSERT(event.time_ns >= now_ns_);
    if (event.time_ns == now_ns_) {
      due_.insert(std::ranges::upper_bound(due_, event, comes_later), event);
      return;
    }
    const std::uint32_t node = allocate(event);
    hang(node);
    if (first_ != kNone && event.is_before(nodes_[first_].event)) first_ = node;
  }

  // Requires: !empty().
  Event pop() {
    RB_ASSERT(!empty());
    if (due_.empty()) advance();
    const Event event = due_.back();
    due_.pop_back();
    return event;
  }

 private:
  static constexpr std::uint32_t kDigitBits = 6;
  static constexpr std::uint32_t kSlots = 1u << kDigitBits;
  static constexpr std::uint32_t kLevels = (64 + kDigitBits - 1) / kDigitBits;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct Node {
    Event event;
    std::uint32_t next;
  };
  struct Level {
    std::uint64_t taken = 0;  // a bit a slot
    std::array<std::uint32_t, kSlots> slots;
  };

  [[nodiscard]] static bool comes_later(const Event& a, const Event& b) noexcept { return b.is_before(a); }

  std::uint32_t allocate(const Event& event) {
    if (free_ == kNone) {
      nodes_.push_back({event, kNone});
      return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    const std::uint32_t node = free_;
    free_ = nodes_[node].next;
    nodes_[node].event = event;
    return node;
  }
  void free(std::uint32_t node) noexcept {
    nodes_[node].next = free_;
    free_ = node;
  }

  // Puts a node where it belongs as seen from now. Requires: it is later.
  void hang(std::uint32_t node) noexcept {
    const TimeNs time_ns = nodes_[node].event.time_ns;
    const auto level = static_cast<std::uint32_t>(std::bit_width(time_ns ^ now_ns_) - 1) / kDigitBits;
    const auto slot = static_cast<std::uint32_t>(time_ns >> (level * kDigitBits)) % kSlots;
    Level& in = wheel_[level];
    const std::uint64_t bit = std::uint64_t{1} << slot;
    nodes_[node].next = (in.taken & bit) != 0 ? in.slots[slot] : kNone;
    in.slots[slot] = node;
    in.taken |= bit;
    levels_ |= 1u << level;
  }

  // The wheel's first slot that holds anything. Requires: levels_ != 0.
  [[nodiscard]] std::uint32_t first_level() const noexcept {
    return static_cast<std::uint32_t>(std::countr_zero(levels_));
  }
  [[nodiscard]] std::uint32_t first_slot(std::uint32_t level) const noexcept {
    return static_cast<std::uint32_t>(std::countr_zero(wheel_[level].taken));
  }

  // The first event, wherever it is: all of its slot's are looked at, once for each time that slot becomes the first.
  [[nodiscard]] const Event& first() noexcept {
    if (!due_.empty()) return due_.back();
    if (first_ == kNone) {
      const std::uint32_t level = first_level();
      first_ = wheel_[level].slots[first_slot(level)];
      for (std::uint32_t node = nodes_[first_].next; node != kNone; node = nodes_[node].next)
        if (nodes_[node].event.is_before(nodes_[first_].event)) first_ = node;
    }
    return nodes_[first_].event;
  }

  // Moves now to the first event of the wheel, and it and all others of its time to due_.
  void advance() {
    first_ = kNone;
    while (due_.empty()) {
      const std::uint32_t level = first_level();
      const std::uint32_t slot = first_slot(level);
      Level& in = wheel_[level];
      in.taken &= ~(std::uint64_t{1} << slot);
      if (in.taken == 0) levels_ &= ~(1u << level);
      const std::uint32_t head = in.slots[slot];
      const TimeNs time_ns = nodes_[head].event.time_ns;
      const bool is_alone = nodes_[head].next == kNone;
      const std::uint32_t shift = is_alone ? 0 : level * kDigitBits;
      now_ns_ = time_ns >> shift << shift;
      spread(head);
    }
    if (due_.size() > 1) std::ranges::sort(due_, comes_later);
  }

  void spread(std::uint32_t head) {
    for (std::uint32_t node = head; node != kNone;) {
      const std::uint32_t next = nodes_[node].next;
      if (nodes_[node].event.time_ns == now_ns_) {
        due_.push_back(nodes_[node].event);
        free(node);
      } else {
        hang(node);
      }
      node = next;
    }
  }

  TimeNs now_ns_ = 0;
  std::vector<Event> due_;
  std::uint32_t levels_ = 0;     // a bit a level that holds anything
  std::uint32_t first_ = kNone;  // of the wheel, if known
  std::uint32_t free_ = kNone;
  std::vector<Node> nodes_;
  std::array<Level, kLevels> wheel_;
};

}  // namespace ringback
