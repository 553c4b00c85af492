#include "net/segmentation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "net/packet_header.h"
#include "net/wire_bytes.h"

using namespace ringback;

namespace {

using Bytes = std::vector<std::byte>;

// A TCP frame's header over IPv4 with these tags in front.
Bytes tcp_header(std::uint32_t size_bytes, std::vector<std::uint32_t> tags = {}) {
  const FlowHeader header = make_header({.from = {1}, .to = {}, .protocol = Protocol::kTcp, .size_bytes = size_bytes});
  Bytes bytes(header.span().begin(), header.span().end());
  for (const std::uint32_t tag : tags) {
    std::array<std::byte, 4> more{};
    put16(more, 0, tag);
    put16(more, 2, 7);
    bytes.insert(bytes.begin() + 12, more.begin(), more.end());
  }
  return bytes;
}

// The same over IPv6.
Bytes tcp_header_over_ipv6() {
  Bytes bytes = tcp_header(9000);
  bytes.insert(bytes.begin() + 34, 20, std::byte{1});
  put16(bytes, 12, 0x86dd);
  put8(bytes, 14, 0x60);
  put8(bytes, 20, 6);
  return bytes;
}

Frame gso_frame(std::uint32_t size_bytes, std::uint16_t piece_bytes) {
  return {.size_bytes = size_bytes, .gso_size_bytes = piece_bytes};
}

// The sum over a header and its checksum is all ones: RFC 1071.
bool is_checksum_right(std::span<const std::byte> ipv4) { return internet_sum(ipv4) == 0xffff; }

}  // namespace

TEST_CASE("segmentation: every segment has the header and the next piece") {
  const Bytes header = tcp_header(54 + 3000);
  const Segmentation cut = segmentation_of(gso_frame(54 + 3000, 1448), header);
  REQUIRE(cut.segments == 3);
  CHECK(cut.header_bytes == 54);
  CHECK(cut.size_bytes(0) == 54 + 1448);
  CHECK(cut.size_bytes(1) == 54 + 1448);
  CHECK(cut.size_bytes(2) == 54 + 104);
  CHECK(cut.begin_bytes(2) == 2896);
}

TEST_CASE("segmentation: a frame of one piece, or without GSO, goes as it is") {
  CHECK(segmentation_of(gso_frame(54 + 1448, 1448), tcp_header(54 + 1448)).segments == 1);
  CHECK(segmentation_of(gso_frame(54 + 1449, 1448), tcp_header(54 + 1449)).segments == 2);
  CHECK(segmentation_of(gso_frame(9000, 0), tcp_header(9000)).segments == 1);
  CHECK(segmentation_of(gso_frame(9000, 511), tcp_header(9000)).segments == 1);
  CHECK(segmentation_of(gso_frame(9000, 512), tcp_header(9000)).segments > 1);
}

TEST_CASE("segmentation: tags and IPv6 are looked behind, three tags are not") {
  CHECK(segmentation_of(gso_frame(9000, 1448), tcp_header(9000, {0x8100})).header_bytes == 58);
  CHECK(segmentation_of(gso_frame(9000, 1448), tcp_header(9000, {0x8100, 0x88a8})).header_bytes == 62);
  CHECK(segmentation_of(gso_frame(9000, 1448), tcp_header(9000, {0x8100, 0x8100, 0x8100})).segments == 1);
  CHECK(segmentation_of(gso_frame(9000, 1448), tcp_header_over_ipv6()).header_bytes == 74);
}

