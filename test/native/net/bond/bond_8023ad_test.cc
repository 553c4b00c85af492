#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "native/net/bond/bond_rig.h"
#include "net/bond/bond.h"

using namespace ringback;

namespace {

constexpr TimeNs kSecond = 1000 * kMs;

BondConfig lacp(LacpPartner partner = {}) {
  return {.mode = BondMode::k8023ad,
          .xmit_hash_policy = XmitHashPolicy::kLayer34,
          .miimon_ns = 100 * kMs,
          .partner = std::move(partner)};
}

bool carries(BondRig& rig, std::uint32_t member) {
  return rig.bond().member(member).mux == LacpMux::kCollectingDistributing && rig.bond().can_send(member);
}

// Members that 64 flows are sent on, by bit.
std::uint32_t used(BondRig& rig) {
  std::uint32_t mask = 0;
  for (std::uint32_t flow = 0; flow < 64; ++flow) {
    const std::uint32_t member = rig.choose(flow);
    if (member != Bond::kNone) mask |= 1u << member;
  }
  return mask;
}
std::uint32_t used_inbound(BondRig& rig) {
  std::uint32_t mask = 0;
  for (std::uint32_t flow = 0; flow < 64; ++flow) {
    const std::uint32_t member = rig.choose_inbound(flow);
    if (member != Bond::kNone) mask |= 1u << member;
  }
  return mask;
}

// The first time at or after `from` at which it holds, to the tick.
template <class Holds>
TimeNs first_time(BondRig& rig, TimeNs from, Holds&& holds) {
  for (TimeNs at = from; at < from + 300 * kSecond; at += 10 * kMs) {
    rig.run(at);
    if (holds()) return at;
  }
  return kNever;
}

}  // namespace

TEST_CASE("bond: 802.3ad has settled at time 0, whoever begins") {
  for (const bool host_begins : {true, false}) {
    for (const LacpActivity activity : {LacpActivity::kActive, LacpActivity::kPassive}) {
      if (!host_begins && activity == LacpActivity::kPassive) continue;
      for (const LacpRate rate : {LacpRate::kSlow, LacpRate::kFast}) {
        BondConfig config = lacp({.activity = activity, .rate = rate});
        config.lacp_active = host_begins;
        BondRig rig(config, 3);
        for (const std::uint32_t i : {0u, 1u, 2u}) {
          CHECK(carries(rig, i));
          CHECK(rig.bond().member(i).aggregator == rig.bond().member(0).aggregator);
          CHECK(rig.bond().member(i).receive == LacpReceive::kCurrent);
        }
        CHECK(used(rig) == 7);
        CHECK(used_inbound(rig) == 7);
        CHECK(rig.bond().capacity_bps() == 3 * kGigabit);
        // And stays so, for longer than any timeout.
        for (TimeNs at = 0; at <= 400 * kSecond; at += kSecond) {
          rig.run(at);
          REQUIRE(used(rig) == 7);
        }
        CHECK(rig.bond().failovers() == 0);
      }
    }
  }
}

TEST_CASE("bond: 802.3ad, a NIC that dies is out at once, and the rest goes on") {
  BondRig rig(lacp(), 2);
  rig.link(110 * kMs, 0, false);
  CHECK(used(rig) == 2);
  CHECK(used_inbound(rig) == 2);
  CHECK(rig.bond().failovers() == 1);
  CHECK(rig.bond().capacity_bps() == 2 * kGigabit);  // the bond has not seen it yet
  rig.run(200 * kMs);
  CHECK(rig.bond().capacity_bps() == kGigabit);
  CHECK(rig.bond().has_carrier());
}

TEST_CASE("bond: 802.3ad, a NIC that is back negotiates: two seconds of waiting and LACP's ticks") {
  BondRig rig(lacp(), 2);
  rig.link(110 * kMs, 0, false);
  rig.run(1000 * kMs);
  rig.link(1010 * kMs, 0, true);
  rig.run(1100 * kMs);
  CHECK(std::string(name_of(rig.bond().member(0).link)) == "up");
  CHECK_FALSE(rig.bond().can_send(0));
  const TimeNs back = first_time(rig, 1100 * kMs, [&] { return carries(rig, 0); });
  CHECK(back >= 3100 * kMs);
  CHECK(back <= 3800 * kMs);
  CHECK(used(rig) == 3);
  CHECK(rig.bond().capacity_bps() == 2 * kGigabit);
}

