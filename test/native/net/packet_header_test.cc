#include "net/packet_header.h"

#include <doctest/doctest.h>

using namespace ringback;

namespace {

std::uint32_t get16(const UdpHeader& header, std::size_t at) {
  return std::to_integer<std::uint32_t>(header[at]) << 8 | std::to_integer<std::uint32_t>(header[at + 1]);
}

}  // namespace

TEST_CASE("lengths, addresses and ports are in the fields that RFC 791 and RFC 768 give them") {
  const UdpHeader header = make_udp_header(0x010203, 7, 1500);
  CHECK(get16(header, 12) == 0x0800);
  CHECK(get16(header, 16) == 1486);
  CHECK(header[23] == std::byte{17});
  CHECK(get16(header, 26) == 0x0a01);
  CHECK(get16(header, 28) == 0x0203);
  CHECK(get16(header, 34) == 1031);
  CHECK(get16(header, 36) == 5001);
  CHECK(get16(header, 38) == 1466);
}

TEST_CASE("the IPv4 header sums to ffff, as a receiver checks it") {
  for (const std::uint32_t size : {60u, 1500u, 65535u}) {
    const UdpHeader header = make_udp_header(size, 0, size);
    std::uint32_t sum = 0;
    for (std::size_t at = 14; at < 34; at += 2) sum += get16(header, at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    CHECK(sum == 0xffff);
  }
}
