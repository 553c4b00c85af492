// Made-up payload: bytes that tell which frame they belong to and where in it they stand.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/random.h"

namespace ringback {

// Writes the bytes that stand from `offset` on in the frame with this seed, the same on every machine and however the
// frame is cut into pieces.
inline void fill_payload(std::uint32_t seed, std::uint32_t offset, std::span<std::byte> bytes) noexcept {
  constexpr std::uint32_t kWord = sizeof(std::uint64_t);
  while (!bytes.empty()) {
    std::uint64_t word = Random(std::uint64_t{seed} << 32 | offset / kWord).next();
    word >>= 8 * (offset % kWord);
    const auto count = std::min<std::size_t>(kWord - offset % kWord, bytes.size());
    for (std::byte& byte : bytes.first(count)) {
      byte = static_cast<std::byte>(word);
      word >>= 8;
    }
    bytes = bytes.subspan(count);
    offset += static_cast<std::uint32_t>(count);
  }
}

}  // namespace ringback
