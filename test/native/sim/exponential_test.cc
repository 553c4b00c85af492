#include "sim/exponential.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace ringback;

namespace {

double value(const Exponential& x) { return x.whole + std::ldexp(static_cast<double>(x.fraction), -64); }

// Whether `count` of `draws` events of this probability are within five standard deviations.
bool is_likely(double count, double draws, double probability) {
  const double deviation = std::sqrt(draws * probability * (1 - probability));
  return std::abs(count - draws * probability) <= 5 * deviation;
}

}  // namespace

TEST_CASE("exponential: the same numbers on every machine") {
  Random random(1);
  const Exponential first = draw_exponential(random);
  const Exponential second = draw_exponential(random);
  const Exponential third = draw_exponential(random);
  CHECK(first.whole == 0);
  CHECK(first.fraction == 0x4ed980dea3515265);
  CHECK(second.whole == 1);
  CHECK(second.fraction == 0x0e42fe07fc356e73);
  CHECK(third.whole == 0);
  CHECK(third.fraction == 0xf928b192050c3965);
}

TEST_CASE("exponential: the rarest number there is") {
  Random random(std::uint64_t{0} - 0x9e3779b97f4a7c15);  // SplitMix64 gives 0 first: 64 tosses
  const double largest = value(draw_exponential(random));
  CHECK(largest >= 64 * std::log(2));
  CHECK(largest < 65 * std::log(2));
  CHECK(largest < kMaxExponentialWhole + 1);
}

TEST_CASE("exponential: mean and variance are 1, and e^-x are above x") {
  constexpr int kDraws = 2'000'000;
  const std::vector<double> limits{0.01, 0.1, 0.25, 0.5, 0.75, 0.99, 1, 1.01, 1.5, 2, 2.5, 3, 4, 5, 7, 9, 11};
  std::vector<double> above(limits.size());
  double sum = 0;
  double squares = 0;
  Random random(7);
  for (int i = 0; i < kDraws; ++i) {
    const double x = value(draw_exponential(random));
    sum += x;
    squares += (x - 1) * (x - 1);
    for (std::size_t k = 0; k < limits.size(); ++k) above[k] += x > limits[k] ? 1 : 0;
  }
  // The mean's standard deviation is 1 / sqrt(draws), that of the variance sqrt(8 / draws).
  CHECK(std::abs(sum / kDraws - 1) <= 5 / std::sqrt(kDraws));
  CHECK(std::abs(squares / kDraws - 1) <= 5 * std::sqrt(8.0 / kDraws));
  for (std::size_t k = 0; k < limits.size(); ++k) {
    CAPTURE(limits[k]);
    CHECK(is_likely(above[k], kDraws, std::exp(-limits[k])));
  }
}

TEST_CASE("exponential: one number says nothing of the next") {
  constexpr int kDraws = 500'000;
  Random random(3);
  double products = 0;
  double last = value(draw_exponential(random)) - 1;
  for (int i = 0; i < kDraws; ++i) {
    const double x = value(draw_exponential(random)) - 1;
    products += x * last;
    last = x;
  }
  CHECK(std::abs(products / kDraws) <= 5 / std::sqrt(kDraws));
}

TEST_CASE("exponential gaps: their sum is that of the exact gaps, rounded down once") {
  struct Mean {
    std::uint64_t numerator;
    std::uint64_t denominator;
  };
  for (const Mean mean : {Mean{1, 3}, Mean{12'000, 1}, Mean{2, 12345}, Mean{123'456'789, 1000}}) {
    ExponentialGaps gaps(mean.numerator, mean.denominator);
    Random random(5);
    Random same(5);
    TimeNs time_ns = 0;
    long double exact_ns = 0;
    for (int i = 0; i < 200'000; ++i) {
      time_ns += gaps.next(random);
      // A share is the middle of a step of 2^-39.
      const auto [whole, fraction] = draw_exponential(same);
      const long double share = whole + ldexpl(static_cast<long double>(fraction >> 25) + 0.5L, -39);
      exact_ns += share * static_cast<long double>(mean.numerator) / static_cast<long double>(mean.denominator);
      // The exact sum rounded down. The mean's carry makes a gap wrong by 2^-24 ns at most, which does not add up.
      const long double error_ns = exact_ns - static_cast<long double>(time_ns);
      REQUIRE(error_ns > -1e-3L);
      REQUIRE(error_ns < 1.001L);
    }
  }
}

TEST_CASE("exponential gaps: a mean beyond all runs is cut") {
  const unsigned __int128 huge = static_cast<unsigned __int128>(1) << 103;
  ExponentialGaps gaps(huge, 1);
  ExponentialGaps largest(ExponentialGaps::kMaxMeanNs, 1);
  Random random(1);
  Random same(1);
  for (int i = 0; i < 100; ++i) REQUIRE(gaps.next(random) == largest.next(same));
}

TEST_CASE("later: never beyond kNever") {
  CHECK(later(5, 6) == 11);
  CHECK(later(kNever - 1, 1) == kNever);
  CHECK(later(kNever - 1, 2) == kNever);
  CHECK(later(kNever, kNever) == kNever);
  CHECK(later(kNever, 0) == kNever);
}
