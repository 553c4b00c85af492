#include "sim/event_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/random.h"

using namespace ringback;

namespace {

// A queue beside a sorted list: every answer of the one is the other's.
class Checked {
 public:
  [[nodiscard]] bool empty() const { return model_.empty(); }
  [[nodiscard]] std::size_t size() const { return model_.size(); }
  // Of the last event that was popped.
  [[nodiscard]] TimeNs now_ns() const { return now_ns_; }
  // When the i-th of those to come is due.
  [[nodiscard]] TimeNs time_of(std::size_t i) const { return std::get<0>(model_[i]); }

  // Sometimes looks at the first one before or after it, as worlds do.
  void push(TimeNs time_ns, Random& random) {
    if (random.below(2) == 0) check_first();
    const Event event{time_ns, static_cast<Event::Kind>(random.below(5)), next_target_++};
    queue_.push(event);
    const Key key = key_of(event);
    model_.insert(std::ranges::lower_bound(model_, key), key);
    if (random.below(2) == 0) check_first();
  }
  void pop() {
    REQUIRE_FALSE(queue_.empty());
    const Event event = queue_.pop();
    REQUIRE(key_of(event) == model_.front());
    model_.erase(model_.begin());
    REQUIRE(event.time_ns >= now_ns_);
    now_ns_ = event.time_ns;
  }
  void drain() {
    while (!empty()) {
      check_first();
      pop();
    }
    check_first();
    REQUIRE(queue_.empty());
  }

 private:
  using Key = std::tuple<TimeNs, std::uint32_t, std::uint32_t>;
  static Key key_of(const Event& event) {
    return {event.time_ns, static_cast<std::uint32_t>(event.kind), event.target};
  }
  void check_first() {
    REQUIRE(queue_.empty() == model_.empty());
    REQUIRE(queue_.next_ns() == (model_.empty() ? kNever : time_of(0)));
    for (std::uint32_t kind = 0; kind < 5; ++kind)
      REQUIRE(queue_.next_is(queue_.next_ns(), static_cast<Event::Kind>(kind)) ==
              (!model_.empty() && std::get<1>(model_.front()) == kind));
    REQUIRE_FALSE(queue_.next_is(now_ns_ - 1, Event::Kind::kSource));
  }

  EventQueue queue_;
  std::vector<Key> model_;
  std::uint32_t next_target_ = 0;
  TimeNs now_ns_ = 0;
};

// kNever is never pushed.
TimeNs later(TimeNs now_ns, TimeNs gap_ns) { return now_ns + std::min(gap_ns, kNever - 1 - now_ns); }

}  // namespace

TEST_CASE("an empty queue is due never") {
  EventQueue queue;
  CHECK(queue.empty());
  CHECK(queue.next_ns() == kNever);
}

TEST_CASE("events of one time come by kind, then by target, however they were pushed") {
  EventQueue queue;
  queue.push({5, Event::Kind::kCreditTimer, 1});
  queue.push({5, Event::Kind::kSource, 2});
  queue.push({5, Event::Kind::kCreditTimer, 0});
  queue.push({4, Event::Kind::kCreditTimer, 9});
  queue.push({5, Event::Kind::kSource, 1});
  const std::vector<std::uint32_t> wanted{9, 1, 2, 0, 1};
  for (const std::uint32_t target : wanted) CHECK(queue.pop().target == target);
  CHECK(queue.empty());
}

TEST_CASE("property: a random mix of pushes and pops comes out as a sorted list would") {
  Checked queue;
  Random random(1);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    if (queue.empty() || random.below(100) < 55)
      queue.push(queue.now_ns() + random.below(1000), random);
    else
      queue.pop();
  }
  queue.drain();
}

// Gaps of up to 2^40 ns: events lie on every level of the wheel, and move down as time comes to them.
TEST_CASE("property: times of every size, many of them alike, and pushes before the one that was looked at") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    Checked queue;
    // The start's digits make events cross the borders of all levels; the last rounds end a little before kNever.
    queue.push(seed < 20 ? 0 : seed < 40 ? random.next() >> random.below(64) : kNever - (TimeNs{1} << 40), random);
    queue.pop();
    const std::uint64_t most_bits = 1 + random.below(41);
    const std::uint64_t push_percent = 45 + random.below(20);
    for (std::uint32_t i = 0; i < 600; ++i) {
      if (!queue.empty() && random.below(100) >= push_percent) {
        queue.pop();
        continue;
      }
      const TimeNs now_ns = queue.now_ns();
      switch (random.below(4)) {
        case 0:  // with another one, or now
          queue.push(queue.empty() ? now_ns : queue.time_of(random.below(queue.size())), random);
          break;
        case 1:  // before the first one, which queue.next_ns() has looked for
          queue.push(queue.empty() ? now_ns : now_ns + random.below(queue.time_of(0) - now_ns + 1), random);
          break;
        default:
          queue.push(later(now_ns, random.below(std::uint64_t{1} << random.below(most_bits))), random);
      }
    }
    queue.drain();
  }
}

TEST_CASE("property: bursts at one time, far away and on both sides of a border of all digits") {
  for (std::uint32_t bits = 1; bits < 64; ++bits) {
    Random random(bits);
    Checked queue;
    const TimeNs border = TimeNs{1} << bits;
    for (std::uint32_t i = 0; i < 40; ++i) queue.push(border - 1 + random.below(3), random);
    for (std::uint32_t i = 0; i < 20; ++i) queue.push(kNever - 1 - random.below(2), random);
    for (std::uint32_t i = 0; i < 30; ++i) queue.pop();
    for (std::uint32_t i = 0; i < 20; ++i) queue.push(later(queue.now_ns(), random.below(border)), random);
    queue.drain();
    CHECK(queue.now_ns() >= kNever - 2);
  }
}

TEST_CASE("memory: a queue that is used for long has no more nodes than events at once") {
  EventQueue queue;
  TimeNs now = 0;
  for (std::uint32_t i = 0; i < 8; ++i) queue.push({i * 1000, Event::Kind::kSource, i});
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const Event event = queue.pop();
    CHECK(event.time_ns >= now);
    now = event.time_ns;
    queue.push({now + 7000, event.kind, event.target});
  }
  CHECK(queue.nodes() <= 8);
}
