#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "native/net/bond/bond_rig.h"
#include "net/bond/bond.h"
#include "net/wire_bytes.h"

using namespace ringback;

namespace {

constexpr BondMode kModes[] = {BondMode::kBalanceRr,   BondMode::kActiveBackup,  BondMode::kBalanceXor,
                               BondMode::kBroadcast,   BondMode::kBalanceTlb,    BondMode::kBalanceAlb,
                               BondMode::kBalanceEdpf, BondMode::kBalanceFlowlet};

std::string link_of(BondRig& rig, std::uint32_t member) { return name_of(rig.bond().member(member).link); }

BondConfig active_backup(TimeNs updelay_ns = 0, TimeNs downdelay_ns = 0) {
  return {
      .mode = BondMode::kActiveBackup, .miimon_ns = 100 * kMs, .updelay_ns = updelay_ns, .downdelay_ns = downdelay_ns};
}

}  // namespace

TEST_CASE("bond: a link's states go from tick to tick, in every mode, whatever the delays") {
  for (const BondMode mode : kModes) {
    for (const std::uint32_t updelay : {0u, 1u, 5u}) {
      for (const std::uint32_t downdelay : {0u, 1u, 3u}) {
        CAPTURE(static_cast<int>(mode));
        CAPTURE(updelay);
        CAPTURE(downdelay);
        BondRig rig({.mode = mode,
                     .miimon_ns = 100 * kMs,
                     .updelay_ns = updelay * 100 * kMs,
                     .downdelay_ns = downdelay * 100 * kMs},
                    2);
        rig.link(250 * kMs, 1, false);
        const TimeNs down_ns = (300 + downdelay * 100) * kMs;
        rig.run(300 * kMs - 1);
        CHECK(link_of(rig, 1) == "up");
        rig.run(down_ns - 1);
        CHECK(link_of(rig, 1) == (downdelay == 0 ? "up" : "fail"));
        rig.run(down_ns);
        CHECK(link_of(rig, 1) == "down");
        CHECK(rig.bond().member(1).link_failures == 1);
        rig.link(down_ns + 1, 1, true);
        const TimeNs up_ns = down_ns + (1 + updelay) * 100 * kMs;
        rig.run(up_ns - 1);
        CHECK(link_of(rig, 1) == (updelay == 0 ? "down" : "back"));
        CHECK(rig.bond().up_count() == 1);
        rig.run(up_ns);
        CHECK(link_of(rig, 1) == "up");
      }
    }
  }
}

TEST_CASE("bond: a link that changes at a tick's very time counts at that tick") {
  BondRig rig(active_backup(), 2);
  rig.link(300 * kMs, 0, false);
  rig.run(300 * kMs);
  CHECK(rig.bond().active() == 1);
}

TEST_CASE("bond: active-backup goes on sending on a dead NIC until downdelay is over, and then on the other") {
  for (const std::uint32_t downdelay : {0u, 2u}) {
    BondRig rig(active_backup(0, downdelay * 100 * kMs), 2);
    CHECK(rig.choose() == 0);
    rig.link(110 * kMs, 0, false);
    const TimeNs over_ns = (200 + downdelay * 100) * kMs;
    rig.run(over_ns - 1);
    CHECK(rig.choose() == 0);
    rig.run(over_ns);
    CHECK(rig.choose() == 1);
    CHECK(rig.bond().active() == 1);
    CHECK(rig.bond().failovers() == 1);
  }
}

TEST_CASE("bond: updelay is waited for, but not with nobody to carry") {
  BondRig rig(active_backup(500 * kMs), 2);
  rig.link(110 * kMs, 0, false);
  rig.link(110 * kMs, 1, false);
  rig.run(200 * kMs);
  CHECK(rig.choose() == Bond::kNone);
  CHECK_FALSE(rig.bond().has_carrier());
  CHECK(rig.bond().capacity_bps() == 0);
  rig.link(210 * kMs, 1, true);
  rig.run(300 * kMs);
  CHECK(rig.choose() == 1);  // at once
  rig.link(310 * kMs, 0, true);
  rig.run(900 * kMs - 1);
  CHECK(link_of(rig, 0) == "back");
  rig.run(900 * kMs);
  CHECK(link_of(rig, 0) == "up");
  CHECK(rig.choose() == 1);
}

TEST_CASE("bond: only the first of several links that are back does not wait") {
  for (const BondMode mode : {BondMode::kActiveBackup, BondMode::kBalanceXor, BondMode::kBalanceEdpf}) {
    BondRig rig({.mode = mode, .miimon_ns = 100 * kMs, .updelay_ns = 500 * kMs}, 2);
    for (const std::uint32_t i : {0u, 1u}) rig.link(10 * kMs, i, false);
    for (const std::uint32_t i : {0u, 1u}) rig.link(110 * kMs, i, true);
    rig.run(200 * kMs);
    CHECK(link_of(rig, 0) == "up");
    CHECK(link_of(rig, 1) == "back");
  }
}

