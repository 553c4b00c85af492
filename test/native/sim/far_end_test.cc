#include "sim/far_end.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ringback;

namespace {

// 1 Gb/s: 8 ns a byte.
constexpr NicConfig kGigabit{.rate_bps = 1'000'000'000, .queue_bytes = 3000, .propagation_ns = 500};

WireFrame frame(std::uint32_t size_bytes, std::uint32_t vif = 0) {
  return {.frame = {.size_bytes = size_bytes}, .vif = vif};
}

struct Arrival {
  TimeNs time_ns;
  std::uint32_t vif;
  bool operator==(const Arrival&) const = default;
};

std::vector<Arrival> collect(FarEnd& far_end, TimeNs now) {
  std::vector<Arrival> arrivals;
  far_end.collect(now, [&](TimeNs at, const WireFrame& arrived) { arrivals.push_back({at, arrived.vif}); });
  return arrivals;
}

}  // namespace

TEST_CASE("far end: nothing is under way at first") {
  FarEnd far_end(kGigabit);
  CHECK(far_end.next_arrival_ns() == kNever);
  CHECK(collect(far_end, 1'000'000).empty());
}

TEST_CASE("far end: a frame arrives when its last bit has crossed the wire") {
  FarEnd far_end(kGigabit);
  CHECK(far_end.offer(100, frame(1000, 7)));
  CHECK(far_end.next_arrival_ns() == 100 + 8000 + 500);
  CHECK(collect(far_end, 8599).empty());
  CHECK(far_end.queued_packets() == 1);
  CHECK(far_end.queued_bytes() == 1000);
  CHECK(collect(far_end, 8600) == std::vector<Arrival>{{8600, 7}});
  CHECK(far_end.received_packets() == 1);
  CHECK(far_end.received_bytes() == 1000);
  CHECK(far_end.queued_packets() == 0);
  CHECK(far_end.queued_bytes() == 0);
  CHECK(far_end.next_arrival_ns() == kNever);
}

TEST_CASE("far end: frames follow one another, and those that were sent wait on the wire in order") {
  FarEnd far_end(kGigabit);
  for (std::uint32_t vif = 0; vif < 3; ++vif) CHECK(far_end.offer(0, frame(1000, vif)));
  CHECK_FALSE(far_end.offer(0, frame(60)));  // the queue is full
  CHECK(far_end.nic().dropped_packets() == 1);
  CHECK(far_end.next_arrival_ns() == 8500);
  CHECK(collect(far_end, 16'400) == std::vector<Arrival>{{8500, 0}});  // the second is sent, and on the wire
  CHECK(far_end.next_arrival_ns() == 16'500);
  CHECK(far_end.queued_packets() == 2);
  CHECK(collect(far_end, 1'000'000) == std::vector<Arrival>{{16'500, 1}, {24'500, 2}});
}

TEST_CASE("far end: an offer at an arrival's own time does not lose what is on the wire") {
  FarEnd far_end(kGigabit);
  CHECK(far_end.offer(0, frame(1000, 1)));
  CHECK(far_end.offer(8500, frame(1000, 2)));
  CHECK(collect(far_end, 8500) == std::vector<Arrival>{{8500, 1}});
  CHECK(collect(far_end, 17'000) == std::vector<Arrival>{{17'000, 2}});
}