TEST_CASE("bond: 802.3ad, a link that flaps between two ticks of the link monitor starts the switch's port again") {
  BondConfig config = lacp();
  config.miimon_ns = 1000 * kMs;
  BondRig rig(config, 2);
  rig.link(110 * kMs, 0, false);
  rig.link(120 * kMs, 0, true);
  rig.run(1500 * kMs);
  CHECK(rig.bond().member(0).link_failures == 0);
  CHECK_FALSE(rig.bond().can_send(0));
  CHECK(used_inbound(rig) == 2);
  const TimeNs back = first_time(rig, 1500 * kMs, [&] { return carries(rig, 0); });
  CHECK(back <= 4000 * kMs);
  CHECK(used_inbound(rig) == 3);
}

TEST_CASE("bond: 802.3ad, without a partner a single NIC carries, and another when it dies") {
  for (const bool both_passive : {false, true}) {
    BondConfig config = lacp({.activity = both_passive ? LacpActivity::kPassive : LacpActivity::kOff});
    config.lacp_active = !both_passive;
    BondRig rig(config, 3);
    CHECK(used(rig) == 1);
    CHECK(rig.bond().has_carrier());
    CHECK(rig.bond().capacity_bps() == kGigabit);
    CHECK(used_inbound(rig) == 1);
    CHECK(rig.bond().accepts(0, {}));
    CHECK_FALSE(rig.bond().accepts(1, {}));
    CHECK(rig.bond().member(0).receive == LacpReceive::kDefaulted);
    rig.link(110 * kMs, 0, false);
    CHECK(used(rig) == 0);
    rig.run(200 * kMs);
    CHECK(used(rig) == 2);
    CHECK(used_inbound(rig) == 2);
    CHECK(rig.bond().accepts(1, {}));
  }
}

