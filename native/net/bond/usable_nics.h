// The members that a mode may send on, as a list that a number is taken modulo of.
#pragma once
#include <array>
#include <cstdint>

#include "base/assert.h"

namespace ringback {

class UsableNics {
 public:
  static constexpr std::uint32_t kMax = 32;

  void clear() noexcept { size_ = mask_ = 0; }
  // Requires: at most kMax of them. The list is ready for pick() after the last one.
  void add(std::uint32_t member) noexcept {
    RB_ASSERT(size_ < kMax);
    members_[size_++] = static_cast<std::uint8_t>(member);
    mask_ |= 1u << member;
    multiplier_ = ~std::uint64_t{0} / size_ + 1;
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t mask() const noexcept { return mask_; }  // by bit
  [[nodiscard]] std::uint32_t operator[](std::uint32_t index) const noexcept { return members_[index]; }

  // The one at hash % size(), without a division: Lemire, Kaser and Kurz, "Faster remainder by direct computation"
  // (2019), exact for 32 bits. Requires: not empty.
  [[nodiscard]] std::uint32_t pick(std::uint32_t hash) const noexcept {
    const std::uint64_t fraction = multiplier_ * hash;
    return members_[static_cast<std::uint64_t>(static_cast<unsigned __int128>(fraction) * size_ >> 64)];
  }

 private:
  std::array<std::uint8_t, kMax> members_{};
  std::uint32_t size_ = 0;
  std::uint32_t mask_ = 0;
  std::uint64_t multiplier_ = 0;  // 2^64 / size_, rounded up; 0 stands for 2^64
};

}  // namespace ringback
