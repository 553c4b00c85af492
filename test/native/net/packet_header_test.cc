#include "net/packet_header.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace ringback;

namespace {

constexpr Endpoint kOutside{};

std::uint32_t get16(const FlowHeader& header, std::size_t at) {
  return std::to_integer<std::uint32_t>(header.bytes[at]) << 8 | std::to_integer<std::uint32_t>(header.bytes[at + 1]);
}
std::uint32_t get32(const FlowHeader& header, std::size_t at) {
  return get16(header, at) << 16 | get16(header, at + 2);
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes)
    for (const int shift : {4, 0}) text += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> shift & 15];
  return text;
}
std::string mac(const FlowHeader& header, std::size_t at) { return hex(header.span().subspan(at, 6)); }

FlowHeader udp_to_outside(std::uint32_t guest, std::uint32_t flow, std::uint32_t size_bytes) {
  return make_header({.from = {guest}, .to = kOutside, .flow = flow, .size_bytes = size_bytes});
}

// One's complement arithmetic in another way than the code's: modulo 65535, where ffff stands for 0.
std::uint32_t sum_mod_65535(std::span<const std::byte> bytes) {
  std::uint32_t rest = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    rest = (rest + (std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0))) % 65535;
  return rest;
}

}  // namespace

TEST_CASE("lengths, addresses and ports are in the fields that RFC 791 and RFC 768 give them") {
  const FlowHeader header = udp_to_outside(0x010203, 7, 1500);
  CHECK(header.size_bytes == 42);
  CHECK(get16(header, 12) == 0x0800);
  CHECK(get16(header, 16) == 1486);
  CHECK(header.bytes[23] == std::byte{17});
  CHECK(get16(header, 26) == 0x0a01);
  CHECK(get16(header, 28) == 0x0203);
  CHECK(get16(header, 34) == 1031);
  CHECK(get16(header, 36) == 5001);
  CHECK(get16(header, 38) == 1466);
}

TEST_CASE("the UDP header from a guest to the outside stays as it is, byte for byte") {
  const FlowHeader one = udp_to_outside(0x010203, 7, 1500);
  CHECK(hex(one.span()) ==
        "020000000001"
        "00163e010203"
        "0800"
        "450005ce00004000401163080a010203c6120001"
        "0407138905ba0000");
  // FNV-1a over many of them, taken before there were other directions: traces and captures hold these bytes.
  std::uint64_t hash = 1469598103934665603u;
  for (const std::uint32_t guest : {0u, 1u, 77u, 0x010203u, 0xffffffu})
    for (const std::uint32_t flow : {0u, 1u, 500u, 64511u})
      for (const std::uint32_t size : {42u, 60u, 1500u, 9014u, 65535u}) {
        const FlowHeader header = udp_to_outside(guest, flow, size);
        for (const std::byte byte : header.span())
          hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 1099511628211u;
      }
  CHECK(hash == 0x73b58067fac372ef);
}

TEST_CASE("each direction has its stations' addresses, the flow's port at the sender and 5001 at the receiver") {
  struct Direction {
    Endpoint from, to;
    std::string from_mac, to_mac;
    std::uint32_t from_ip, to_ip;
  };
  for (const auto& way : std::vector<Direction>{
           {{5}, kOutside, "00163e000005", "020000000001", 0x0a000005, 0xc6120001},
           {kOutside, {5}, "020000000001", "00163e000005", 0xc6120001, 0x0a000005},
           {{5}, {0xffffff}, "00163e000005", "00163effffff", 0x0a000005, 0x0affffff},
       }) {
    for (const Protocol protocol : {Protocol::kUdp, Protocol::kTcp}) {
      const FlowHeader header =
          make_header({.from = way.from, .to = way.to, .flow = 64511, .protocol = protocol, .size_bytes = 60});
      CHECK(mac(header, 0) == way.to_mac);
      CHECK(mac(header, 6) == way.from_mac);
      CHECK(get32(header, 26) == way.from_ip);
      CHECK(get32(header, 30) == way.to_ip);
      CHECK(get16(header, 34) == 65535);
      CHECK(get16(header, 36) == 5001);
    }
  }
}

TEST_CASE("mac_of_guest is what headers carry") {
  CHECK(hex(mac_of_guest(0)) == "00163e000000");
  CHECK(hex(mac_of_guest(0xabcdef)) == "00163eabcdef");
  CHECK(mac_of({0xabcdef}) == mac_of_guest(0xabcdef));
  CHECK(hex(mac_of_nic(0x010203)) == "020001010203");
  CHECK(hex(mac_of(kOutside)) == "020000000001");
}

TEST_CASE("the IPv4 header sums to ffff, as a receiver checks it") {
  for (const std::uint32_t size : {60u, 1500u, 65535u, 65549u})
    for (const Protocol protocol : {Protocol::kUdp, Protocol::kTcp})
      for (const Endpoint& to : {kOutside, Endpoint{3}}) {
        const FlowHeader header = make_header({.from = {size}, .to = to, .protocol = protocol, .size_bytes = size});
        CHECK(sum_mod_65535(header.span().subspan(14, 20)) == 0);
        CHECK(get16(header, 16) == size - 14);
        CHECK(header.bytes[23] == (protocol == Protocol::kTcp ? std::byte{6} : std::byte{17}));
      }
}

TEST_CASE("a TCP header, byte for byte") {
  const FlowHeader header =
      make_header({.from = {1}, .to = {2}, .flow = 3, .protocol = Protocol::kTcp, .size_bytes = 65535});
  CHECK(header.size_bytes == 54);
  CHECK(hex(header.span()) ==
        "00163e000002"
        "00163e000001"
        "0800"
        "4500fff100004000400627040a0000010a000002"
        "04031389"
        "00000001"
        "00000001"
        "5010ffff"
        "13e70000");
}

TEST_CASE("the partial TCP checksum needs only the segment's sum to become what RFC 9293 asks for") {
  for (const std::uint32_t size : {54u, 60u, 1515u, 65535u}) {
    CAPTURE(size);
    const FlowHeader header =
        make_header({.from = kOutside, .to = {0xfedcba}, .flow = 9, .protocol = Protocol::kTcp, .size_bytes = size});
    std::vector<std::byte> frame(size);
    for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<std::byte>(i * 7);
    std::ranges::copy(header.span(), frame.begin());

    // What a NIC does: sum the segment with the partial checksum in its place, and invert.
    const std::uint32_t checksum = 65535 - sum_mod_65535(std::span(frame).subspan(34));
    frame[50] = static_cast<std::byte>(checksum >> 8);
    frame[51] = static_cast<std::byte>(checksum);

    // What a receiver does: sum pseudo-header and segment.
    std::vector<std::byte> checked(frame.begin() + 26, frame.begin() + 34);
    const std::uint32_t length = size - 34;
    for (const std::uint32_t word : {6u, length})
      for (const int shift : {8, 0}) checked.push_back(static_cast<std::byte>(word >> shift));
    checked.insert(checked.end(), frame.begin() + 34, frame.end());
    CHECK(sum_mod_65535(checked) == 0);
  }
}

TEST_CASE("what is beyond a header's bytes is zero") {
  const FlowHeader header = udp_to_outside(1, 1, 60);
  CHECK(hex(std::span(header.bytes).subspan(42)) == "000000000000000000000000");
}
