#include "vif/toeplitz.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/random.h"
#include "native/vif/header_fixture.h"

using namespace ringback;
using namespace ringback::test;
using Protocol = FlowFields::Protocol;

namespace {

constexpr std::uint32_t kIpv4 = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4;
constexpr std::uint32_t kIpv4Tcp = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP;
constexpr std::uint32_t kIpv6 = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6;
constexpr std::uint32_t kIpv6Tcp = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;
constexpr std::uint32_t kAll = kIpv4 | kIpv4Tcp | kIpv6 | kIpv6Tcp;

constexpr std::uint8_t kIpv4Bit = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_bit;
constexpr std::uint8_t kIpv4TcpBit = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP_bit;
constexpr std::uint8_t kIpv6Bit = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6_bit;
constexpr std::uint8_t kIpv6TcpBit = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP_bit;

struct Vector {
  Flow flow;
  std::uint32_t addresses;
  std::uint32_t with_tcp;
};

// The two tables of Microsoft's "Verifying the RSS Hash Calculation" (Windows driver documentation, network,
// verifying-the-rss-hash-calculation), with the key on that page, which is kDefaultHashKey.
std::vector<Vector> microsofts_vectors() {
  return {
      {{ipv4(66, 9, 149, 187), ipv4(161, 142, 100, 80), 2794, 1766}, 0x323e8fc2, 0x51ccc178},
      {{ipv4(199, 92, 111, 2), ipv4(65, 69, 140, 83), 14230, 4739}, 0xd718262a, 0xc626b0ea},
      {{ipv4(24, 19, 198, 95), ipv4(12, 22, 207, 184), 12898, 38024}, 0xd2d0a5de, 0x5c2b394a},
      {{ipv4(38, 27, 205, 30), ipv4(209, 142, 163, 6), 48228, 2217}, 0x82989176, 0xafc7327f},
      {{ipv4(153, 39, 163, 191), ipv4(202, 188, 127, 2), 44251, 1303}, 0x5d1809c5, 0x10e828a2},
      {{ipv6({0x3ffe, 0x2501, 0x200, 0x1fff, 0, 0, 0, 7}), ipv6({0x3ffe, 0x2501, 0x200, 3, 0, 0, 0, 1}), 2794, 1766},
       0x2cc18cd5,
       0x40207d3d},
      {{ipv6({0x3ffe, 0x501, 8, 0, 0x260, 0x97ff, 0xfe40, 0xefab}), ipv6({0xff02, 0, 0, 0, 0, 0, 0, 1}), 14230, 4739},
       0x0f0c461c,
       0xdde51bbf},
      {{ipv6({0x3ffe, 0x1900, 0x4545, 3, 0x200, 0xf8ff, 0xfe21, 0x67cf}),
        ipv6({0xfe80, 0, 0, 0, 0x200, 0xf8ff, 0xfe21, 0x67cf}), 44251, 38024},
       0x4b61e985,
       0x02d1feef},
  };
}

const Toeplitz kToeplitz(kDefaultHashKey);

const Vector kV4 = microsofts_vectors()[0];
const Vector kV6 = microsofts_vectors()[5];

PacketHash hash_all(const Bytes& header) { return hash_packet(kToeplitz, kAll, header); }

// An IPv6 option header of 8 * (1 + more) bytes.
Bytes option_header(unsigned next, unsigned more = 0) {
  Bytes bytes;
  append(bytes, {next, more, 1, 4, 0, 0, 0, 0});
  bytes.resize(bytes.size() + more * 8);
  return bytes;
}

}  // namespace

TEST_CASE("the golden vectors of Microsoft's RSS verification suite, as bytes") {
  for (const Vector& vector : microsofts_vectors()) {
    Bytes input = vector.flow.source;
    append(input, vector.flow.destination);
    CHECK(kToeplitz.hash(input) == vector.addresses);
    append16(input, vector.flow.source_port);
    append16(input, vector.flow.destination_port);
    CHECK(kToeplitz.hash(input) == vector.with_tcp);
  }
}

TEST_CASE("the golden vectors of Microsoft's RSS verification suite, as frames") {
  for (const Vector& vector : microsofts_vectors()) {
    const bool v4 = vector.flow.source.size() == 4;
    const Bytes header = make_header(vector.flow);
    CHECK(hash_all(header) == PacketHash{v4 ? kIpv4TcpBit : kIpv6TcpBit, vector.with_tcp});
    CHECK(hash_packet(kToeplitz, kIpv4 | kIpv6, header) == PacketHash{v4 ? kIpv4Bit : kIpv6Bit, vector.addresses});
    CHECK(flow_hash(header) == vector.with_tcp);
  }
}

