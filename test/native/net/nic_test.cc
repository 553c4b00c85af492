#include "net/nic.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/random.h"

using namespace ringback;

namespace {

WireFrame frame(std::uint32_t size_bytes, std::uint32_t vif = 0) {
  return {.frame = {.size_bytes = size_bytes}, .vif = vif};
}

std::vector<TimeNs> departures(Nic& nic, TimeNs now) {
  std::vector<TimeNs> times;
  nic.collect(now, [&](TimeNs finish_ns, const WireFrame&) { times.push_back(finish_ns); });
  return times;
}

}  // namespace

TEST_CASE("a frame leaves after its bits, and the next one after it") {
  Nic nic({.rate_bps = 1'000'000'000, .queue_bytes = 10'000});
  CHECK(nic.offer(100, frame(1500)));
  CHECK(nic.offer(100, frame(1500)));
  CHECK(departures(nic, 12'099).empty());
  CHECK(departures(nic, 24'100) == std::vector<TimeNs>{12'100, 24'100});
  CHECK(nic.sent_bytes() == 3000);
  CHECK(nic.busy_ns() == 24'000);
}

TEST_CASE("overhead takes time and is not counted") {
  Nic nic({.rate_bps = 1'000'000'000, .queue_bytes = 10'000, .overhead_bytes = 24});
  CHECK(nic.offer(0, frame(1500)));
  CHECK(departures(nic, 20'000) == std::vector<TimeNs>{12'192});
  CHECK(nic.sent_bytes() == 1500);
  CHECK(nic.busy_ns() == 12'192);
}

TEST_CASE("after an idle time a frame starts at its own nanosecond, without an older frame's fraction") {
  Nic nic({.rate_bps = 7'000'000'000, .queue_bytes = 10'000});
  for (TimeNs now = 0; now < 100'000; now += 10'000) {
    CHECK(nic.offer(now, frame(1500)));  // 1714.29 ns
    CHECK(departures(nic, now + 5000) == std::vector<TimeNs>{now + 1714});
  }
}

TEST_CASE("a full queue drops; an idle NIC takes any frame") {
  Nic nic({.rate_bps = 1'000'000'000, .queue_bytes = 3000});
  CHECK(nic.offer(0, frame(9000)));
  CHECK_FALSE(nic.offer(0, frame(60)));
  CHECK(departures(nic, 72'000).size() == 1);
  CHECK(nic.offer(72'000, frame(1500)));
  CHECK(nic.offer(72'000, frame(1500)));
  CHECK_FALSE(nic.offer(72'000, frame(60)));
  CHECK(nic.dropped_packets() == 2);
  CHECK(nic.dropped_bytes() == 120);
  CHECK(nic.queued_packets() == 2);
  CHECK(nic.queued_bytes() == 3000);
}

TEST_CASE("back to back, a million frames take what they must to the nanosecond") {
  Nic nic({.rate_bps = 7'777'777'777, .queue_bytes = 1u << 20});
  const std::uint64_t frames = 1'000'000;
  TimeNs last = 0;
  std::uint64_t sent = 0;
  while (nic.sent_packets() < frames) {
    while (sent < frames && nic.offer(last, frame(1499))) ++sent;
    nic.collect(last + 1'000'000, [&](TimeNs finish_ns, const WireFrame&) { last = finish_ns; });
  }
  // The queue ran empty only when everything was sent.
  CHECK(nic.dropped_packets() > 0);
  const auto exact =
      static_cast<TimeNs>(static_cast<unsigned __int128>(frames) * 1499 * 8 * kNsPerSecond / 7'777'777'777);
  CHECK(last >= exact);
  CHECK(nic.busy_ns() == exact);
}

TEST_CASE("property: frames leave in order, one at a time, none is lost uncounted") {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t rate_bps = 1 + random.below(10'000'000'000);
    Nic nic({.rate_bps = rate_bps, .queue_bytes = 1 + random.below(100'000)});
    TimeNs now = 0;
    TimeNs last_finish_ns = 0;
    std::uint32_t expected = 0;
    std::uint32_t accepted = 0;
    const auto check = [&](TimeNs finish_ns, const WireFrame& sent) {
      REQUIRE(sent.vif == expected++);
      REQUIRE(finish_ns >= last_finish_ns + std::uint64_t{sent.frame.size_bytes} * 8 * kNsPerSecond / rate_bps);
      last_finish_ns = finish_ns;
    };
    for (int i = 0; i < 300; ++i) {
      now += random.below(100'000);
      nic.collect(now, check);
      if (nic.offer(now, frame(static_cast<std::uint32_t>(60 + random.below(9000)), accepted))) ++accepted;
      REQUIRE(nic.sent_packets() + nic.queued_packets() == accepted);
    }
    nic.collect(kNever, check);
    REQUIRE(nic.queued_bytes() == 0);
    REQUIRE(nic.sent_packets() == accepted);
  }
}

TEST_CASE("a change of speed: what is left of the frame on the wire goes at the new one, and so do those behind it") {
  Nic nic({.rate_bps = 1'000'000'000, .queue_bytes = 10'000, .overhead_bytes = 0});
  for (int i = 0; i < 3; ++i) CHECK(nic.offer(0, frame(1500)));
  CHECK(departures(nic, 12'000) == std::vector<TimeNs>{12'000});
  nic.set_rate(18'000, 500'000'000);
  CHECK(nic.rate_bps() == 500'000'000);
  CHECK(departures(nic, 100'000) == std::vector<TimeNs>{30'000, 54'000});
  CHECK(nic.busy_ns() == 12'000 + 2 * 24'000);
  nic.set_rate(100'000, 1'000'000'000);
  CHECK(nic.offer(100'000, frame(1500)));
  CHECK(departures(nic, 200'000) == std::vector<TimeNs>{112'000});
  CHECK(nic.busy_ns() == 12'000 + 2 * 24'000 + 12'000);
}

TEST_CASE("a link that goes down takes what waits with it, and comes back empty") {
  Nic nic({.rate_bps = 1'000'000'000, .queue_bytes = 3000});
  for (std::uint32_t vif = 0; vif < 2; ++vif) CHECK(nic.offer(0, frame(1500, vif)));
  std::vector<std::uint32_t> lost;
  const auto lose = [&](const WireFrame& wire) { lost.push_back(wire.vif); };
  nic.set_link(6'000, false, lose);
  CHECK(lost == std::vector<std::uint32_t>{0, 1});
  CHECK_FALSE(nic.has_link());
  CHECK(nic.queued_bytes() == 0);
  CHECK(nic.next_finish_ns() == kNever);
  nic.set_link(7'000, true, lose);
  CHECK(nic.offer(8'000, frame(1500)));
  CHECK(departures(nic, 30'000) == std::vector<TimeNs>{20'000});
  CHECK(lost.size() == 2);
}
