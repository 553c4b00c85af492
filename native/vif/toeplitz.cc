#include "vif/toeplitz.h"

#include <algorithm>

#include "base/header_view.h"

namespace ringback {
namespace {

using Protocol = FlowFields::Protocol;

constexpr std::size_t kMacBytes = 12;
constexpr std::size_t kVlanTagBytes = 4;
constexpr int kMaxVlanTags = 2;

constexpr std::uint32_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint32_t kEtherTypeIpv6 = 0x86dd;
constexpr std::uint32_t kEtherTypeVlan = 0x8100;         // 802.1Q
constexpr std::uint32_t kEtherTypeServiceVlan = 0x88a8;  // 802.1ad

constexpr std::size_t kIpv4Bytes = 20;
constexpr std::size_t kIpv6Bytes = 40;

constexpr std::uint32_t kHopByHop = 0;
constexpr std::uint32_t kTcp = 6;
constexpr std::uint32_t kUdp = 17;
constexpr std::uint32_t kRouting = 43;
constexpr std::uint32_t kDestinationOptions = 60;
// Each one has 8 bytes or more, so no more of them fit between an IPv6 header and the end of what is looked at.
constexpr std::size_t kMaxOptionHeaders = kHashedHeaderBytes / 8;

void read_ports(const HeaderView& header, std::size_t at, std::uint32_t protocol, FlowFields& fields) noexcept {
  if ((protocol != kTcp && protocol != kUdp) || !header.has(at, 4)) return;
  header.copy(at, 4, fields.bytes.data() + fields.address_bytes);
  fields.ports_of = protocol == kTcp ? Protocol::kTcp : Protocol::kUdp;
}

// As Linux: the version is the Ethernet type's to say, and lengths that say less than a header make it no IP.
void read_ipv4(const HeaderView& header, std::size_t at, FlowFields& fields) noexcept {
  if (!header.has(at, kIpv4Bytes)) return;
  const std::size_t header_bytes = (header.u8(at) & 15) * 4;
  if (header_bytes < kIpv4Bytes) return;
  header.copy(at + 12, 8, fields.bytes.data());
  fields.address_bytes = 8;
  const bool fragment = (header.u16(at + 6) & 0x3fff) != 0;  // more fragments, or an offset
  if (!fragment) read_ports(header, at + header_bytes, header.u8(at + 9), fields);
}

void read_ipv6(const HeaderView& header, std::size_t at, FlowFields& fields) noexcept {
  if (!header.has(at, kIpv6Bytes)) return;
  header.copy(at + 8, 32, fields.bytes.data());
  fields.address_bytes = 32;
  std::uint32_t protocol = header.u8(at + 6);
  at += kIpv6Bytes;
  for (std::size_t i = 0; i < kMaxOptionHeaders; ++i) {
    if (protocol != kHopByHop && protocol != kRouting && protocol != kDestinationOptions) break;
    if (!header.has(at, 2)) return;
    protocol = header.u8(at);
    at += (std::size_t{header.u8(at + 1)} + 1) * 8;
  }
  // A fragment header is no protocol with ports, so the addresses stay alone.
  read_ports(header, at, protocol, fields);
}

constexpr Toeplitz kDefaultToeplitz(kDefaultHashKey);

}  // namespace

FlowFields read_flow_fields(std::span<const std::byte> bytes) noexcept {
  const HeaderView header(bytes.first(std::min(bytes.size(), kHashedHeaderBytes)));
  FlowFields fields;
  std::size_t at = kMacBytes;
  for (int tags = 0; header.has(at, 2); ++tags, at += kVlanTagBytes) {
    const std::uint32_t type = header.u16(at);
    if (type == kEtherTypeIpv4) read_ipv4(header, at + 2, fields);
    if (type == kEtherTypeIpv6) read_ipv6(header, at + 2, fields);
    if ((type != kEtherTypeVlan && type != kEtherTypeServiceVlan) || tags == kMaxVlanTags) break;
  }
  return fields;
}

PacketHash hash_packet(const Toeplitz& key, std::uint32_t types, std::span<const std::byte> header) noexcept {
  if (types == 0) return {};
  const FlowFields fields = read_flow_fields(header);
  if (fields.address_bytes == 0) return {};
  const bool ipv4 = fields.address_bytes == 8;
  const auto plain = ipv4 ? abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_bit : abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6_bit;
  const auto tcp = ipv4 ? abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP_bit : abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP_bit;
  if (fields.ports_of == Protocol::kTcp && (types >> tcp & 1) != 0)
    return {tcp, key.hash(fields.addresses_and_ports())};
  if ((types >> plain & 1) != 0) return {plain, key.hash(fields.addresses())};
  return {};
}

std::uint32_t flow_hash(std::span<const std::byte> header) noexcept {
  const FlowFields fields = read_flow_fields(header);
  return kDefaultToeplitz.hash(fields.ports_of == Protocol::kOther ? fields.addresses() : fields.addresses_and_ports());
}

}  // namespace ringback
