// balance-tlb and balance-alb.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "native/net/bond/bond_rig.h"
#include "net/bond/bond.h"
#include "net/wire_bytes.h"
#include "net/xmit_hash.h"

using namespace ringback;

namespace {

constexpr TimeNs kSecond = 1000 * kMs;
constexpr std::uint32_t kHost = 0x0a00'0001;  // 10.0.0.1

BondConfig balancing(BondMode mode) {
  return {.mode = mode, .xmit_hash_policy = XmitHashPolicy::kLayer34, .miimon_ns = 100 * kMs};
}

// A frame between the host and a client outside.
FlowHeader to_client(std::uint32_t client_ip, std::uint32_t host_ip = kHost) {
  FlowHeader header = BondRig::header(0);
  put32(header.bytes, 26, host_ip);
  put32(header.bytes, 30, client_ip);
  return header;
}
FlowHeader from_client(std::uint32_t client_ip, std::uint32_t host_ip = kHost) {
  FlowHeader header = BondRig::inbound(0);
  put32(header.bytes, 26, client_ip);
  put32(header.bytes, 30, host_ip);
  return header;
}

std::uint32_t inbound_member(BondRig& rig, std::uint32_t client_ip) {
  const FlowHeader header = from_client(client_ip);
  return rig.bond().choose_inbound(rig.now(), header.span());
}

bool is_learning_frame(const BondRig::Own& own, const MacAddress& mac) {
  return own.bytes.size() == 60 && std::equal(mac.begin(), mac.end(), own.bytes.begin()) &&
         std::equal(mac.begin(), mac.end(), own.bytes.begin() + 6) && get16(own.bytes, 12) == 0x9000;
}
bool is_arp(const BondRig::Own& own) { return get16(own.bytes, 12) == 0x0806; }

std::vector<std::byte> arp(std::uint32_t operation, std::uint32_t from_ip, std::uint32_t to_ip) {
  const OwnFrame frame = make_arp({.operation = static_cast<ArpOptions::Operation>(operation),
                                   .sender = mac_of_guest(1),
                                   .sender_ip = from_ip,
                                   .target = mac_of({}),
                                   .target_ip = to_ip});
  return {frame.begin(), frame.end()};
}

}  // namespace

TEST_CASE("bond: tlb puts a bucket on the NIC with most left of its speed, by what it carried before") {
  BondRig rig(balancing(BondMode::kBalanceTlb), 2);
  rig.run(50 * kMs);
  // Of idle buckets a byte a second is expected, so that new ones go in turns.
  for (std::uint32_t flow = 0; flow < 32; ++flow) CHECK(rig.choose(flow) == flow % 2);
  // One flow carries as much as all others.
  for (int i = 0; i < 3100; ++i) (void)rig.choose(0);
  for (int i = 0; i < 100; ++i)
    for (std::uint32_t flow = 1; flow < 32; ++flow) CHECK(rig.choose(flow) == flow % 2);
  rig.run(10 * kSecond);
  // The rebalancing knows what they carry: that one has a NIC for itself, and all stay where they are.
  std::array<std::uint32_t, 32> members{};
  for (std::uint32_t flow = 0; flow < 32; ++flow) {
    members.at(flow) = rig.choose(flow);
    CHECK(members.at(flow) == (flow == 0 ? 0 : 1));
  }
  rig.run(19 * kSecond);
  for (std::uint32_t flow = 0; flow < 32; ++flow) CHECK(rig.choose(flow) == members.at(flow));
}

