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
