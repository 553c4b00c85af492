// A frame's flow as a 64-bit number, for tables of our own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/xmit_hash.h"

namespace ringback {

// Mixes two words into one, all of whose bits depend on all of theirs.
[[nodiscard]] constexpr std::uint64_t mix_words(std::uint64_t a, std::uint64_t b) noexcept {
  const auto product = static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xe7037ed1a0b428db);
  // The words themselves too: a factor of 0 must not hide the other one.
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product) ^ a ^ b;
}

// The number of an IPv4 flow; `rest` is its protocol, and above that the VLAN's number.
[[nodiscard]] constexpr std::uint64_t ipv4_flow_id(std::uint64_t addresses, std::uint32_t ports,
                                                   std::uint32_t rest) noexcept {
  return mix_words(mix_words(addresses, std::uint64_t{rest} << 32 | ports), 0x8ebc6af09c88c6e3);
}

// flow_id() without its short way for ordinary frames.
[[nodiscard]] std::uint64_t flow_id_of_any(std::span<const std::byte> header) noexcept;

// A flow is what has the same VLAN, innermost addresses, IP protocol and ports (of ICMP: identifier) as dissect() reads
// them. Fragments have no ports, so all of two hosts are one flow a protocol. What has no IP addresses: the same MAC
// addresses and type. Two flows have the same number with a probability of 2^-64.
//
// The same on every machine.
//
// Units:  header: the frame's first bytes, of any length and with anything in it.
// Errors: none.
[[nodiscard]] inline std::uint64_t flow_id(std::span<const std::byte> header) noexcept {
  if (!is_ordinary_frame(header)) return flow_id_of_any(header);
  const std::byte* const bytes = header.data();
  const std::uint64_t addresses = load_le32(bytes + 26) | std::uint64_t{load_le32(bytes + 30)} << 32;
  return ipv4_flow_id(addresses, load_le32(bytes + 34), std::to_integer<std::uint32_t>(bytes[23]));
}

}  // namespace ringback