TEST_CASE("bond: rr and broadcast wait for updelay even with nobody to carry, as Linux does") {
  for (const BondMode mode : {BondMode::kBalanceRr, BondMode::kBroadcast}) {
    BondRig rig({.mode = mode, .miimon_ns = 100 * kMs, .updelay_ns = 500 * kMs}, 2);
    for (const std::uint32_t i : {0u, 1u}) rig.link(10 * kMs, i, false);
    for (const std::uint32_t i : {0u, 1u}) rig.link(110 * kMs, i, true);
    rig.run(699 * kMs);
    CHECK(rig.choose() == Bond::kNone);
    rig.run(700 * kMs);
    CHECK(rig.choose() != Bond::kNone);
  }
}

TEST_CASE("bond: with the active one gone, a link whose updelay runs is better than none") {
  BondRig rig(active_backup(500 * kMs), 3, {1, 2});
  rig.link(110 * kMs, 2, true);
  rig.link(210 * kMs, 1, true);
  rig.link(310 * kMs, 0, false);
  rig.run(400 * kMs);
  CHECK(rig.bond().active() == 2);  // it has waited longer
  CHECK(link_of(rig, 2) == "up");
  CHECK(link_of(rig, 1) == "back");
  BondRig equal(active_backup(500 * kMs), 3, {1, 2});
  for (const std::uint32_t i : {1u, 2u}) equal.link(110 * kMs, i, true);
  equal.link(310 * kMs, 0, false);
  equal.run(400 * kMs);
  CHECK(equal.bond().active() == 1);
}

TEST_CASE("bond: a link that comes and goes changes nothing, with delays") {
  BondRig rig(active_backup(300 * kMs, 300 * kMs), 2);
  // Gone at every second tick: neither delay is ever over.
  for (std::uint32_t k = 0; k < 40; ++k) rig.link((110 + k * 100) * kMs, 0, k % 2 == 1);
  rig.run(5000 * kMs);
  CHECK(rig.bond().failovers() == 0);
  CHECK(rig.bond().member(0).link_failures == 0);
  CHECK(rig.choose() == 0);
  // Gone for good, then the same from the other side: it stays with the other one.
  rig.link(5010 * kMs, 0, false);
  rig.run(5400 * kMs);
  CHECK(rig.bond().active() == 1);
  for (std::uint32_t k = 0; k < 40; ++k) rig.link((5510 + k * 100) * kMs, 0, k % 2 == 0);
  rig.run(9999 * kMs);
  CHECK(rig.bond().failovers() == 1);
  CHECK(rig.choose() == 1);
}

TEST_CASE("bond: without monitoring nothing is ever missed, and only modes that look at the carrier avoid a dead NIC") {
  for (const BondMode mode : {BondMode::kBalanceRr, BondMode::kActiveBackup, BondMode::kBalanceXor}) {
    BondRig rig({.mode = mode}, 2);
    rig.link(10 * kMs, 0, false);
    CHECK(rig.bond().next_ns() == kNever);
    CHECK(rig.bond().up_count() == 2);
    for (std::uint32_t flow = 0; flow < 8; ++flow) CHECK(rig.choose(flow) == (mode == BondMode::kActiveBackup ? 0 : 1));
  }
}

TEST_CASE("bond: the primary") {
  struct Row {
    PrimaryReselect rule;
    std::uint64_t primary_bps;
    std::uint32_t active;  // when the primary is back
  };
  const Row rows[] = {{PrimaryReselect::kAlways, kGigabit, 1},      {PrimaryReselect::kAlways, kGigabit / 10, 1},
                      {PrimaryReselect::kBetter, kGigabit, 0},      {PrimaryReselect::kBetter, kGigabit / 10, 0},
                      {PrimaryReselect::kBetter, 10 * kGigabit, 1}, {PrimaryReselect::kFailure, 10 * kGigabit, 0}};
  for (const auto& [rule, primary_bps, active] : rows) {
    BondConfig config = active_backup();
    config.primary = 1;
    config.primary_reselect = rule;
    BondRig rig(config,
                {{.rate_bps = kGigabit, .queue_bytes = 100'000}, {.rate_bps = primary_bps, .queue_bytes = 100'000}});
    CHECK(rig.choose() == 1);  // from the beginning, whatever the rule
    rig.link(110 * kMs, 1, false);
    rig.run(200 * kMs);
    CHECK(rig.choose() == 0);
    rig.link(310 * kMs, 1, true);
    rig.run(400 * kMs - 1);
    CHECK(rig.choose() == 0);
    rig.run(400 * kMs);
    CHECK(rig.choose() == active);
    // Only a failure takes it from whoever is active.
    rig.link(410 * kMs, active, false);
    rig.run(500 * kMs);
    CHECK(rig.choose() == 1 - active);
  }
}

