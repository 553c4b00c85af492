#include "net/packet_header.h"

#include "base/assert.h"

namespace ringback {
namespace {

constexpr std::uint32_t kEthernetBytes = 14;
constexpr std::uint32_t kIpv4Bytes = 20;

void put16(UdpHeader& header, std::size_t at, std::uint32_t value) noexcept {
  header[at] = static_cast<std::byte>(value >> 8);
  header[at + 1] = static_cast<std::byte>(value);
}

void put32(UdpHeader& header, std::size_t at, std::uint32_t value) noexcept {
  put16(header, at, value >> 16);
  put16(header, at + 2, value & 0xffff);
}

// RFC 1071 over the IPv4 header, whose checksum field is zero.
std::uint32_t ipv4_checksum(const UdpHeader& header) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = kEthernetBytes; i < kEthernetBytes + kIpv4Bytes; i += 2)
    sum += std::to_integer<std::uint32_t>(header[i]) << 8 | std::to_integer<std::uint32_t>(header[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

}  // namespace

UdpHeader make_udp_header(std::uint32_t guest, std::uint32_t flow, std::uint32_t size_bytes) noexcept {
  RB_ASSERT(size_bytes >= kUdpHeaderBytes && size_bytes <= 65535 && guest < 1u << 24 && flow < 64512);
  UdpHeader header{};
  put32(header, 0, 0x02000000);  // to a locally administered address
  put16(header, 4, 0x0001);
  put16(header, 6, 0x0016);  // from Xen's prefix
  header[8] = std::byte{0x3e};
  header[9] = static_cast<std::byte>(guest >> 16);
  put16(header, 10, guest & 0xffff);
  put16(header, 12, 0x0800);
  put16(header, 14, 0x4500);
  put16(header, 16, size_bytes - kEthernetBytes);
  put16(header, 20, 0x4000);  // don't fragment
  put16(header, 22, 0x4011);  // TTL 64, UDP
  put32(header, 26, 10u << 24 | guest);
  put32(header, 30, 198u << 24 | 18u << 16 | 1u);
  put16(header, 24, ipv4_checksum(header));
  put16(header, 34, 1024 + flow);
  put16(header, 36, 5001);
  put16(header, 38, size_bytes - (kEthernetBytes + kIpv4Bytes));
  return header;
}

}  // namespace ringback
