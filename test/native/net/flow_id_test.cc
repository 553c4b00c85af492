#include "net/flow_id.h"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <set>
#include <vector>

#include "base/random.h"
#include "native/net/xmit_vectors.h"
#include "native/vif/header_fixture.h"
#include "net/packet_header.h"

using namespace ringback;
using namespace ringback::test;

namespace {

const Flow kFlow = {ipv4(10, 1, 2, 3), ipv4(192, 168, 77, 250), 49'152, 443};
const Flow kFlow6 = {ipv6({0xfd00, 0, 0, 0, 0, 0, 0, 1}), ipv6({0xfd00, 0, 0, 7, 0, 0, 0, 0x99}), 49'152, 443, kUdp};

std::uint64_t id_of(const Flow& flow, const HeaderOptions& options = {}) { return flow_id(make_header(flow, options)); }

}  // namespace

TEST_CASE("flow id: the short way is the long one") {
  for (const XmitVector& vector : read_xmit_vectors()) {
    CAPTURE(vector.name);
    CHECK(flow_id(vector.frame) == flow_id_of_any(vector.frame));
  }
}

TEST_CASE("flow id: options, sizes and flags are no other flow") {
  CHECK(id_of(kFlow, {.ipv4_option_words = 3}) == id_of(kFlow));
  Bytes longer = make_header(kFlow);
  longer.resize(128, std::byte{0x5a});
  CHECK(flow_id(longer) == id_of(kFlow));
  Bytes extension;
  append(extension, {kUdp, 0, 1, 4, 0, 0, 0, 0});
  CHECK(id_of(kFlow6, {.ipv6_extensions = extension, .ipv6_first = 60}) == id_of(kFlow6));
}

TEST_CASE("flow id: addresses, ports, protocol, VLAN and direction are") {
  for (const Flow& flow : {kFlow, kFlow6}) {
    std::vector<Flow> others(5, flow);
    others[0].source.back() ^= std::byte{1};
    others[1].destination.front() ^= std::byte{0x80};
    others[2].source_port ^= 1;
    others[3].destination_port ^= 0x8000;
    others[4].protocol ^= kTcp ^ kUdp;
    std::set<std::uint64_t> ids = {id_of(flow), id_of(flow, {.vlan_types = {0x8100}})};
    for (const Flow& other : others) ids.insert(id_of(other));
    ids.insert(id_of({flow.destination, flow.source, flow.destination_port, flow.source_port, flow.protocol}));
    ids.insert(id_of({flow.destination, flow.source, flow.source_port, flow.destination_port, flow.protocol}));
    CHECK(ids.size() == 9);
  }
}

TEST_CASE("flow id: all fragments of a datagram are one flow") {
  CHECK(id_of(kFlow, {.ipv4_fragment = 0x2000}) == id_of(kFlow, {.ipv4_fragment = 0x00b9}));
  Flow other = kFlow;
  other.source_port = 1;
  CHECK(id_of(other, {.ipv4_fragment = 0x2000}) == id_of(kFlow, {.ipv4_fragment = 0x2000}));
}

TEST_CASE("flow id: what is not IP goes by its MAC addresses and type") {
  std::set<std::uint64_t> ids;
  Bytes arp(60);
  arp[12] = std::byte{0x08};
  arp[13] = std::byte{0x06};
  for (const std::size_t at : {0, 5, 6, 11, 13}) {
    ids.insert(flow_id(arp));
    arp[at] ^= std::byte{1};
  }
  ids.insert(flow_id(arp));
  CHECK(ids.size() == 6);
  const std::uint64_t last = flow_id(arp);
  arp[20] = std::byte{9};
  CHECK(flow_id(arp) == last);
  CHECK(flow_id({}) == flow_id({}));
}

TEST_CASE("flow id: made-up flows fill a table evenly, and each bit of a header changes half of the number") {
  constexpr std::size_t kFlows = 60'000;
  std::array<std::uint32_t, 1024> low{};
  std::array<std::uint32_t, 1024> high{};
  std::set<std::uint64_t> ids;
  for (std::uint32_t flow = 0; flow < kFlows; ++flow) {
    const FlowHeader header = make_header({.from = {1}, .to = {}, .flow = flow, .size_bytes = 1514});
    const std::uint64_t id = flow_id(header.span());
    ids.insert(id);
    ++low[id % low.size()];
    ++high[id >> 54];
  }
  CHECK(ids.size() == kFlows);
  for (const auto& table : {low, high})
    for (const std::uint32_t count : table) CHECK((count > 20 && count < 105));  // 59 on average

  Random random(11);
  for (std::size_t bit = 26 * 8; bit < 38 * 8; ++bit) {  // addresses and ports
    int changed = 0;
    for (int round = 0; round < 64; ++round) {
      Bytes header = make_header(kFlow);
      for (std::size_t at = 26; at < 38; ++at) header[at] = static_cast<std::byte>(random.next());
      const std::uint64_t before = flow_id(header);
      header[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      changed += std::popcount(before ^ flow_id(header));
    }
    CHECK((changed > 28 * 64 && changed < 36 * 64));
  }
}
