// Latencies in constant memory: 128 buckets a power of two, so that a bucket's middle is within 0.4 % of its values.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringback {

class Histogram {
  static constexpr std::uint32_t kSubBits = 7;
  static constexpr std::size_t kSub = std::size_t{1} << kSubBits;

 public:
  static constexpr std::size_t kMaxBuckets = (64 - kSubBits + 1) * kSub;

  void record(std::uint64_t value) {
    const std::size_t at = bucket_of(value);
    if (at >= buckets_.size()) buckets_.resize(at + 1);
    ++buckets_[at];
    ++count_;
    max_ = std::max(max_, value);
  }

  // Adds what another one has recorded.
  void merge(const Histogram& other) {
    if (other.buckets_.size() > buckets_.size()) buckets_.resize(other.buckets_.size());
    for (std::size_t i = 0; i < other.buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  // Those that take memory: at most kMaxBuckets, 59 KB, whatever is recorded.
  [[nodiscard]] std::size_t buckets() const noexcept { return buckets_.size(); }

  // The smallest recorded value that at least `numerator` in `denominator` values do not exceed, to a bucket's
  // precision; 0 when nothing was recorded.
  // Requires: 0 < numerator <= denominator.
  [[nodiscard]] std::uint64_t quantile(std::uint64_t numerator, std::uint64_t denominator) const noexcept {
    const auto rank = static_cast<std::uint64_t>(
        (static_cast<unsigned __int128>(count_) * numerator + denominator - 1) / denominator);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      if ((seen += buckets_[i]) >= rank && seen > 0) return std::min(middle_of(i), max_);
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

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace ringback
