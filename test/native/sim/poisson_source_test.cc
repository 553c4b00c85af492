#include "sim/poisson_source.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "native/sim/source_times.h"

using namespace ringback;

namespace {

// 12 us a frame on average.
const PoissonConfig kOneGigabit{.rate_bps = kNsPerSecond, .sizes = {{.size_bytes = 1500}}};

}  // namespace

TEST_CASE("poisson: the same times on every machine, another seed's are others") {
  CHECK(times(PoissonSource(kOneGigabit, 1), 6) == std::vector<TimeNs>{3696, 16'364, 28'043, 42'722, 53'044, 58'715});
  CHECK(times(PoissonSource(kOneGigabit, 1), 6) != times(PoissonSource(kOneGigabit, 2), 6));
}

TEST_CASE("poisson: the rate is the mean's, and counts vary as a Poisson process's") {
  constexpr TimeNs kStop = 10 * kNsPerSecond;
  constexpr TimeNs kBinNs = 1'000'000;
  PoissonConfig config = kOneGigabit;
  config.stop_ns = kStop;
  PoissonSource source(config, 11);
  std::vector<double> counts(kStop / kBinNs);
  double all = 0;
  while (source.next_ns() != kNever) {
    ++counts[source.take().offered_ns / kBinNs];
    ++all;
  }
  const double mean = 1e10 / 12e3;
  CHECK(std::abs(all - mean) <= 5 * std::sqrt(mean));
  // In a millisecond 83.3 frames with a variance of as many; the variance's own deviation is sqrt(2 / bins).
  double squares = 0;
  for (const double count : counts) squares += (count - 1e6 / 12e3) * (count - 1e6 / 12e3);
  const auto bins = static_cast<double>(counts.size());
  CHECK(std::abs(squares / bins / (1e6 / 12e3) - 1) <= 5 * std::sqrt(2 / bins));
}

TEST_CASE("poisson: a mix has its shares, its rate, and a header of the right length for each size") {
  // What is called IMIX: 7, 4 and 1 of these.
  PoissonConfig config{
      .rate_bps = 100'000'000,
      .sizes = {{.size_bytes = 60, .weight = 7}, {.size_bytes = 590, .weight = 4}, {.size_bytes = 1514, .weight = 1}},
      .flows = 3};
  PoissonSource source(config, 5);
  const auto frames = offers(source, 240'000);
  std::map<std::uint32_t, double> count;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Offer& offer = frames[i];
    ++count[offer.size_bytes];
    REQUIRE(std::to_integer<std::uint32_t>(offer.header[16]) * 256 + std::to_integer<std::uint32_t>(offer.header[17]) ==
            offer.size_bytes - 14);
    REQUIRE(std::to_integer<std::size_t>(offer.header[35]) == i % 3);
  }
  REQUIRE(count.size() == 3);
  const auto all = static_cast<double>(frames.size());
  const auto is_near = [all](double found, double share) {
    return std::abs(found - all * share) <= 5 * std::sqrt(all * share * (1 - share));
  };
  CHECK(is_near(count[60], 7 / 12.0));
  CHECK(is_near(count[590], 4 / 12.0));
  CHECK(is_near(count[1514], 1 / 12.0));
  // Times and sizes vary: a relative deviation of sqrt(1 + 1.32^2) / sqrt(frames).
  CHECK(std::abs(rate_of(frames, frames.back().offered_ns) / 100e6 - 1) <= 5 * 1.7 / std::sqrt(all));
}

TEST_CASE("poisson: segmentation is asked for as of a constant source") {
  PoissonConfig config{.rate_bps = kNsPerSecond, .sizes = {{.size_bytes = 9000}}, .gso_size_bytes = 1448};
  const Offer offer = PoissonSource(config, 1).take();
  CHECK(offer.gso_size_bytes == 1448);
  CHECK(offer.header_bytes == kTcpHeaderBytes);
}

TEST_CASE("poisson: starts after start, ends before stop, also at the highest rate") {
  PoissonConfig config{
      .start_ns = 5000, .stop_ns = 9000, .rate_bps = 10'000'000'000'000, .sizes = {{.size_bytes = 60}}};
  const auto all = times(PoissonSource(config, 3), 1'000'000);
  CHECK(std::ranges::is_sorted(all));
  CHECK(all.front() >= 5000);
  CHECK(all.back() < 9000);
  // 48 ps a frame: 83,333 in 4 us.
  CHECK(std::abs(static_cast<double>(all.size()) - 83'333) <= 5 * std::sqrt(83'333));
  config.stop_ns = 5000;
  CHECK(times(PoissonSource(config, 3)).empty());
}

TEST_CASE("poisson: the lowest rate, and times beyond all runs") {
  PoissonSource source({.rate_bps = 1, .sizes = {{.size_bytes = 65535}}}, 1);
  TimeNs last_ns = 0;
  for (int i = 0; i < 1'000'000 && source.next_ns() != kNever; ++i) {
    REQUIRE(source.next_ns() >= last_ns);
    last_ns = source.take().offered_ns;
  }
  CHECK(source.next_ns() == kNever);
}