TEST_CASE("bond: 802.3ad, NICs of other speeds or on other switches are other aggregators, and one of them carries") {
  struct Row {
    std::vector<std::uint64_t> rates;  // Gb/s
    std::vector<std::uint32_t> switches;
    AdSelect select;
    std::uint32_t used;
  };
  const Row rows[] = {
      {{1, 1, 1}, {0, 0, 1}, AdSelect::kStable, 0b011},
      {{1, 1, 1}, {0, 1, 1}, AdSelect::kBandwidth, 0b110},
      {{1, 1, 1}, {0, 1, 1}, AdSelect::kCount, 0b110},
      {{1, 1, 10}, {}, AdSelect::kBandwidth, 0b100},
      {{1, 1, 10}, {}, AdSelect::kCount, 0b011},
      {{10, 1, 1, 1}, {0, 1, 1, 1}, AdSelect::kBandwidth, 0b0001},
      {{10, 1, 1, 1}, {0, 1, 1, 1}, AdSelect::kCount, 0b1110},
      {{10, 10, 10, 10}, {7, 7, 8, 8}, AdSelect::kCount, 0b0011},
  };
  for (const Row& row : rows) {
    BondConfig config = lacp({.switches = row.switches});
    config.ad_select = row.select;
    std::vector<NicConfig> nics;
    for (const std::uint64_t rate : row.rates) nics.push_back({.rate_bps = rate * kGigabit, .queue_bytes = 100'000});
    BondRig rig(config, nics);
    CHECK(used(rig) == row.used);
    CHECK(used_inbound(rig) == row.used);
    for (std::uint32_t i = 0; i < nics.size(); ++i) {
      CHECK(rig.bond().accepts(i, {}) == ((row.used >> i & 1) != 0));
      // The others are attached, and wait.
      CHECK(rig.bond().member(i).mux ==
            ((row.used >> i & 1) != 0 ? LacpMux::kCollectingDistributing : LacpMux::kAttached));
    }
  }
}

TEST_CASE("bond: 802.3ad, stable keeps its aggregator until it cannot carry, bandwidth and count take the better one") {
  for (const AdSelect select : {AdSelect::kStable, AdSelect::kBandwidth, AdSelect::kCount}) {
    BondConfig config = lacp({.switches = {0, 0, 1}});
    config.ad_select = select;
    // The third NIC has no link at first.
    BondRig rig(config, 4 - 1, {});
    CHECK(used(rig) == 0b011);
    rig.link(110 * kMs, 0, false);
    rig.run(200 * kMs);
    // One to one: nobody is better than who carries.
    CHECK(used(rig) == 0b010);
    rig.link(1010 * kMs, 1, false);
    const TimeNs over = first_time(rig, 1010 * kMs, [&] { return used(rig) == 0b100; });
    CHECK(over <= 1400 * kMs);  // its partner is in synchronization: LACP tells it at once
    // Both are back: two are better than one.
    rig.link(2010 * kMs, 0, true);
    rig.link(2010 * kMs, 1, true);
    rig.run(10 * kSecond);
    CHECK(used(rig) == (select == AdSelect::kStable ? 0b100 : 0b011));
  }
}

TEST_CASE("bond: 802.3ad, fewer links than min_links are no carrier") {
  BondConfig config = lacp();
  config.min_links = 2;
  BondRig rig(config, 3);
  CHECK(used(rig) == 7);
  rig.link(110 * kMs, 0, false);
  rig.run(200 * kMs);
  CHECK(rig.bond().has_carrier());
  rig.link(210 * kMs, 1, false);
  CHECK(rig.bond().has_carrier());  // until it is missed
  rig.run(300 * kMs);
  CHECK_FALSE(rig.bond().has_carrier());
  CHECK(used(rig) == 0);
  CHECK(rig.bond().capacity_bps() == 0);
  rig.link(310 * kMs, 1, true);
  rig.run(10 * kSecond);
  CHECK(rig.bond().has_carrier());
  CHECK(used(rig) == 6);
}

TEST_CASE("bond: 802.3ad, a NIC whose speed changes goes to another aggregator") {
  BondRig rig(lacp(), 3);
  rig.rate(110 * kMs, 2, 10 * kGigabit);
  rig.run(10 * kSecond);
  CHECK(used(rig) == 3);
  CHECK(rig.bond().member(2).aggregator != rig.bond().member(0).aggregator);
  rig.rate(10'010 * kMs, 2, kGigabit);
  rig.run(20 * kSecond);
  CHECK(used(rig) == 7);
}

TEST_CASE("bond: 802.3ad hashes over the active aggregator's NICs") {
  BondRig rig(lacp(), 3);
  for (std::uint32_t flow = 0; flow < 100; ++flow) {
    const FlowHeader header = BondRig::header(flow);
    CHECK(rig.choose(header) == xmit_hash(XmitHashPolicy::kLayer34, header.span()) % 3);
  }
  rig.link(110 * kMs, 1, false);
  for (std::uint32_t flow = 0; flow < 100; ++flow) {
    const FlowHeader header = BondRig::header(flow);
    CHECK(rig.choose(header) == std::array{0u, 2u}.at(xmit_hash(XmitHashPolicy::kLayer34, header.span()) % 2));
  }
}

TEST_CASE("bond: 802.3ad, all links gone and back") {
  BondRig rig(lacp({.rate = LacpRate::kFast}), 2);
  for (const std::uint32_t i : {0u, 1u}) rig.link(110 * kMs, i, false);
  rig.run(200 * kMs);
  CHECK_FALSE(rig.bond().has_carrier());
  CHECK(used_inbound(rig) == 0);
  for (const std::uint32_t i : {0u, 1u}) rig.link(5010 * kMs, i, true);
  // A single one carries before LACP has spoken, as in Linux.
  rig.run(5200 * kMs);
  CHECK(rig.bond().has_carrier());
  rig.run(15 * kSecond);
  CHECK(used(rig) == 3);
}
