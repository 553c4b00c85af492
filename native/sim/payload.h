// Made-up payload: bytes that tell which frame they belong to and where in it they stand.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/random.h"

namespace ringback {

// Writes the bytes that stand from `offset` on in the frame with this seed, the same on every machine and however the
// frame is cut into pieces.
inline void fill_payload(std::uint32_t seed, std::uint32_t offset, std::span<std::byte> bytes) noexcept {
  constexpr std::uint32_t kWord = sizeof(std::uint64_t);
  std::byte* to = bytes.data();
  std::size_t left = bytes.size();
  while (left > 0) {
    std::uint64_t word = Random(std::uint64_t{seed} << 32 | offset / kWord).next();
    const std::uint32_t skipped = offset % kWord;
    const std::size_t count = std::min<std::size_t>(kWord - skipped, left);
    word >>= 8 * skipped;
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);  // its lowest byte is first
    std::memcpy(to, &word, count);
    to += count;
    left -= count;
    offset += static_cast<std::uint32_t>(count);
  }
}

}  // namespace ringback
