// Numbers in a header, in network byte order, and the Internet checksum.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringback {

// Requires: the bytes are there.

[[nodiscard]] inline std::uint8_t get8(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return std::to_integer<std::uint8_t>(bytes[at]);
}
[[nodiscard]] inline std::uint32_t get16(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return std::uint32_t{get8(bytes, at)} << 8 | get8(bytes, at + 1);
}
[[nodiscard]] inline std::uint32_t get32(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return get16(bytes, at) << 16 | get16(bytes, at + 2);
}

inline void put8(std::span<std::byte> bytes, std::size_t at, std::uint8_t value) noexcept {
  bytes[at] = static_cast<std::byte>(value);
}
// The low 16 bits.
inline void put16(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) noexcept {
  put8(bytes, at, static_cast<std::uint8_t>(value >> 8));
  put8(bytes, at + 1, static_cast<std::uint8_t>(value));
}
inline void put32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) noexcept {
  put16(bytes, at, value >> 16);
  put16(bytes, at + 2, value);
}

// A sum of 16-bit words with its carries added in. Source: RFC 1071.
[[nodiscard]] inline std::uint32_t fold_sum(std::uint32_t sum) noexcept {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}
// RFC 1071's sum of the bytes, an even number of them: folded, not inverted.
[[nodiscard]] inline std::uint32_t internet_sum(std::span<const std::byte> bytes, std::uint32_t sum = 0) noexcept {
  for (std::size_t i = 0; i < bytes.size(); i += 2) sum = fold_sum(sum + get16(bytes, i));
  return sum;
}

}  // namespace ringback