TEST_CASE("bond: tlb weighs by speed, and by the bytes that a bucket carries") {
  BondRig rig(balancing(BondMode::kBalanceTlb),
              {{.rate_bps = kGigabit, .queue_bytes = 1u << 20}, {.rate_bps = 3 * kGigabit, .queue_bytes = 1u << 20}});
  rig.run(50 * kMs);
  CHECK(rig.choose(0) == 1);  // the faster one
  // 100 MB/s for 10 s in 32 flows.
  for (std::uint32_t flow = 0; flow < 32; ++flow)
    for (int i = 0; i < 480; ++i) (void)rig.choose(BondRig::header(flow), 65'000);
  rig.run(10 * kSecond);
  std::array<std::uint64_t, 2> counts{};
  for (std::uint32_t flow = 0; flow < 32; ++flow) ++counts.at(rig.choose(flow));
  // Even with all of them the fast one has more left.
  CHECK(counts == std::array<std::uint64_t, 2>{0, 32});
  for (std::uint32_t flow = 0; flow < 32; ++flow)
    for (int i = 0; i < 1920; ++i) (void)rig.choose(BondRig::header(flow), 65'000);
  rig.run(20 * kSecond);
  counts = {};
  for (std::uint32_t flow = 0; flow < 32; ++flow) ++counts.at(rig.choose(flow));
  // 100 Mb/s each, where Linux has 2^20 bits in a megabit: 22 until the fast one has less left than 1049, then in
  // turns.
  CHECK(counts == std::array<std::uint64_t, 2>{5, 27});
}

TEST_CASE("bond: tlb, what the active NIC carries unbalanced counts when buckets are given out") {
  BondRig rig(balancing(BondMode::kBalanceTlb), 2);
  std::array<std::byte, 60> group{};
  put8(group, 0, 0x01);
  rig.run(50 * kMs);
  CHECK(rig.bond().choose(rig.now(), group, 60'000) == 0);
  rig.run(10 * kSecond);
  CHECK(rig.choose(1) == 1);
}

TEST_CASE("bond: tlb sends what is for many, and what is not IP, on the active NIC") {
  for (const BondMode mode : {BondMode::kBalanceTlb, BondMode::kBalanceAlb}) {
    BondConfig config = balancing(mode);
    config.primary = 1;
    config.tlb_dynamic_lb = false;
    BondRig rig(config, 2);
    CHECK(rig.bond().active() == 1);
    FlowHeader group = BondRig::header(0);
    for (std::size_t i = 0; i < 6; ++i) put8(group.bytes, i, 0xff);
    FlowHeader other = BondRig::header(0);
    put16(other.bytes, 12, 0x88b5);
    for (int i = 0; i < 3; ++i) {
      CHECK(rig.choose(group) == 1);
      CHECK(rig.choose(other) == 1);
      CHECK(rig.bond().choose(rig.now(), {}, 60) == 1);
    }
  }
}

TEST_CASE("bond: tlb without dynamic balancing takes the hash") {
  for (const BondMode mode : {BondMode::kBalanceTlb, BondMode::kBalanceAlb}) {
    BondConfig config = balancing(mode);
    config.tlb_dynamic_lb = false;
    BondRig rig(config, 3);
    for (std::uint32_t flow = 0; flow < 50; ++flow) {
      const FlowHeader header = BondRig::header(flow);
      CHECK(rig.choose(header) == xmit_hash(XmitHashPolicy::kLayer34, header.span()) % 3);
    }
  }
}

TEST_CASE("bond: tlb loses the frame on which it sees that a bucket's NIC is dead, and moves the bucket") {
  BondRig rig(balancing(BondMode::kBalanceTlb), 2);
  rig.run(50 * kMs);
  CHECK(rig.choose(0) == 0);
  rig.link(110 * kMs, 0, false);
  CHECK(rig.choose(0) == Bond::kNone);
  CHECK(rig.choose(0) == 1);
  // What is not balanced waits for the link monitor.
  std::array<std::byte, 60> group{};
  put8(group, 0, 0x01);
  CHECK(rig.bond().choose(rig.now(), group, 60) == Bond::kNone);
  rig.run(200 * kMs);
  CHECK(rig.bond().choose(rig.now(), group, 60) == 1);
  CHECK(rig.bond().failovers() == 1);
}

TEST_CASE("bond: tlb takes frames on the active NIC, where the switch knows the bond") {
  BondRig rig(balancing(BondMode::kBalanceTlb), 2);
  CHECK(rig.bond().accepts(0, {}));
  CHECK_FALSE(rig.bond().accepts(1, {}));
  for (std::uint32_t flow = 0; flow < 50; ++flow) {
    (void)rig.choose(flow);
    CHECK(rig.choose_inbound(flow) == 0);
  }
}

TEST_CASE("bond: tlb and alb send learning frames from every member's own address, each lp_interval") {
  for (const BondMode mode : {BondMode::kBalanceTlb, BondMode::kBalanceAlb}) {
    BondConfig config = balancing(mode);
    config.lp_interval_ns = 2 * kSecond;
    BondRig rig(config, 2);
    rig.run(6 * kSecond);
    REQUIRE(rig.own.size() == 6);
    for (std::uint32_t i = 0; i < 6; ++i) {
      CHECK(rig.own[i].at == (1900 + i / 2 * 2000) * kMs);
      CHECK(rig.own[i].member == i % 2);
      CHECK(is_learning_frame(rig.own[i], mac_of_nic(i % 2)));
    }
  }
}

TEST_CASE("bond: tlb and alb swap addresses on failover and tell the switch at once") {
  for (const BondMode mode : {BondMode::kBalanceTlb, BondMode::kBalanceAlb}) {
    BondConfig config = balancing(mode);
    config.primary = 0;
    config.lp_interval_ns = 100 * kSecond;
    BondRig rig(config, 2);
    rig.link(110 * kMs, 0, false);
    rig.run(200 * kMs);
    // The bond's address is the second NIC's now; alb also has it take what is for the dead one's.
    REQUIRE(rig.own.size() == (mode == BondMode::kBalanceAlb ? 2 : 1));
    CHECK(rig.own[0].member == 1);
    CHECK(is_learning_frame(rig.own[0], rig.bond().mac()));
    if (mode == BondMode::kBalanceAlb) CHECK(is_learning_frame(rig.own[1], mac_of_nic(1)));
    CHECK(rig.choose_inbound() == 1);
    CHECK(rig.bond().accepts(1, {}));
    rig.own.clear();
    // The primary is back: both are up, both tell.
    rig.link(210 * kMs, 0, true);
    rig.run(300 * kMs);
    CHECK(rig.bond().active() == 0);
    std::erase_if(rig.own, is_arp);  // alb's client of choose_inbound() is told too
    REQUIRE(rig.own.size() == 2);
    CHECK(rig.own[0].member == 1);
    CHECK(is_learning_frame(rig.own[0], mac_of_nic(1)));
    CHECK(rig.own[1].member == 0);
    CHECK(is_learning_frame(rig.own[1], rig.bond().mac()));
    CHECK(rig.choose_inbound() == 0);
  }
}

TEST_CASE("bond: alb sends by the client's address, whoever of the host's talks to it") {
  BondRig rig(balancing(BondMode::kBalanceAlb), 2);
  rig.run(50 * kMs);
  for (std::uint32_t client = 0; client < 20; ++client)
    for (int i = 0; i < 100; ++i) (void)rig.choose(to_client(client));
  rig.run(10 * kSecond);
  std::array<int, 2> counts{};
  for (std::uint32_t client = 0; client < 20; ++client) {
    const std::uint32_t member = rig.choose(to_client(client));
    ++counts.at(member);
    CHECK(rig.choose(to_client(client, kHost + 7)) == member);
  }
  CHECK(counts == std::array{10, 10});
}

TEST_CASE("bond: alb tells clients in turns where to send, and takes it there") {
  BondRig rig(balancing(BondMode::kBalanceAlb), 2);
  for (std::uint32_t client = 0; client < 8; ++client) {
    (void)rig.choose(to_client(client));
    CHECK(inbound_member(rig, client) == client % 2);
  }
  const FlowHeader header = from_client(1);
  CHECK(rig.bond().accepts(0, header.span()));
  CHECK(rig.bond().accepts(1, header.span()));
  // For many: on the active one only.
  std::array<std::byte, 60> group{};
  put8(group, 0, 0xff);
  CHECK_FALSE(rig.bond().accepts(1, group));
  CHECK(rig.bond().choose_inbound(rig.now(), group) == 0);
}

TEST_CASE("bond: alb, only the fastest NICs get clients") {
  BondRig rig(balancing(BondMode::kBalanceAlb), {{.rate_bps = kGigabit, .queue_bytes = 1u << 20},
                                                 {.rate_bps = 10 * kGigabit, .queue_bytes = 1u << 20},
                                                 {.rate_bps = 10 * kGigabit, .queue_bytes = 1u << 20}});
  for (std::uint32_t client = 0; client < 8; ++client) CHECK(inbound_member(rig, client) == 1 + client % 2);
}

TEST_CASE("bond: alb, a second client in a bucket sends to the bond's own address") {
  BondRig rig(balancing(BondMode::kBalanceAlb), 2);
  CHECK(inbound_member(rig, 1) == 0);
  CHECK(inbound_member(rig, 2) == 1);
  CHECK(inbound_member(rig, 2 << 8) == 0);  // the same exclusive or
  CHECK(inbound_member(rig, 2) == 1);
}

TEST_CASE("bond: alb, clients of a dead NIC are told twice at once, and three times again") {
  BondConfig config = balancing(BondMode::kBalanceAlb);
  config.lp_interval_ns = 100 * kSecond;
  BondRig rig(config, 2);
  rig.run(50 * kMs);
  for (std::uint32_t client = 0; client < 4; ++client) (void)rig.choose(to_client(client));
  rig.link(1110 * kMs, 1, false);
  CHECK(inbound_member(rig, 1) == 0);  // flooded
  rig.run(1199 * kMs);
  rig.own.clear();
  rig.run(60 * kSecond);
  std::vector<BondRig::Own> arps;
  std::ranges::copy_if(rig.own, std::back_inserter(arps), is_arp);
  REQUIRE(arps.size() == 2 * 2 * 4);
  for (std::size_t i = 0; i < arps.size(); ++i) {
    CHECK(arps[i].member == 0);
    CHECK(arps[i].at == (1200 + i / 4 * 2100) * kMs);
    CHECK(get16(arps[i].bytes, 20) == 2);
    CHECK(get32(arps[i].bytes, 28) == kHost);
    CHECK(get32(arps[i].bytes, 38) == (i % 4 < 2 ? 3 : 1));
    CHECK(std::equal(arps[i].bytes.begin() + 22, arps[i].bytes.begin() + 28, rig.bond().mac().begin()));
  }
  for (std::uint32_t client = 0; client < 4; ++client) CHECK(inbound_member(rig, client) == 0);
  // Back: a rebalancing gives some of them to it again.
  rig.link(61 * kSecond, 1, true);
  rig.run(70 * kSecond);
  std::array<int, 2> counts{};
  for (std::uint32_t client = 0; client < 4; ++client) ++counts.at(inbound_member(rig, client));
  CHECK(counts == std::array{2, 2});
}

TEST_CASE("bond: alb, real ARP frames say who sends where") {
  BondRig rig(balancing(BondMode::kBalanceAlb), 2);
  rig.run(50 * kMs);
  // A reply goes on the member whose address it carries; the next client's on the next one.
  CHECK(rig.bond().choose(0, arp(2, kHost, 1), 60) == 0);
  CHECK(rig.bond().choose(0, arp(2, kHost, 2), 60) == 1);
  CHECK(rig.bond().choose(0, arp(2, kHost, 2), 60) == 1);
  CHECK(inbound_member(rig, 2) == 1);
  // Another client in that bucket takes it over.
  CHECK(rig.bond().choose(0, arp(2, kHost, 2 << 8), 60) == 0);
  CHECK(rig.bond().choose(0, arp(2, kHost, 2 << 8), 60) == 0);
  CHECK(inbound_member(rig, 2) == 0);
  CHECK(rig.bond().choose(0, arp(2, kHost, 3), 60) == 1);
  CHECK(inbound_member(rig, 3) == 1);
  // A request goes on the active one, and makes all clients of its sender send there, until they are told again.
  CHECK(rig.bond().choose(0, arp(1, kHost, 4), 60) == 0);
  CHECK(inbound_member(rig, 3) == 0);
  rig.run(2000 * kMs);
  CHECK(inbound_member(rig, 3) == 0);
  rig.run(2100 * kMs);
  CHECK(inbound_member(rig, 3) == 1);
  // Frames that end too early are nobody's.
  const std::vector<std::byte> whole = arp(2, kHost, 9);
  for (std::size_t size = 0; size < 42; ++size)
    CHECK(rig.bond().choose(rig.now(), std::span(whole).first(size), 60) == 0);
}
