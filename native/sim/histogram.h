// Latencies in constant memory: 128 buckets a power of two, so that a bucket's middle is within 0.4 % of its values.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace ringback {

class Histogram {
  static constexpr std::uint32_t kSubBits = 7;
  static constexpr std::size_t kSub = std::size_t{1} << kSubBits;

 public:
  static constexpr std::size_t kMaxBuckets = (64 - kSubBits + 1) * kSub;

  void record(std::uint64_t value) {
    const std::size_t at = bucket_of(value);
    ++chunk(at / kSub)[at % kSub];
    ++count_;
    max_ = std::max(max_, value);
  }

  // Adds what another one has recorded.
  void merge(const Histogram& other) {
    for (std::size_t i = 0; i < other.chunks_.size(); ++i) {
      if (!other.chunks_[i]) continue;
      Chunk& sum = chunk(i);
      for (std::size_t k = 0; k < kSub; ++k) sum[k] += (*other.chunks_[i])[k];
    }
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  // Those that take memory: at most kMaxBuckets, 59 KB, whatever is recorded.
  [[nodiscard]] std::size_t buckets() const noexcept {
    return kSub * static_cast<std::size_t>(std::ranges::count_if(chunks_, [](const auto& chunk) { return !!chunk; }));
  }

  // The smallest recorded value that at least `numerator` in `denominator` values do not exceed, to a bucket's
  // precision; 0 when nothing was recorded.
  // Requires: 0 < numerator <= denominator.
  [[nodiscard]] std::uint64_t quantile(std::uint64_t numerator, std::uint64_t denominator) const noexcept {
    const auto rank = static_cast<std::uint64_t>(
        (static_cast<unsigned __int128>(count_) * numerator + denominator - 1) / denominator);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (!chunks_[i]) continue;
      for (std::size_t k = 0; k < kSub; ++k)
        if ((seen += (*chunks_[i])[k]) >= rank && seen > 0) return std::min(middle_of(i * kSub + k), max_);
    }
    return 0;
  }

 private:
  // Values below 2 * kSub have a bucket of their own.
  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value) noexcept {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - static_cast<int>(kSubBits) - 1);
    return static_cast<std::size_t>(shift) * kSub + static_cast<std::size_t>(value >> shift);
  }
  [[nodiscard]] static std::uint64_t middle_of(std::size_t bucket) noexcept {
    if (bucket < 2 * kSub) return bucket;
    const std::size_t shift = bucket / kSub - 1;
    const std::uint64_t low = std::uint64_t{bucket - shift * kSub} << shift;
    return low + (std::uint64_t{1} << shift) / 2;
  }

  using Chunk = std::array<std::uint64_t, kSub>;

  Chunk& chunk(std::size_t index) {
    if (index >= chunks_.size()) chunks_.resize(index + 1);
    if (!chunks_[index]) [[unlikely]]
      chunks_[index] = std::make_unique<Chunk>();
    return *chunks_[index];
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;  // of kSub buckets each, those that were needed
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace ringback
