#include "sim/exponential.h"

#include "base/assert.h"

namespace ringback {

using Wide = unsigned __int128;

Exponential draw_exponential(Random& random) noexcept {
  for (std::uint32_t whole = 0;; ++whole) {
    const std::uint64_t fraction = random.next();
    std::uint64_t last = fraction;
    bool at_even_place = true;
    for (std::uint64_t drawn = random.next(); drawn < last; drawn = random.next()) {
      last = drawn;
      at_even_place = !at_even_place;
    }
    if (at_even_place || whole == kMaxExponentialWhole) return {whole, fraction};
  }
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
