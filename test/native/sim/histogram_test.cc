#include "sim/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

using namespace ringback;

TEST_CASE("nothing recorded: all zero") {
  const Histogram histogram;
  CHECK(histogram.quantile(50, 100) == 0);
  CHECK(histogram.max() == 0);
}

TEST_CASE("small values are exact") {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  CHECK(histogram.quantile(50, 100) == 50);
  CHECK(histogram.quantile(99, 100) == 99);
  CHECK(histogram.quantile(1, 1) == 100);
}

TEST_CASE("memory: no more buckets than kMaxBuckets, whatever is recorded and however often") {
  Histogram histogram;
  Random random(4);
  for (int i = 0; i < 200'000; ++i) histogram.record(random.next() >> random.below(64));
  const std::size_t buckets = histogram.buckets();
  for (std::uint32_t bit = 0; bit < 64; ++bit) histogram.record((std::uint64_t{1} << bit) - 1);
  histogram.record(~std::uint64_t{0});
  CHECK(buckets <= Histogram::kMaxBuckets);
  CHECK(histogram.buckets() == Histogram::kMaxBuckets);
  Histogram sum;
  sum.merge(histogram);
  sum.merge(histogram);
  CHECK(sum.buckets() == Histogram::kMaxBuckets);
  CHECK(sum.count() == 2 * histogram.count());
}

TEST_CASE("memory: only the powers of two that values were in take buckets") {
  Histogram histogram;
  CHECK(histogram.buckets() == 0);
  histogram.record(std::uint64_t{1} << 40);
  CHECK(histogram.buckets() == 128);
  for (std::uint64_t value = std::uint64_t{1} << 40; value >> 41 == 0; value += std::uint64_t{1} << 32)
    histogram.record(value);
  CHECK(histogram.buckets() == 128);
  histogram.record(5);
  CHECK(histogram.buckets() == 2 * 128);
  CHECK(histogram.quantile(1, 1'000) == 5);
  CHECK(histogram.quantile(1, 1) >= std::uint64_t{1} << 40);  // beyond the buckets that are not there
  Histogram sum;
  sum.record(1000);
  sum.merge(histogram);
  CHECK(sum.buckets() == 3 * 128);
}

TEST_CASE("property: merging is recording both, whichever has the larger values") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    Histogram a;
    Histogram b;
    Histogram both;
    for (Histogram* part : {&a, &b})
      for (std::uint64_t i = 0, count = random.below(30), shift = random.below(64); i < count; ++i) {
        const std::uint64_t value = random.next() >> shift;
        part->record(value);
        both.record(value);
      }
    a.merge(b);
    REQUIRE(a.count() == both.count());
    REQUIRE(a.max() == both.max());
    REQUIRE(a.buckets() == both.buckets());
    for (std::uint64_t rank = 1; rank <= 60; ++rank) REQUIRE(a.quantile(rank, 60) == both.quantile(rank, 60));
  }
}

TEST_CASE("property: quantiles are within 0.4 % of the sorted values', the maximum is exact") {
  Random random(2);
  for (int round = 0; round < 50; ++round) {
    Histogram histogram;
    std::vector<std::uint64_t> values(1 + random.below(5000));
    for (auto& value : values) histogram.record(value = random.next() >> (14 + random.below(45)));
    std::ranges::sort(values);
    for (const std::uint64_t percent : {1, 50, 90, 99, 100}) {
      const std::size_t rank = (values.size() * percent + 99) / 100;
      const auto exact = static_cast<double>(values[rank - 1]);
      REQUIRE(std::abs(static_cast<double>(histogram.quantile(percent, 100)) - exact) <= exact * 0.004);
    }
    REQUIRE(histogram.max() == values.back());
    REQUIRE(histogram.count() == values.size());
  }
}
