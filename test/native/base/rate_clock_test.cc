#include "base/rate_clock.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace ringback;

TEST_CASE("rate clock: bytes end one after the other, and not before they begin") {
  RateClock clock(1'000'000'000);
  CHECK(clock.pass(100, 1500) == 12'100);
  CHECK(clock.pass(100, 1500) == 24'100);
  CHECK(clock.pass(50'000, 125) == 51'000);
}

TEST_CASE("rate clock: nothing is lost to rounding, whatever the rate and the sizes") {
  Random random(1);
  for (int run = 0; run < 200; ++run) {
    const std::uint64_t rate_bps = 1 + random.below(random.below(2) == 0 ? 1000 : 10'000'000'000'000);
    RateClock clock(rate_bps);
    unsigned __int128 bit_ns = 0;
    for (int i = 0; i < 100; ++i) {
      const auto bytes = static_cast<std::uint32_t>(random.below(3) == 0 ? 1500 : random.below(200'000));
      bit_ns += static_cast<unsigned __int128>(bytes) * 8 * kNsPerSecond;
      REQUIRE(clock.pass(0, bytes) == static_cast<TimeNs>(bit_ns / rate_bps));
    }
  }
}

TEST_CASE("rate clock: bytes that are taken back leave no trace, but what has passed has passed") {
  Random random(2);
  for (int run = 0; run < 200; ++run) {
    const std::uint64_t rate_bps = 1'000'000 + random.below(1'000'000'000'000);
    RateClock clock(rate_bps);
    clock.pass(0, static_cast<std::uint32_t>(random.below(100'000)));
    RateClock other = clock;
    const auto bytes = static_cast<std::uint32_t>(1 + random.below(100'000));
    other.pass(0, bytes);
    other.take_back(0, bytes);
    for (int i = 0; i < 10; ++i) REQUIRE(clock.pass(0, 1499) == other.pass(0, 1499));
  }
  RateClock clock(1'000'000'000);
  clock.pass(0, 1500);
  clock.take_back(6'000, 1500);
  CHECK(clock.end_ns() == 6'000);
}

TEST_CASE("rate clock: what is left at a change goes at the new rate") {
  RateClock clock(1'000'000'000);
  clock.pass(0, 1500);
  clock.set_rate(4'000, 500'000'000);
  CHECK(clock.end_ns() == 20'000);
  CHECK(clock.pass(0, 1500) == 44'000);
  clock.set_rate(50'000, 1'000'000'000);
  CHECK(clock.end_ns() == 50'000);
}

TEST_CASE("property: rate clock: what would pass when is what passes then, after everything that can happen to it") {
  Random random(17);
  for (int round = 0; round < 300; ++round) {
    RateClock clock(1 + random.below(random.below(2) == 0 ? 1'000 : 10'000'000'000'000));
    TimeNs now = 0;
    std::uint32_t bytes = 0;
    for (int step = 0; step < 60; ++step) {
      now += static_cast<TimeNs>(random.below(20'000));
      if (random.below(3) != 0) bytes = static_cast<std::uint32_t>(random.below(1 << 17));
      for (const std::uint32_t size : {bytes, clock.last_bytes(), std::uint32_t{1514}}) {
        RateClock told = clock;
        REQUIRE(clock.end_after(now, size) == told.pass(now, size));
      }
      RateClock again = clock;
      REQUIRE(clock.end_of_last_bytes_after(now) == again.pass(now, clock.last_bytes()));
      switch (random.below(8)) {
        case 0:
          clock.take_back(now, bytes);
          break;
        case 1:
          clock.set_rate(now, 1 + random.below(1'000'000'000'000));
          break;
        case 2:
          clock.restart(now + static_cast<TimeNs>(random.below(1000)), clock.rate_bps());
          break;
        default:
          clock.pass(now, bytes);
      }
    }
  }
}
