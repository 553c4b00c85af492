// A frame's first bytes, whoever wrote them: every read is asked for first.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"

namespace ringback {

// Big-endian: as a protocol has it. Little-endian: as a kernel on x86 or arm64 loads it.
[[nodiscard]] inline std::uint32_t load_be16(const std::byte* at) noexcept {
  return std::to_integer<std::uint32_t>(at[0]) << 8 | std::to_integer<std::uint32_t>(at[1]);
}
[[nodiscard]] inline std::uint32_t load_le32(const std::byte* at) noexcept {
  return std::to_integer<std::uint32_t>(at[0]) | std::to_integer<std::uint32_t>(at[1]) << 8 |
         std::to_integer<std::uint32_t>(at[2]) << 16 | std::to_integer<std::uint32_t>(at[3]) << 24;
}

class HeaderView {
 public:
  explicit HeaderView(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  // `at` may be beyond the end.
  [[nodiscard]] bool has(std::size_t at, std::size_t count) const noexcept {
    return at <= bytes_.size() && count <= bytes_.size() - at;
  }

  // Requires, for all below: has() said so.
  [[nodiscard]] std::uint32_t u8(std::size_t at) const noexcept { return std::to_integer<std::uint32_t>(*from(at, 1)); }
  [[nodiscard]] std::uint32_t u16(std::size_t at) const noexcept { return load_be16(from(at, 2)); }
  [[nodiscard]] std::uint32_t le32(std::size_t at) const noexcept { return load_le32(from(at, 4)); }
  void copy(std::size_t at, std::size_t count, std::byte* to) const noexcept {
    std::copy_n(from(at, count), count, to);
  }

 private:
  [[nodiscard]] const std::byte* from(std::size_t at, [[maybe_unused]] std::size_t count) const noexcept {
    RB_ASSERT(has(at, count));
    return bytes_.data() + at;
  }

  std::span<const std::byte> bytes_;
};

}  // namespace ringback
