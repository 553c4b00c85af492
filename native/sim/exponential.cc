#include "sim/exponential.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/assert.h"

namespace ringback {

namespace {

using Wide = unsigned __int128;

// Sums of (ln 2)^i / i! for i from 1 on, in 2^-64: the first is ln 2, and the last is the only one that all numbers may
// reach, 1.
constexpr std::array<std::uint64_t, 17> kSums = {
    0xb17217f7d1cf79ac, 0xeef193f6d75a96fd, 0xfd27186259aaf6c2, 0xff9d6dd050f4c5a7, 0xfff4cfcfef1e626c,
    0xfffee81886e1c62f, 0xffffe7fe850e0bb6, 0xfffffe2a8731b17e, 0xffffffdfac6eeadc, 0xfffffffdf9640068,
    0xffffffffe22ec79d, 0xfffffffffe6a9dee, 0xffffffffffebff81, 0xffffffffffff1417, 0xfffffffffffff5cf,
    0xffffffffffffff96, 0xffffffffffffffff};
constexpr std::uint64_t kLn2 = kSums.front();

// In 2^-64, below ln 2.
std::uint64_t draw_below_ln2(Random& random) noexcept {
  const std::uint64_t drawn = random.next();
  if (drawn < kLn2) return drawn;
  std::uint64_t least = std::min(random.next(), random.next());
  for (std::size_t i = 1; drawn >= kSums[i] && i + 1 < kSums.size(); ++i) least = std::min(least, random.next());
  return static_cast<std::uint64_t>((Wide{least} * kLn2) >> 64);
}

}  // namespace

Exponential draw_exponential(Random& random) noexcept {
  const auto tosses = static_cast<std::uint32_t>(std::countl_zero(random.next()));
  const Wide sum = Wide{kLn2} * tosses + draw_below_ln2(random);
  return {static_cast<std::uint32_t>(sum >> 64), static_cast<std::uint64_t>(sum)};
}

ExponentialGaps::ExponentialGaps(unsigned __int128 numerator, std::uint64_t denominator) noexcept
    : denominator_(denominator),
      mean_((numerator << kMeanBits) / denominator),
      mean_remainder_(static_cast<std::uint64_t>((numerator << kMeanBits) % denominator)) {
  RB_ASSERT(numerator >> 104 == 0 && denominator > 0 && denominator >> 62 == 0);
  if (mean_ < Wide{kMaxMeanNs} << kMeanBits) return;
  mean_ = Wide{kMaxMeanNs} << kMeanBits;
  mean_remainder_ = 0;
}

TimeNs ExponentialGaps::next(Random& random) noexcept {
  const auto [whole, fraction] = draw_exponential(random);
  const std::uint64_t share = std::uint64_t{whole} << kShareBits | fraction >> (64 - kShareBits) | 1;
  Wide mean = mean_;
  mean_carry_ += mean_remainder_;
  if (mean_carry_ >= denominator_) {
    mean_carry_ -= denominator_;
    ++mean;
  }
  // Below 2^81 * 2^46: there is room for the carry.
  const Wide gap = mean * share + carry_;
  carry_ = static_cast<std::uint64_t>(gap);
  return static_cast<TimeNs>(gap >> 64);
}

}  // namespace ringback
