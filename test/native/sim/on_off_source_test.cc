#include "sim/on_off_source.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "native/sim/source_times.h"

using namespace ringback;

namespace {

// 125 bytes at 1 Gb/s: a frame a microsecond.
OnOffConfig every_microsecond(TimeNs on_ns, TimeNs off_ns, bool fixed) {
  return {.rate_bps = kNsPerSecond, .size_bytes = 125, .on_ns = on_ns, .off_ns = off_ns, .fixed = fixed};
}

}  // namespace

TEST_CASE("onoff, fixed: frames of the on times, whose distances go on after the off times") {
  // On during 0 .. 2500, 3500 .. 6000, 7000 ...: frame 3 is due 500 ns after the first on time's end.
  OnOffConfig config = every_microsecond(2500, 1000, true);
  CHECK(times(OnOffSource(config, 1), 8) == std::vector<TimeNs>{0, 1000, 2000, 4000, 5000, 7000, 8000, 9000});
  config.start_ns = 100;
  config.stop_ns = 4100;
  CHECK(times(OnOffSource(config, 1)) == std::vector<TimeNs>{100, 1100, 2100});
  config.stop_ns = 100;
  CHECK(times(OnOffSource(config, 1)).empty());
}

TEST_CASE("onoff, fixed: an on time of a frame has one frame") {
  CHECK(times(OnOffSource(every_microsecond(1000, 1, true), 1), 3) == std::vector<TimeNs>{0, 1001, 2002});
}

TEST_CASE("onoff, fixed: the mean rate is exact, remainders are carried") {
  // 100 bytes at 3 Gb/s take 266.67 ns; on 700 of 1000 ns.
  OnOffSource source({.rate_bps = 3 * kNsPerSecond, .size_bytes = 100, .on_ns = 700, .off_ns = 300, .fixed = true}, 1);
  for (std::uint64_t k = 0; k < 10'000; ++k) {
    const std::uint64_t on_ns = k * 800 / 3;
    REQUIRE(source.take().offered_ns == on_ns / 700 * 1000 + on_ns % 700);
  }
}

TEST_CASE("onoff, exponential: the same times on every machine") {
  CHECK(times(OnOffSource(every_microsecond(3000, 5000, false), 1), 8) ==
        std::vector<TimeNs>{0, 6278, 7278, 8278, 15'394, 16'394, 17'394, 20'757});
}

TEST_CASE("onoff, exponential: the mean rate, and the lengths of the silences") {
  constexpr TimeNs kOnNs = 20'000;
  constexpr TimeNs kOffNs = 60'000;
  OnOffConfig config = every_microsecond(kOnNs, kOffNs, false);
  config.stop_ns = 4 * kNsPerSecond;
  const auto all = times(OnOffSource(config, 9), 10'000'000);
  CHECK(std::ranges::is_sorted(all));
  // 50,000 rounds. A round's rate varies as both times do: by sqrt(2) * 0.75 of the mean.
  const double rounds = 4e9 / (kOnNs + kOffNs);
  CHECK(std::abs(static_cast<double>(all.size()) / 1e6 - 1) <= 5 * 1.061 / std::sqrt(rounds));
  // Silences of at least twice the mean are e^-2 of all: those that are longer than a frame's distance show.
  double silences = 0;
  double long_ones = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const TimeNs silence_ns = all[i] - all[i - 1] - 1000;
    silences += silence_ns > kOffNs ? 1 : 0;
    long_ones += silence_ns > 2 * kOffNs ? 1 : 0;
  }
  // e^-1 of the rest, but for two on and off times within one distance: 5 % of them.
  CHECK(std::abs(long_ones / silences - std::exp(-1)) < 0.02);
  CHECK(std::abs(silences / (rounds * std::exp(-1)) - 1) < 0.05);
}

TEST_CASE("onoff: on times of a frame at a random length end") {
  OnOffConfig config = every_microsecond(1000, 1, false);
  config.stop_ns = 100'000'000;
  const auto all = times(OnOffSource(config, 4), 10'000'000);
  CHECK(std::ranges::is_sorted(all));
  CHECK(std::abs(static_cast<double>(all.size()) / 99'900 - 1) < 0.001);
}

TEST_CASE("onoff: times beyond all runs") {
  // 275 frames in each of two on times, half of all time apart.
  OnOffConfig config = every_microsecond(ExponentialGaps::kMaxMeanNs, kNever / 2, true);
  config.rate_bps = 1;
  config.size_bytes = 65535;
  const auto all = times(OnOffSource(config, 1), 1000);
  CHECK(all.size() == 550);
  CHECK(std::ranges::is_sorted(all));
}