TEST_CASE("the largest type that was chosen and that fits is taken; without one there is no hash") {
  Flow udp = kV4.flow;
  udp.protocol = kUdp;
  const Bytes tcp4 = make_header(kV4.flow);
  const Bytes udp4 = make_header(udp);
  const Bytes tcp6 = make_header(kV6.flow);
  for (std::uint32_t types = 0; types <= kAll; ++types) {
    CAPTURE(types);
    const PacketHash plain4 = types & kIpv4 ? PacketHash{kIpv4Bit, kV4.addresses} : PacketHash{};
    const PacketHash plain6 = types & kIpv6 ? PacketHash{kIpv6Bit, kV6.addresses} : PacketHash{};
    CHECK(hash_packet(kToeplitz, types, udp4) == plain4);
    CHECK(hash_packet(kToeplitz, types, tcp4) == (types & kIpv4Tcp ? PacketHash{kIpv4TcpBit, kV4.with_tcp} : plain4));
    CHECK(hash_packet(kToeplitz, types, tcp6) == (types & kIpv6Tcp ? PacketHash{kIpv6TcpBit, kV6.with_tcp} : plain6));
  }
}

TEST_CASE("up to two VLAN tags are stepped over, a third one is not") {
  const PacketHash wanted{kIpv4TcpBit, kV4.with_tcp};
  CHECK(hash_all(make_header(kV4.flow, {.vlan_types = {0x8100}})) == wanted);
  CHECK(hash_all(make_header(kV4.flow, {.vlan_types = {0x88a8, 0x8100}})) == wanted);
  CHECK(hash_all(make_header(kV4.flow, {.vlan_types = {0x8100, 0x8100, 0x8100}})) == PacketHash{});
  CHECK(hash_all(make_header(kV4.flow, {.vlan_types = {0x9100}})) == PacketHash{});
}

TEST_CASE("IPv4: ports come after the options, and an impossible header length is no IP") {
  for (unsigned words = 0; words <= 10; ++words)
    CHECK(hash_all(make_header(kV4.flow, {.ipv4_option_words = words})) == PacketHash{kIpv4TcpBit, kV4.with_tcp});
  Bytes header = make_header(kV4.flow);
  for (unsigned words = 0; words < 5; ++words) {
    header[14] = static_cast<std::byte>(0x40 + words);
    CHECK(hash_all(header) == PacketHash{});
  }
}

TEST_CASE("IPv4: every fragment of a packet is hashed over the addresses, don't-fragment is none") {
  const PacketHash wanted{kIpv4Bit, kV4.addresses};
  CHECK(hash_all(make_header(kV4.flow, {.ipv4_fragment = 0x2000})) == wanted);  // the first
  CHECK(hash_all(make_header(kV4.flow, {.ipv4_fragment = 0x20b9})) == wanted);
  CHECK(hash_all(make_header(kV4.flow, {.ipv4_fragment = 0x0001})) == wanted);  // the last
  CHECK(flow_hash(make_header(kV4.flow, {.ipv4_fragment = 0x1000})) == kV4.addresses);
  CHECK(hash_all(make_header(kV4.flow, {.ipv4_fragment = 0x4000})) == PacketHash{kIpv4TcpBit, kV4.with_tcp});
  CHECK(hash_packet(kToeplitz, kIpv4Tcp, make_header(kV4.flow, {.ipv4_fragment = 0x2000})) == PacketHash{});
}

TEST_CASE("IPv6: ports come after hop-by-hop, routing and destination options") {
  const PacketHash wanted{kIpv6TcpBit, kV6.with_tcp};
  for (const unsigned first : {0u, 43u, 60u})
    CHECK(hash_all(make_header(kV6.flow, {.ipv6_extensions = option_header(6, 2), .ipv6_first = first})) == wanted);
  Bytes three = option_header(60);
  append(three, option_header(43, 1));
  append(three, option_header(6));
  CHECK(hash_all(make_header(kV6.flow, {.ipv6_extensions = three, .ipv6_first = 0})) == wanted);
}