TEST_CASE("bond: without a primary the first NIC that is up follows, and nobody comes back by itself") {
  BondRig rig(active_backup(), 3);
  rig.link(110 * kMs, 0, false);
  rig.run(200 * kMs);
  CHECK(rig.choose() == 1);
  rig.link(210 * kMs, 0, true);
  rig.run(300 * kMs);
  CHECK(rig.choose() == 1);
  rig.link(310 * kMs, 1, false);
  rig.run(400 * kMs);
  CHECK(rig.choose() == 0);
  CHECK(rig.bond().failovers() == 2);
}

TEST_CASE("bond: active-backup takes frames on its active NIC only, unless all are to be taken") {
  for (const bool all : {false, true}) {
    BondConfig config = active_backup();
    config.all_nics_active = all;
    BondRig rig(config, 2);
    CHECK(rig.bond().accepts(0, {}));
    CHECK(rig.bond().accepts(1, {}) == all);
    rig.link(110 * kMs, 0, false);
    rig.run(200 * kMs);
    CHECK(rig.bond().accepts(0, {}) == all);
    CHECK(rig.bond().accepts(1, {}));
  }
}

TEST_CASE("bond: gratuitous ARPs after a failover: the first at once, the others a tick each") {
  for (const std::uint32_t count : {0u, 1u, 3u}) {
    BondConfig config = active_backup();
    config.num_grat_arp = count;
    BondRig rig(config, 2);
    rig.link(110 * kMs, 0, false);
    rig.run(5000 * kMs);
    REQUIRE(rig.own.size() == count);
    for (std::uint32_t i = 0; i < count; ++i) {
      CHECK(rig.own[i].at == (200 + i * 100) * kMs);
      CHECK(rig.own[i].member == 1);
      const std::vector<std::byte>& arp = rig.own[i].bytes;
      REQUIRE(arp.size() == 60);
      CHECK((get32(arp, 0) == 0xffff'ffff && get16(arp, 4) == 0xffff));
      CHECK(std::equal(arp.begin() + 6, arp.begin() + 12, rig.bond().mac().begin()));
      CHECK(get16(arp, 12) == 0x0806);
      CHECK(get16(arp, 20) == 1);
      CHECK(std::equal(arp.begin() + 22, arp.begin() + 28, rig.bond().mac().begin()));
    }
  }
}

TEST_CASE("bond: from nobody to somebody, the ARP waits until the bond has its carrier: the next tick") {
  BondRig rig(
      [] {
        BondConfig config = active_backup();
        config.num_grat_arp = 2;
        return config;
      }(),
      2, {0, 1});
  CHECK(rig.bond().active() == Bond::kNone);
  rig.link(110 * kMs, 0, true);
  rig.run(1000 * kMs);
  REQUIRE(rig.own.size() == 2);
  CHECK(rig.own[0].at == 300 * kMs);
  CHECK(rig.own[1].at == 400 * kMs);
}

TEST_CASE("bond: the switch sends where it last heard the bond, and floods when it has forgotten") {
  BondConfig config = active_backup();
  config.primary = 0;
  config.num_grat_arp = 0;
  BondRig rig(config, 2);
  CHECK(rig.choose_inbound() == 0);
  rig.link(110 * kMs, 0, false);
  CHECK(rig.choose_inbound() == 1);  // flooded, and nobody listens there yet
  CHECK_FALSE(rig.bond().accepts(1, {}));
  rig.run(200 * kMs);
  CHECK(rig.choose_inbound() == 1);
  CHECK(rig.choose() == 1);
  // The primary takes over; until it is heard, frames go where nobody listens any more.
  rig.link(210 * kMs, 0, true);
  rig.run(300 * kMs);
  CHECK(rig.bond().active() == 0);
  CHECK(rig.choose_inbound() == 1);
  CHECK(rig.choose() == 0);
  CHECK(rig.choose_inbound() == 0);
  rig.link(310 * kMs, 0, false);
  rig.link(310 * kMs, 1, false);
  CHECK(rig.choose_inbound() == Bond::kNone);
}

TEST_CASE("bond: what is flooded for everybody comes in once, where it is taken") {
  BondConfig config = active_backup();
  config.primary = 0;
  config.num_grat_arp = 0;
  BondRig rig(config, 2);
  std::array<std::byte, 60> group{};
  put8(group, 0, 0xff);
  rig.link(110 * kMs, 0, false);
  rig.run(200 * kMs);
  CHECK(rig.choose() == 1);
  rig.link(210 * kMs, 0, true);
  CHECK(rig.bond().choose_inbound(rig.now(), group) == 1);
  // The primary has taken over, and the switch has not heard of it.
  rig.run(300 * kMs);
  CHECK(rig.choose_inbound() == 1);
  CHECK(rig.bond().choose_inbound(rig.now(), group) == 0);
}

TEST_CASE("bond: a gratuitous ARP tells the switch") {
  BondConfig config = active_backup();
  config.primary = 0;
  BondRig rig(config, 2);
  rig.link(110 * kMs, 0, false);
  rig.run(200 * kMs);
  CHECK(rig.choose() == 1);
  rig.link(210 * kMs, 0, true);
  rig.run(300 * kMs);
  CHECK(rig.choose_inbound() == 0);
}
