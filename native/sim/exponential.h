// Exponentially distributed numbers and times, in integers.
#pragma once
#include <cstdint>

#include "base/random.h"
#include "base/time.h"

namespace ringback {

// whole + fraction / 2^64.
struct Exponential {
  std::uint32_t whole = 0;  // at most kMaxExponentialWhole
  std::uint64_t fraction = 0;
};

// 65 * ln 2 is not passed.
inline constexpr std::uint32_t kMaxExponentialWhole = 45;

// A number with density e^-x: mean 1, variance 1.
//
// Method:  the number of whole ln 2 in it is that of the tosses of a coin before it falls the other way. What is left
// is
//          below ln 2, and is found by comparing uniform numbers with the sums of (ln 2)^i / i!, and taking the least
//          of a few: there is no logarithm, and the constants are integers.
// Error:   ln 2 and the sums are rounded to 2^-64, so that the number is wrong by 2^-58 at most. One beyond 64 * ln 2
//          comes once in 2^64 draws, and none is beyond 65.
// Cost:    2.7 uniform numbers on average, and two in two of three cases.
// Source:  Knuth, "The Art of Computer Programming", volume 2, 3.4.1, algorithm S
[[nodiscard]] Exponential draw_exponential(Random& random) noexcept;

// Gaps between the events of a Poisson process: exponentially distributed about a mean.
//
// Error:   a gap's share of the mean is drawn in steps of 2^-39, in whose middles it lies, so that the mean is not
// moved.
//          The mean's fraction and every gap's fraction are carried: no error grows with the number of gaps.
class ExponentialGaps {
 public:
  // A mean beyond this, four years, is taken as this.
  static constexpr TimeNs kMaxMeanNs = TimeNs{1} << 57;

  // The mean is numerator / denominator nanoseconds.
  // Requires: numerator < 2^104, 0 < denominator < 2^62.
  ExponentialGaps(unsigned __int128 numerator, std::uint64_t denominator) noexcept;

  // The next gap, rounded down to a nanosecond; what is left over belongs to the one after it.
  [[nodiscard]] TimeNs next(Random& random) noexcept;

 private:
  static constexpr std::uint32_t kMeanBits = 24;
  static constexpr std::uint32_t kShareBits = 40;  // with the mean's 64: the carried fraction is a word

  std::uint64_t denominator_;
  unsigned __int128 mean_;        // in 2^-kMeanBits ns
  std::uint64_t mean_remainder_;  // and the fraction after that, in 1/denominator
  std::uint64_t mean_carry_ = 0;
  std::uint64_t carry_ = 0;  // in 2^-64 ns
};

// `gap_ns` after `time_ns`; kNever where that is beyond all times.
[[nodiscard]] constexpr TimeNs later(TimeNs time_ns, TimeNs gap_ns) noexcept {
  return gap_ns > kNever - time_ns ? kNever : time_ns + gap_ns;
}

}  // namespace ringback
