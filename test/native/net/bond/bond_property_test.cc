#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "base/random.h"
#include "native/net/bond/bond_rig.h"
#include "net/bond/bond.h"
#include "net/wire_bytes.h"

using namespace ringback;

namespace {

BondConfig random_config(Random& random, std::uint32_t nics) {
  BondConfig config;
  config.mode = static_cast<BondMode>(random.below(9));
  const bool uses_primary = config.mode == BondMode::kActiveBackup || config.mode == BondMode::kBalanceTlb ||
                            config.mode == BondMode::kBalanceAlb;
  config.xmit_hash_policy = static_cast<XmitHashPolicy>(random.below(6));
  config.miimon_ns = !needs_link_monitor(config.mode) && random.below(4) == 0 ? 0 : (1 + random.below(3)) * 50 * kMs;
  config.updelay_ns = random.below(4) * config.miimon_ns;
  config.downdelay_ns = random.below(4) * config.miimon_ns;
  if (uses_primary && random.below(2) == 0) config.primary = static_cast<std::uint32_t>(random.below(nics));
  config.primary_reselect = static_cast<PrimaryReselect>(random.below(3));
  config.packets_per_nic = static_cast<std::uint32_t>(random.below(4));
  config.min_links = static_cast<std::uint32_t>(random.below(3));
  config.lacp_rate = static_cast<LacpRate>(random.below(2));
  config.lacp_active = random.below(2) == 0;
  config.ad_select = static_cast<AdSelect>(random.below(3));
  config.partner.activity = static_cast<LacpActivity>(random.below(3));
  config.partner.rate = static_cast<LacpRate>(random.below(2));
  if (random.below(2) == 0)
    for (std::uint32_t i = 0; i < nics; ++i)
      config.partner.switches.push_back(static_cast<std::uint32_t>(random.below(2)));
  config.tlb_dynamic_lb = random.below(2) == 0;
  config.num_grat_arp = static_cast<std::uint32_t>(random.below(4));
  config.all_nics_active = random.below(2) == 0;
  config.seed = random.next();
  return config;
}

std::vector<NicConfig> random_nics(Random& random, std::uint32_t count) {
  std::vector<NicConfig> nics(count);
  for (NicConfig& nic : nics)
    nic = {
        .rate_bps = (1 + random.below(3)) * kGigabit, .queue_bytes = 1u << 20, .propagation_ns = random.below(100'000)};
  return nics;
}

// What a mode's rule allows, said apart from how it is computed.
void check_choice(BondRig& rig, std::uint32_t member) {
  Bond& bond = rig.bond();
  const BondMode mode = bond.config().mode;
  std::uint32_t able = 0;
  for (std::uint32_t i = 0; i < bond.members(); ++i) {
    if (bond.can_send(i)) ++able;
    REQUIRE((!bond.can_send(i) || (rig.nic(i).has_link() && bond.member(i).link == LinkState::kUp)));
  }
  if (mode == BondMode::kActiveBackup) {
    REQUIRE(member == bond.active());
    if (member == Bond::kNone) REQUIRE(bond.up_count() == 0);
    return;
  }
  if (mode == BondMode::kBroadcast) {
    REQUIRE(member == (able > 0 ? Bond::kAll : Bond::kNone));
    return;
  }
  if (member == Bond::kNone) {
    const bool may_lose = mode == BondMode::kBalanceTlb || mode == BondMode::kBalanceAlb ||  // it has just seen it
                          (mode == BondMode::k8023ad && !bond.has_carrier());
    REQUIRE((able == 0 || may_lose || mode == BondMode::k8023ad));
    return;
  }
  REQUIRE(member < bond.members());
  REQUIRE(bond.can_send(member));
  if (mode == BondMode::k8023ad) REQUIRE(bond.accepts(member, {}));
}

void check_state(BondRig& rig) {
  Bond& bond = rig.bond();
  REQUIRE(bond.up_count() <= bond.members());
  if (!bond.has_carrier()) REQUIRE(bond.capacity_bps() == 0);
  if (bond.capacity_bps() > 0) REQUIRE(bond.up_count() > 0);
  if (bond.config().mode == BondMode::k8023ad) {
    // All that carry are in one aggregator.
    std::set<std::uint32_t> aggregators;
    for (std::uint32_t i = 0; i < bond.members(); ++i)
      if (bond.can_send(i) && bond.member(i).mux == LacpMux::kCollectingDistributing)
        aggregators.insert(bond.member(i).aggregator);
    REQUIRE(aggregators.size() <= 1);
  }
  for (std::uint32_t flow = 0; flow < 4; ++flow) {
    const std::uint32_t port = rig.choose_inbound(flow);
    bool has_link = false;
    for (std::uint32_t i = 0; i < bond.members(); ++i) has_link = has_link || rig.nic(i).has_link();
    REQUIRE((port == Bond::kNone) == !has_link);
    if (port != Bond::kNone) REQUIRE(rig.nic(port).has_link());
  }
}

struct Snapshot {
  std::vector<std::uint32_t> values;

  explicit Snapshot(BondRig& rig) {
    Bond& bond = rig.bond();
    for (std::uint32_t i = 0; i < bond.members(); ++i) {
      const MemberState state = bond.member(i);
      values.insert(values.end(), {static_cast<std::uint32_t>(state.link), state.is_active, state.link_failures,
                                   state.aggregator, static_cast<std::uint32_t>(state.mux),
                                   static_cast<std::uint32_t>(state.receive), bond.can_send(i)});
    }
    values.insert(values.end(), {bond.active(), bond.up_count(), static_cast<std::uint32_t>(bond.failovers()),
                                 bond.has_carrier(), static_cast<std::uint32_t>(rig.own.size())});
    for (std::uint32_t flow = 0; flow < 8; ++flow) values.push_back(rig.choose(flow));
    for (std::uint32_t flow = 0; flow < 8; ++flow) values.push_back(rig.choose_inbound(flow));
  }
  bool operator==(const Snapshot&) const = default;
};

}  // namespace

TEST_CASE("property: whatever links and rates do, a bond names only members that its mode's rule allows") {
  Random random(11);
  for (int run = 0; run < 400; ++run) {
    const auto count = static_cast<std::uint32_t>(1 + random.below(5));
    BondRig rig(random_config(random, count), random_nics(random, count));
    CAPTURE(run);
    TimeNs now = 1;
    for (int i = 0; i < 120; ++i) {
      now += random.below(random.below(10) == 0 ? 5000 * kMs : 120 * kMs);
      const auto nic = static_cast<std::uint32_t>(random.below(count));
      switch (random.below(4)) {
        case 0:
        case 1:
          rig.link(now, nic, random.below(2) == 0);
          break;
        case 2:
          rig.rate(now, nic, (1 + random.below(3)) * kGigabit);
          break;
        default:
          rig.run(now);
      }
      for (std::uint32_t flow = 0; flow < 4; ++flow) check_choice(rig, rig.choose(flow));
      check_state(rig);
    }
    // With all links up for long enough everything comes back.
    for (std::uint32_t nic = 0; nic < count; ++nic) rig.link(now + 1, nic, true);
    rig.run(now + 200'000 * kMs);
    const bool may_have_too_few = rig.bond().config().mode == BondMode::k8023ad && rig.bond().config().min_links > 0;
    REQUIRE((rig.bond().has_carrier() || may_have_too_few));
    REQUIRE(rig.bond().up_count() == count);
  }
}

TEST_CASE("property: a bond that is run only when it is due does what one does that is run all the time") {
  Random random(12);
  for (int run = 0; run < 120; ++run) {
    const auto count = static_cast<std::uint32_t>(1 + random.below(4));
    const BondConfig config = random_config(random, count);
    const auto nics = random_nics(random, count);
    BondRig due(config, nics);
    BondRig always(config, nics);
    CAPTURE(run);
    TimeNs now = 1;
    for (int i = 0; i < 40; ++i) {
      const TimeNs next = now + random.below(1500 * kMs);
      // Also when nothing is due: nothing may happen then.
      while (now < next) {
        now = std::min(next, now + 1 + random.below(60 * kMs));
        always.run_idle(now);
      }
      const auto nic = static_cast<std::uint32_t>(random.below(count));
      const bool up = random.below(2) == 0;
      const std::uint64_t rate_bps = (1 + random.below(3)) * kGigabit;
      const bool is_link = random.below(3) > 0;
      for (BondRig* rig : {&due, &always}) {
        if (is_link)
          rig->link(now, nic, up);
        else
          rig->rate(now, nic, rate_bps);
      }
      due.run(now);
      always.run(now);
      REQUIRE(Snapshot(due) == Snapshot(always));
      REQUIRE(due.bond().next_ns() == always.bond().next_ns());
      REQUIRE(due.bond().next_ns() > now);
    }
    REQUIRE(due.own.size() == always.own.size());
    for (std::size_t i = 0; i < due.own.size(); ++i) {
      REQUIRE(due.own[i].at == always.own[i].at);
      REQUIRE(due.own[i].member == always.own[i].member);
      REQUIRE(due.own[i].bytes == always.own[i].bytes);
    }
  }
}

TEST_CASE("property: a bond of any mode takes any bytes for a header") {
  Random random(13);
  for (int run = 0; run < 300; ++run) {
    const auto count = static_cast<std::uint32_t>(1 + random.below(4));
    BondRig rig(random_config(random, count), random_nics(random, count));
    for (int i = 0; i < 60; ++i) {
      std::vector<std::byte> bytes(random.below(80));
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next());
      if (bytes.size() > 14) {
        constexpr std::array<std::uint32_t, 5> kTypes{0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8};
        put16(bytes, 12, kTypes.at(random.below(kTypes.size())));
        if (random.below(2) == 0) put8(bytes, 0, 0);
      }
      check_choice(rig, rig.bond().choose(rig.now(), bytes, 60));
      const std::uint32_t port = rig.bond().choose_inbound(rig.now(), bytes);
      REQUIRE(port < count);
      (void)rig.bond().accepts(port, bytes);
      rig.run(rig.now() + random.below(500 * kMs));
    }
  }
}
