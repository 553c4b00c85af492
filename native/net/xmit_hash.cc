#include "net/xmit_hash.h"

#include "net/flow_keys.h"

namespace ringback {
namespace {

// Requires: a whole Ethernet header.
std::uint32_t layer2_of(std::span<const std::byte> header, const LinkKeys& link) noexcept {
  return std::to_integer<std::uint32_t>(header[5] ^ header[11]) ^ link.type;
}

// Requires: a whole Ethernet header.
std::uint32_t vlan_source_mac_of(std::span<const std::byte> header, const LinkKeys& link) noexcept {
  const auto half = [header](std::size_t at) {
    return std::to_integer<std::uint32_t>(header[at]) << 16 | load_be16(header.data() + at + 1);
  };
  return link.tag ^ half(6) ^ half(9);
}

bool has_icmp_identifier(const FlowKeys& keys) noexcept { return keys.icmp >> 16 != 0; }

}  // namespace

std::uint32_t xmit_hash_of_any(XmitHashPolicy policy, std::span<const std::byte> header) noexcept {
  using enum XmitHashPolicy;
  const LinkKeys link = read_link(header);
  if (!link.is_complete) return 0;
  if (policy == kVlanSrcMac) return vlan_source_mac_of(header, link);
  const std::uint32_t layer2 = layer2_of(header, link);
  if (policy == kLayer2) return layer2;
  const FlowKeys keys = dissect(header, policy == kEncap23 || policy == kEncap34);
  if (!keys.is_dissected) return layer2;
  const bool with_ports = policy == kLayer34 || policy == kEncap34;
  const std::uint32_t first = !with_ports ? layer2 : has_icmp_identifier(keys) ? keys.icmp : keys.ports;
  return fold_xmit_hash(first ^ keys.source_word() ^ keys.destination_word(), with_ports);
}

}  // namespace ringback
