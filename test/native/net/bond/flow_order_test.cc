#include "net/bond/flow_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/random.h"

using namespace ringback;

namespace {

// Keeps everything.
class NaiveOrder {
 public:
  bool overtakes(std::uint64_t flow, TimeNs arrival_ns) {
    TimeNs& last = last_ns_[flow];
    if (arrival_ns < last) return true;
    last = arrival_ns;
    return false;
  }

 private:
  std::unordered_map<std::uint64_t, TimeNs> last_ns_;
};

struct Counts {
  std::uint64_t counted = 0;
  std::uint64_t naive = 0;
  std::uint64_t false_ones = 0;
};

// Frames of random flows that arrive at random times within 50 us of each other.
Counts run(const std::vector<std::uint64_t>& flows, std::uint64_t seed, int frames) {
  Random random(seed);
  FlowOrder order;
  NaiveOrder naive;
  Counts counts;
  for (TimeNs now = 1; now <= frames * TimeNs{100}; now += 100) {
    const std::uint64_t flow = flows[random.below(flows.size())];
    const TimeNs arrival = now + static_cast<TimeNs>(random.below(50'000));
    const bool does = order.overtakes(flow, arrival);
    const bool expected = naive.overtakes(flow, arrival);
    counts.counted += does;
    counts.naive += expected;
    counts.false_ones += does && !expected;
  }
  return counts;
}

std::vector<std::uint64_t> random_flows(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint64_t> flows(count);
  std::ranges::generate(flows, [&random] { return random.next(); });
  return flows;
}

}  // namespace

TEST_CASE("flow order: before an earlier frame of the flow, not of another, not at the same time") {
  FlowOrder order;
  CHECK(!order.overtakes(7, 1000));
  CHECK(!order.overtakes(8, 500));
  CHECK(order.overtakes(7, 999));
  CHECK(!order.overtakes(7, 1000));
  CHECK(!order.overtakes(7, 2000));
  // One that overtook is not what the next ones are measured by.
  CHECK(order.overtakes(7, 1500));
  CHECK(order.overtakes(7, 1999));
  CHECK(!order.overtakes(7, 2000));
}

TEST_CASE("flow order: flow 0 is a flow, and time begins at 0") {
  FlowOrder order;
  CHECK(!order.overtakes(0, 0));
  CHECK(!order.overtakes(0, 10));
  CHECK(order.overtakes(0, 9));
}

TEST_CASE("flow order: of flows that find no room the one that arrives first is forgotten") {
  FlowOrder order;
  const auto same_set = [](std::uint64_t i) { return 5 + i * FlowOrder::kFlows; };
  for (std::uint64_t i = 0; i < 4; ++i)
    CHECK(!order.overtakes(same_set(i), static_cast<TimeNs>(1000 + 100 * ((i + 1) % 4))));
  CHECK(!order.overtakes(same_set(9), 5000));                                       // takes the room of flow 3
  CHECK(!order.overtakes(same_set(3), 900));                                        // which is forgotten, and takes
  for (std::uint64_t i = 1; i < 3; ++i) CHECK(order.overtakes(same_set(i), 1050));  // that of flow 0
  CHECK(order.overtakes(same_set(9), 4999));
}

TEST_CASE("flow order: forget() forgets everything") {
  FlowOrder order;
  for (const std::uint64_t flow : random_flows(100, 3)) CHECK(!order.overtakes(flow, 1000));
  order.forget();
  for (const std::uint64_t flow : random_flows(100, 3)) CHECK(!order.overtakes(flow, 1));
}

TEST_CASE("property: flow order counts what a table without bounds counts, while flows find room") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Counts counts = run(random_flows(200, seed), seed, 20'000);
    CHECK(counts.counted == counts.naive);
    CHECK(counts.naive > 100);
  }
}

TEST_CASE("property: flow order never counts what such a table does not, with more flows than it keeps") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    // Few sets, so that rooms change hands all the time.
    std::vector<std::uint64_t> flows = random_flows(3000, seed);
    for (std::uint64_t& flow : flows) flow -= flow % (FlowOrder::kFlows / 16);
    const Counts counts = run(flows, seed, 200'000);
    CHECK(counts.false_ones == 0);
    CHECK(counts.counted > 0);
    CHECK(counts.counted < counts.naive);
  }
}
