// What a bond asks of a frame besides its flow. A frame's bytes may be anything.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/wire_bytes.h"

namespace ringback {

inline constexpr std::uint16_t kIpv4Type = 0x0800;
inline constexpr std::uint16_t kArpType = 0x0806;
inline constexpr std::uint16_t kIpv6Type = 0x86dd;
inline constexpr std::uint8_t kIgmpProtocol = 2;

// To more than one station.
[[nodiscard]] inline bool is_group(std::span<const std::byte> header) noexcept {
  return !header.empty() && (get8(header, 0) & 1) != 0;
}

[[nodiscard]] inline bool is_broadcast(std::span<const std::byte> header) noexcept {
  return header.size() >= 6 && std::ranges::all_of(header.first(6), [](std::byte b) { return b == std::byte{0xff}; });
}

// To all IPv6 nodes, 33:33:00:00:00:01.
[[nodiscard]] inline bool is_all_ipv6_nodes(std::span<const std::byte> header) noexcept {
  return header.size() >= 6 && get16(header, 0) == 0x3333 && get32(header, 2) == 1;
}

[[nodiscard]] inline bool is_all_zeros(std::span<const std::byte> bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

// IPv4's group membership messages, behind a VLAN tag too.
[[nodiscard]] bool is_igmp(std::span<const std::byte> header) noexcept;

// False: it is no IGMP message. It calls nothing, so that who goes on with its other frames needs few registers.
[[nodiscard]] inline bool may_be_igmp(std::span<const std::byte> header) noexcept {
  if (header.size() < 34) return false;
  const std::uint32_t type = get16(header, 12);
  return type == kIpv4Type ? get8(header, 23) == kIgmpProtocol : type >= 0x8100;
}

}  // namespace ringback
