// The transmit hash policies of Linux's bonding driver, number for number.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/header_view.h"

namespace ringback {

// Linux's numbers (uapi/linux/if_bonding.h BOND_XMIT_POLICY_*).
enum class XmitHashPolicy : std::uint8_t { kLayer2, kLayer34, kLayer23, kEncap23, kEncap34, kVlanSrcMac };

// xmit_hash() without its short way for ordinary frames.
[[nodiscard]] std::uint32_t xmit_hash_of_any(XmitHashPolicy policy, std::span<const std::byte> header) noexcept;

// What Linux makes of a number over addresses; the last bit of port numbers is often the same, so with ports it is left
// out.
[[nodiscard]] inline std::uint32_t fold_xmit_hash(std::uint32_t hash, bool with_ports) noexcept {
  hash ^= hash >> 16;
  hash ^= hash >> 8;
  return with_ports ? hash >> 1 : hash;
}

// Whether everything is where it mostly is: IPv4 without a tag, options or fragments, carrying TCP or UDP.
[[nodiscard]] inline bool is_ordinary_frame(std::span<const std::byte> header) noexcept {
  if (header.size() < 38) return false;  // Ethernet, IPv4, ports
  const std::byte* const bytes = header.data();
  const std::uint32_t protocol = std::to_integer<std::uint32_t>(bytes[23]);
  return load_be16(bytes + 12) == 0x0800 && bytes[14] == std::byte{0x45} && (load_be16(bytes + 20) & 0x3fff) == 0 &&
         (protocol == 6 || protocol == 17);
}

// The number from which a bond takes its NIC, modulo the NICs that may send.
//
//   layer2        last byte of the destination's MAC address ^ that of the source's ^ type
//   layer2+3      h = layer2 ^ source IP ^ destination IP, folded
//   layer3+4      h = ports ^ source IP ^ destination IP, folded, >> 1; ICMP with an identifier: that instead of ports
//   encap2+3/3+4  the same of the innermost addresses and ports (flow_keys.h)
//   vlan+srcmac   VLAN tag ^ first half of the source's MAC address ^ its second half
//   folded        h ^= h >> 16, h ^= h >> 8
//
// What is not IP has its layer2 number under all of the first five, but for what encap knows without addresses
// (flow_keys.h). Fragments have no ports. Less than an Ethernet header: 0. The numbers are those of a little-endian
// kernel, which x86 and arm64 are: Linux takes addresses and ports as its machine loads them, and a big-endian one
// chooses otherwise.
//
// Units:  header: the frame's first bytes, of any length and with anything in it.
// Errors: none.
// Source: Linux 6.x drivers/net/bonding/bond_main.c __bond_xmit_hash, bond_eth_hash, bond_vlan_srcmac_hash,
// bond_ip_hash;
//         Documentation/networking/bonding.rst. Different here: the hash that a socket or a NIC has noted
//         (skb->l4_hash), which Linux takes for encap3+4, does not exist for what guests send.
[[nodiscard]] inline std::uint32_t xmit_hash(XmitHashPolicy policy, std::span<const std::byte> header) noexcept {
  if (policy == XmitHashPolicy::kVlanSrcMac || !is_ordinary_frame(header)) return xmit_hash_of_any(policy, header);
  const std::byte* const bytes = header.data();
  const std::uint32_t layer2 = std::to_integer<std::uint32_t>(bytes[5] ^ bytes[11]) ^ 0x0800;
  if (policy == XmitHashPolicy::kLayer2) return layer2;
  const bool with_ports = policy == XmitHashPolicy::kLayer34 || policy == XmitHashPolicy::kEncap34;
  const std::uint32_t addresses = load_le32(bytes + 26) ^ load_le32(bytes + 30);
  return fold_xmit_hash(addresses ^ (with_ports ? load_le32(bytes + 34) : layer2), with_ports);
}

}  // namespace ringback