TEST_CASE("IPv6: fragments, unknown extensions and what ends too late are hashed over the addresses") {
  const PacketHash wanted{kIpv6Bit, kV6.addresses};
  for (const unsigned first : {44u, 50u, 51u, 59u, 135u, 41u})
    CHECK(hash_all(make_header(kV6.flow, {.ipv6_extensions = option_header(6), .ipv6_first = first})) == wanted);
  // 54 bytes of header leave 74: an option header of 64 and 4 bytes of ports fit, one of 72 does not.
  const auto with_options = [](unsigned more) {
    return hash_all(make_header(kV6.flow, {.ipv6_extensions = option_header(6, more), .ipv6_first = 60}));
  };
  CHECK(with_options(7) == PacketHash{kIpv6TcpBit, kV6.with_tcp});
  CHECK(with_options(8) == wanted);
  CHECK(with_options(255) == wanted);
  Bytes endless;
  for (int i = 0; i < 20; ++i) append(endless, option_header(60));
  CHECK(hash_all(make_header(kV6.flow, {.ipv6_extensions = endless, .ipv6_first = 60})) == wanted);
}

TEST_CASE("a header that is cut off: no hash before the addresses are whole, no ports before they are") {
  for (const Vector& vector : {kV4, kV6}) {
    const bool v4 = vector.flow.source.size() == 4;
    const Bytes header = make_header(vector.flow);
    const std::size_t ip_end = v4 ? 34 : 54;
    for (std::size_t size = 0; size <= header.size(); ++size) {
      CAPTURE(size);
      const Bytes cut(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(size));
      PacketHash wanted;
      if (size >= ip_end) wanted = {v4 ? kIpv4Bit : kIpv6Bit, vector.addresses};
      if (size >= ip_end + 4) wanted = {v4 ? kIpv4TcpBit : kIpv6TcpBit, vector.with_tcp};
      CHECK(hash_all(cut) == wanted);
    }
  }
}

TEST_CASE("other protocols: no ports; not IP: no hash, and 0 for a flow") {
  Flow icmp = kV4.flow;
  icmp.protocol = 1;
  CHECK(hash_all(make_header(icmp)) == PacketHash{kIpv4Bit, kV4.addresses});
  CHECK(flow_hash(make_header(icmp)) == kV4.addresses);
  Bytes arp(60);
  arp[12] = std::byte{8};
  arp[13] = std::byte{6};
  CHECK(hash_all(arp) == PacketHash{});
  CHECK(flow_hash(arp) == 0);
  CHECK(flow_hash({}) == 0);
}

TEST_CASE("a flow's hash takes UDP ports, which a packet's does not") {
  Flow udp = kV4.flow;
  udp.protocol = kUdp;
  CHECK(flow_hash(make_header(udp)) == kV4.with_tcp);
  CHECK(hash_all(make_header(udp)) == PacketHash{kIpv4Bit, kV4.addresses});
  CHECK(read_flow_fields(make_header(udp)).ports_of == Protocol::kUdp);
}

TEST_CASE("a key of zeros hashes everything to 0") {
  const Toeplitz zeros{HashKey{}};
  CHECK(hash_packet(zeros, kAll, make_header(kV4.flow)) == PacketHash{kIpv4TcpBit, 0});
}

TEST_CASE("property: random bytes of every length from 0 to 128, and what lies beyond is not looked at") {
  Random random(7);
  std::set<std::uint8_t> types;
  for (int round = 0; round < 300; ++round) {
    for (std::size_t size = 0; size <= kHashedHeaderBytes; ++size) {
      // An allocation of this very size, so that ASan sees a byte read too many.
      Bytes header(size);
      for (std::byte& byte : header) byte = static_cast<std::byte>(random.below(4) == 0 ? random.next() : 0);
      // Mostly something that is looked into: a type, a tag, few words of options, extensions, protocols.
      const std::size_t tags = random.below(4);
      for (std::size_t at = 12; at + 1 < size && at <= 12 + 4 * tags; at += 4) {
        const unsigned kind = at < 12 + 4 * tags ? 0x8100 : random.below(2) == 0 ? 0x0800 : 0x86dd;
        header[at] = static_cast<std::byte>(kind >> 8);
        header[at + 1] = static_cast<std::byte>(kind);
        if (at + 11 < size) header[at + 2] = static_cast<std::byte>(0x45 + random.below(3));
        if (at + 11 < size) header[at + 8] = std::byte{static_cast<std::uint8_t>(random.below(2) * 6)};
        if (at + 11 < size) header[at + 11] = std::byte{6};
      }
      const PacketHash hash = hash_all(header);
      types.insert(hash.type);
      REQUIRE((hash.type <= kIpv6TcpBit || hash == PacketHash{}));
      const std::uint32_t flow = flow_hash(header);
      if (size < kHashedHeaderBytes) continue;
      header.resize(size + 1 + random.below(100), static_cast<std::byte>(random.next()));
      REQUIRE(hash_all(header) == hash);
      REQUIRE(flow_hash(header) == flow);
    }
  }
  CHECK(types.size() == 5);  // the four types and none: the bytes were worth hashing
}