TEST_CASE("segmentation: what is not TCP, or a fragment, goes as it is") {
  const auto with = [](std::size_t at, std::uint8_t value) {
    Bytes bytes = tcp_header(9000);
    put8(bytes, at, value);
    return segmentation_of(gso_frame(9000, 1448), bytes).segments;
  };
  CHECK(with(12, 0x09) == 1);  // ethertype
  CHECK(with(14, 0x55) == 1);  // version
  CHECK(with(14, 0x44) == 1);  // a header of 16 bytes
  CHECK(with(14, 0x4f) == 1);  // one that ends beyond what is there
  CHECK(with(20, 0x20) == 1);  // more fragments
  CHECK(with(21, 0x01) == 1);  // a later fragment
  CHECK(with(23, 17) == 1);    // UDP
  CHECK(with(46, 0x40) == 1);  // a TCP header of 16 bytes
  CHECK(with(46, 0xf0) == 1);  // one that ends beyond what is there
  CHECK(with(20, 0x40) > 1);   // don't fragment
  Bytes other = tcp_header_over_ipv6();
  put8(other, 20, 44);
  CHECK(segmentation_of(gso_frame(9000, 1448), other).segments == 1);
}

TEST_CASE("segmentation: no byte beyond the header is read, whatever is in it") {
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes = random.below(2) == 0 ? tcp_header(9000, {0x8100}) : tcp_header_over_ipv6();
    bytes.resize(random.below(bytes.size() + 1));
    bytes.shrink_to_fit();
    for (std::uint64_t flips = random.below(4); flips > 0 && !bytes.empty(); --flips)
      bytes[random.below(bytes.size())] = static_cast<std::byte>(random.next());
    const Frame frame =
        gso_frame(static_cast<std::uint32_t>(random.below(65'550)), static_cast<std::uint16_t>(random.next()));
    const Segmentation cut = segmentation_of(frame, bytes);
    if (cut.segments == 1) continue;
    std::uint32_t payload_bytes = 0;
    for (std::uint32_t segment = 0; segment < cut.segments; ++segment) {
      REQUIRE(cut.size_bytes(segment) > cut.header_bytes);
      payload_bytes += cut.size_bytes(segment) - cut.header_bytes;
    }
    REQUIRE(payload_bytes + cut.header_bytes == frame.size_bytes);
    make_segment_header(bytes, cut, static_cast<std::uint32_t>(random.below(cut.segments)), Checksum::kBlank);
  }
}

TEST_CASE("segmentation: a segment's header says what it carries") {
  const std::uint32_t size_bytes = 54 + 3000;
  Bytes whole = tcp_header(size_bytes);
  put8(whole, 47, 0x19);  // ACK, PSH, FIN
  put32(whole, 38, 0xffff'fff0);
  put16(whole, 18, 0xffff);
  const Segmentation cut = segmentation_of(gso_frame(size_bytes, 1448), whole);
  for (std::uint32_t segment = 0; segment < cut.segments; ++segment) {
    Bytes header = whole;
    make_segment_header(header, cut, segment, Checksum::kUnknown);
    CHECK(get16(header, 16) == cut.size_bytes(segment) - 14);
    CHECK(get16(header, 18) == ((0xffff + segment) & 0xffff));
    CHECK(is_checksum_right(std::span(header).subspan(14, 20)));
    CHECK(get32(header, 38) == 0xffff'fff0 + segment * 1448);
    CHECK(get8(header, 47) == (segment == 2 ? 0x19 : 0x10));
    CHECK(get16(header, 50) == get16(whole, 50));
  }
}

TEST_CASE("segmentation: a partial checksum is that of a frame of the segment's length") {
  const std::uint32_t size_bytes = 54 + 3000;
  const Bytes whole = tcp_header(size_bytes);
  const Segmentation cut = segmentation_of(gso_frame(size_bytes, 1448), whole);
  for (std::uint32_t segment = 0; segment < cut.segments; ++segment) {
    Bytes header = whole;
    make_segment_header(header, cut, segment, Checksum::kBlank);
    CHECK(get16(header, 50) == get16(tcp_header(cut.size_bytes(segment)), 50));
  }
}

TEST_CASE("segmentation: IPv6 has no checksum and counts what follows it") {
  Bytes header = tcp_header_over_ipv6();
  const Segmentation cut = segmentation_of(gso_frame(9000, 1448), header);
  make_segment_header(header, cut, 1, Checksum::kUnknown);
  CHECK(get16(header, 18) == 20 + 1448);
  CHECK(get32(header, 58) == 1 + 1448);
}
