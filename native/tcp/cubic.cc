#include "tcp/cubic.h"

#include <algorithm>

#include "base/assert.h"

namespace ringback::tcp {
namespace {

constexpr std::uint64_t kUsPerSecond = 1'000'000;
constexpr std::uint64_t kMostUs = 10'000 * kUsPerSecond;  // far beyond any window; its cube fits
constexpr unsigned __int128 kCubeOfSecond = static_cast<unsigned __int128>(kUsPerSecond * kUsPerSecond) * kUsPerSecond;

}  // namespace

std::uint64_t cube_root(unsigned __int128 value) noexcept {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 41; bit > 0; bit >>= 1) {
    const unsigned __int128 next = root | bit;
    if (next * next * next <= value) root |= bit;
  }
  return root;
}

std::uint64_t Cubic::reduce(std::uint64_t window) noexcept {
  // A flow that had less than the last time makes room for others sooner.
  last_max_ = window < last_max_ ? window * 17 / 20 : window;
  prior_ = window;
  epoch_ns_ = kNever;
  return std::max(window * 7 / 10, 2 * kSegment);
}

void Cubic::begin_epoch(TimeNs now, std::uint64_t window) noexcept {
  epoch_ns_ = now;
  reno_ = window;
  origin_ = std::max(window, last_max_);
  // K = cbrt((Wmax - W) / C) seconds.
  const auto missing = static_cast<unsigned __int128>(origin_ - window);
  k_us_ = cube_root(missing * 5 * kCubeOfSecond / (2 * kSegment));
}

std::uint64_t Cubic::curve(TimeNs since_ns) const noexcept {
  RB_ASSERT(epoch_ns_ != kNever);
  const std::uint64_t since_us = std::min(since_ns / 1000, kMostUs);
  const bool is_before = since_us < k_us_;
  const unsigned __int128 distance_us = is_before ? k_us_ - since_us : since_us - k_us_;
  const unsigned __int128 cube = distance_us * distance_us * distance_us;
  const auto change = static_cast<std::uint64_t>(cube * (2 * kSegment) / (5 * kCubeOfSecond));
  if (!is_before) return origin_ + change;
  return origin_ > change ? origin_ - change : 0;
}

std::uint64_t Cubic::grow(TimeNs now, std::uint64_t window, std::uint64_t segments, TimeNs srtt_ns) noexcept {
  if (epoch_ns_ == kNever) begin_epoch(now, window);
  // Reno with a decrease to 0.7 grows by 3 * 0.3 / 1.7 segments a round trip for the same mean, and by one where it
  // has come back to where it was.
  const std::uint64_t a_round_trip = reno_ < prior_ ? kSegment * 9 / 17 : kSegment;
  reno_ += segments * kSegment * a_round_trip / window;
  const std::uint64_t target = std::clamp(curve(now - epoch_ns_ + srtt_ns), window, window + window / 2);
  const std::uint64_t grown = window + (target - window) * segments * kSegment / window;
  // Where slow start was left without a loss the curve knows no end yet: a twentieth a round trip at least.
  const std::uint64_t least = last_max_ == 0 ? window + segments * kSegment / 20 : window;
  return std::max({std::min(grown, target), reno_, least});
}

}  // namespace ringback::tcp
