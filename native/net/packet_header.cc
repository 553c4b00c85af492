#include "net/packet_header.h"

#include <algorithm>

#include "base/assert.h"
#include "net/wire_bytes.h"

namespace ringback {
namespace {

constexpr std::uint32_t kEthernetBytes = 14;
constexpr std::uint32_t kIpv4Bytes = 20;
constexpr std::size_t kIpv4 = kEthernetBytes;
constexpr std::size_t kTransport = kEthernetBytes + kIpv4Bytes;

using Bytes = std::array<std::byte, kTcpHeaderBytes>;

bool is_valid(const Endpoint& endpoint) noexcept {
  return endpoint.guest < 1u << 24 || endpoint.guest == Endpoint::kOutside;
}

std::uint32_t ipv4_of(const Endpoint& endpoint) noexcept {
  return endpoint.guest == Endpoint::kOutside ? 198u << 24 | 18u << 16 | 1u : 10u << 24 | endpoint.guest;
}

void put_ethernet(Bytes& header, const FlowOptions& options) noexcept {
  std::ranges::copy(mac_of(options.to), header.begin());
  std::ranges::copy(mac_of(options.from), header.begin() + 6);
  put16(header, 12, 0x0800);
}

void put_ipv4(Bytes& header, const FlowOptions& options) noexcept {
  put16(header, kIpv4, 0x4500);
  put16(header, kIpv4 + 2, options.size_bytes - kEthernetBytes);
  put16(header, kIpv4 + 6, 0x4000);                                                   // don't fragment
  put16(header, kIpv4 + 8, 64u << 8 | static_cast<std::uint32_t>(options.protocol));  // TTL
  put32(header, kIpv4 + 12, ipv4_of(options.from));
  put32(header, kIpv4 + 16, ipv4_of(options.to));
  put16(header, kIpv4 + 10, ~internet_sum(std::span(header).subspan(kIpv4, kIpv4Bytes)));
}

void put_udp(Bytes& header, std::uint32_t transport_bytes) noexcept { put16(header, kTransport + 4, transport_bytes); }

void put_tcp(Bytes& header, std::uint32_t transport_bytes) noexcept {
  put32(header, kTransport + 4, 1);        // sequence
  put32(header, kTransport + 8, 1);        // acknowledgement
  put16(header, kTransport + 12, 0x5010);  // five words, ACK
  put16(header, kTransport + 14, 0xffff);  // window
  // The pseudo-header: both addresses, the protocol and the length.
  const std::uint32_t rest = static_cast<std::uint32_t>(Protocol::kTcp) + transport_bytes;
  put16(header, kTransport + 16, internet_sum(std::span(header).subspan(kIpv4 + 12, 8), rest));
}

}  // namespace

MacAddress mac_of_guest(std::uint32_t guest) noexcept {
  RB_ASSERT(guest < 1u << 24);
  return {std::byte{0x00},
          std::byte{0x16},
          std::byte{0x3e},
          static_cast<std::byte>(guest >> 16),
          static_cast<std::byte>(guest >> 8),
          static_cast<std::byte>(guest)};
}

MacAddress mac_of_nic(std::uint32_t nic) noexcept {
  RB_ASSERT(nic < 1u << 24);
  return {std::byte{0x02},
          std::byte{0x00},
          std::byte{0x01},
          static_cast<std::byte>(nic >> 16),
          static_cast<std::byte>(nic >> 8),
          static_cast<std::byte>(nic)};
}

MacAddress mac_of(const Endpoint& endpoint) noexcept {
  if (endpoint.guest != Endpoint::kOutside) return mac_of_guest(endpoint.guest);
  return {std::byte{0x02}, {}, {}, {}, {}, std::byte{0x01}};  // locally administered
}

FlowHeader make_header(const FlowOptions& options) noexcept {
  const bool tcp = options.protocol == Protocol::kTcp;
  FlowHeader header{.size_bytes = tcp ? kTcpHeaderBytes : kUdpHeaderBytes};
  RB_ASSERT(is_valid(options.from) && is_valid(options.to) && options.from != options.to);
  RB_ASSERT(options.size_bytes >= header.size_bytes && options.size_bytes <= 65535 + kEthernetBytes);
  RB_ASSERT(options.flow < 64512);
  put_ethernet(header.bytes, options);
  put_ipv4(header.bytes, options);
  put16(header.bytes, kTransport, 1024 + options.flow);
  put16(header.bytes, kTransport + 2, 5001);
  (tcp ? put_tcp : put_udp)(header.bytes, options.size_bytes - kEthernetBytes - kIpv4Bytes);
  return header;
}

}  // namespace ringback
