#include "net/flow_keys.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include "native/net/xmit_vectors.h"
#include "native/vif/header_fixture.h"

using namespace ringback;
using namespace ringback::test;

namespace {

const Flow kFlow = {ipv4(10, 1, 2, 3), ipv4(192, 168, 77, 250), 49'152, 443};
const Flow kFlow6 = {ipv6({0xfd00, 0, 0, 0, 0, 0, 0, 1}), ipv6({0xfd00, 0, 0, 7, 0, 0, 0, 0x99}), 49'152, 443, kUdp};

}  // namespace

TEST_CASE("link keys: the outermost tag stands beside the frame") {
  const LinkKeys plain = read_link(make_header(kFlow));
  CHECK(plain.is_complete);
  CHECK(!plain.is_tagged);
  CHECK(plain.type == 0x0800);
  CHECK(plain.payload_at == 14);

  const LinkKeys tagged = read_link(make_header(kFlow, {.vlan_types = {0x88a8, 0x8100}}));
  CHECK(tagged.is_tagged);
  CHECK(tagged.tag == 0x0064);
  CHECK(tagged.type == 0x8100);
  CHECK(tagged.payload_at == 18);

  Bytes cut = make_header(kFlow, {.vlan_types = {0x8100}});
  cut.resize(17);
  CHECK(!read_link(cut).is_tagged);
  CHECK(read_link(cut).type == 0x8100);
  cut.resize(13);
  CHECK(!read_link(cut).is_complete);
}

TEST_CASE("flow keys: addresses, protocol and ports as a little-endian kernel loads them") {
  const FlowKeys keys = dissect(make_header(kFlow), false);
  CHECK(keys.is_dissected);
  CHECK(keys.addresses == FlowKeys::Addresses::kIpv4);
  CHECK(keys.source_word() == 0x0302010a);
  CHECK(keys.destination_word() == 0xfa4da8c0);
  CHECK(keys.protocol == kTcp);
  CHECK(keys.ports == 0xbb0100c0);
  CHECK(!keys.is_fragment);

  const FlowKeys keys6 = dissect(make_header(kFlow6), true);
  CHECK(keys6.addresses == FlowKeys::Addresses::kIpv6);
  CHECK(keys6.destination[1] == std::byte{0});
  CHECK(keys6.destination[15] == std::byte{0x99});
  CHECK(keys6.destination_word() == (0x000000fdu ^ 0x00000700u << 16 ^ 0x99000000u));
  CHECK(keys6.protocol == kUdp);
}

TEST_CASE("flow keys: a fragment has no ports, and says so") {
  for (const unsigned fragment : {0x2000u, 0x2001u, 0x00b9u}) {
    for (const bool inner : {false, true}) {
      const FlowKeys keys = dissect(make_header(kFlow, {.ipv4_fragment = fragment}), inner);
      CHECK(keys.is_dissected);
      CHECK(keys.is_fragment);
      CHECK(keys.ports == 0);
      CHECK(keys.protocol == kTcp);
    }
  }
}

TEST_CASE("flow keys: an IPv4 address inside does not keep a part of the IPv6 address outside") {
  Bytes inside = make_header(kFlow);
  inside.erase(inside.begin(), inside.begin() + 14);
  Flow outside = kFlow6;
  outside.protocol = 4;
  Bytes frame = make_header(outside, {.ipv6_extensions = inside, .ipv6_first = 4});
  const FlowKeys keys = dissect(frame, true);
  CHECK(keys.addresses == FlowKeys::Addresses::kIpv4);
  CHECK(keys.source_word() == 0x0302010a);
  CHECK(keys.destination_word() == 0xfa4da8c0);
}

TEST_CASE("flow keys: the reading that goes on inward looks at 15 headers of types and protocols at most") {
  const auto tags = [](std::size_t count) {
    return dissect(make_header(kFlow, {.vlan_types = std::vector<unsigned>(count, 0x8100)}), true);
  };
  // Linux counts what leads on: of the tags the first, which was taken off, too.
  CHECK(tags(15).addresses == FlowKeys::Addresses::kIpv4);
  CHECK(tags(16).addresses == FlowKeys::Addresses::kNone);
  CHECK(tags(16).is_dissected);

  const auto options = [](std::size_t count) {
    Bytes extensions;
    for (std::size_t i = 0; i + 1 < count; ++i) append(extensions, {60, 0, 0, 0, 0, 0, 0, 0});
    append(extensions, {kUdp, 0, 0, 0, 0, 0, 0, 0});
    return dissect(make_header(kFlow6, {.ipv6_extensions = extensions, .ipv6_first = 60}), true);
  };
  CHECK(options(16).ports == 0xbb0100c0);  // the ports behind the last one are still looked at
  CHECK(options(17).ports == 0);
  CHECK(options(17).is_dissected);
}
