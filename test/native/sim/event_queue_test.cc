#include "sim/event_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/random.h"

using namespace ringback;

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
  Random random(1);
  EventQueue queue;
  std::vector<std::tuple<TimeNs, std::uint32_t, std::uint32_t>> model;
  TimeNs now = 0;
  for (std::uint32_t i = 0; i < 30'000; ++i) {
    if (model.empty() || random.below(100) < 55) {
      const Event event{now + random.below(1000),
                        random.below(2) == 0 ? Event::Kind::kSource : Event::Kind::kCreditTimer, i};
      queue.push(event);
      const std::tuple key{event.time_ns, static_cast<std::uint32_t>(event.kind), event.target};
      model.insert(std::ranges::lower_bound(model, key), key);
    } else {
      REQUIRE(queue.next_ns() == std::get<0>(model.front()));
      const Event event = queue.pop();
      REQUIRE(std::tuple{event.time_ns, static_cast<std::uint32_t>(event.kind), event.target} == model.front());
      model.erase(model.begin());
      now = event.time_ns;
    }
  }
}
