#include <doctest/doctest.h>

#include <vector>

#include "base/random.h"
#include "native/net/bond/bond_rig.h"
#include "net/bond/bond.h"
#include "net/bond/usable_nics.h"
#include "net/xmit_hash.h"

using namespace ringback;

TEST_CASE("bond: xor takes the hash modulo the NICs that can send, in their order") {
  for (const XmitHashPolicy policy : {XmitHashPolicy::kLayer2, XmitHashPolicy::kLayer34, XmitHashPolicy::kLayer23}) {
    BondRig rig({.mode = BondMode::kBalanceXor, .xmit_hash_policy = policy, .miimon_ns = 100 * kMs}, 4);
    std::vector<std::uint32_t> usable{0, 1, 2, 3};
    const auto check = [&] {
      for (std::uint32_t guest = 0; guest < 4; ++guest) {
        for (std::uint32_t flow = 0; flow < 50; ++flow) {
          const FlowHeader header = BondRig::header(flow, guest);
          const auto hash = xmit_hash(policy, header.span());
          REQUIRE(rig.choose(header) == usable[hash % usable.size()]);
          const FlowHeader back = BondRig::inbound(flow, guest);
          const auto back_hash = xmit_hash(policy, back.span());
          REQUIRE(rig.bond().choose_inbound(rig.now(), back.span()) == usable[back_hash % usable.size()]);
        }
      }
    };
    check();
    rig.link(110 * kMs, 1, false);  // the carrier counts, not the tick
    usable = {0, 2, 3};
    check();
    rig.link(120 * kMs, 3, false);
    usable = {0, 2};
    check();
    rig.run(200 * kMs);
    rig.link(210 * kMs, 1, true);
    CHECK(rig.choose() != 1);
    rig.run(300 * kMs);
    usable = {0, 1, 2};
    check();
    for (const std::uint32_t i : {0u, 1u, 2u}) rig.link(310 * kMs, i, false);
    CHECK(rig.choose() == Bond::kNone);
    CHECK(rig.choose_inbound() == Bond::kNone);
  }
}

TEST_CASE("usable NICs: the remainder without a division is the remainder") {
  Random random(1);
  for (std::uint32_t count = 1; count <= UsableNics::kMax; ++count) {
    UsableNics usable;
    for (std::uint32_t i = 0; i < count; ++i) usable.add(i);
    for (const std::uint32_t hash : {0u, 1u, count - 1, count, ~0u, ~0u - 1, 0x8000'0000u})
      CHECK(usable.pick(hash) == hash % count);
    for (int i = 0; i < 1000; ++i) {
      const auto hash = static_cast<std::uint32_t>(random.next());
      REQUIRE(usable.pick(hash) == hash % count);
    }
  }
}

TEST_CASE("bond: broadcast sends on every NIC that is up, and the far end answers on the first") {
  BondRig rig({.mode = BondMode::kBroadcast, .miimon_ns = 100 * kMs}, 3);
  CHECK(rig.choose() == Bond::kAll);
  rig.link(110 * kMs, 0, false);
  CHECK(rig.choose() == Bond::kAll);
  CHECK_FALSE(rig.bond().can_send(0));
  CHECK(rig.bond().can_send(1));
  CHECK(rig.choose_inbound() == 1);
  rig.link(120 * kMs, 1, false);
  rig.link(120 * kMs, 2, false);
  CHECK(rig.choose() == Bond::kNone);
  for (const std::uint32_t i : {0u, 1u, 2u}) CHECK(rig.bond().accepts(i, {}));
}

TEST_CASE("bond: what each mode can carry") {
  struct Row {
    BondMode mode;
    std::uint64_t all;    // Gb/s of NICs with 1, 2 and 10
    std::uint64_t after;  // without the first one
  };
  const Row rows[] = {{BondMode::kBalanceRr, 3, 3},     {BondMode::kActiveBackup, 1, 2},
                      {BondMode::kBalanceXor, 13, 12},  {BondMode::kBroadcast, 1, 2},
                      {BondMode::kBalanceTlb, 13, 12},  {BondMode::kBalanceAlb, 13, 12},
                      {BondMode::kBalanceEdpf, 13, 12}, {BondMode::kBalanceFlowlet, 13, 12}};
  for (const auto& [mode, all, after] : rows) {
    CAPTURE(static_cast<int>(mode));
    BondRig rig({.mode = mode, .miimon_ns = 100 * kMs}, {{.rate_bps = kGigabit, .queue_bytes = 100'000},
                                                         {.rate_bps = 2 * kGigabit, .queue_bytes = 100'000},
                                                         {.rate_bps = 10 * kGigabit, .queue_bytes = 100'000}});
    CHECK(rig.bond().capacity_bps() == all * kGigabit);
    rig.link(110 * kMs, 0, false);
    CHECK(rig.bond().capacity_bps() == all * kGigabit);  // until the bond has missed it
    rig.run(200 * kMs);
    CHECK(rig.bond().capacity_bps() == after * kGigabit);
    rig.rate(210 * kMs, 2, 20 * kGigabit);
    rig.link(220 * kMs, 1, false);
    rig.run(300 * kMs);
    CHECK(rig.bond().capacity_bps() == 20 * kGigabit);
    rig.link(310 * kMs, 2, false);
    rig.run(400 * kMs);
    CHECK(rig.bond().capacity_bps() == 0);
    CHECK_FALSE(rig.bond().has_carrier());
  }
}

TEST_CASE("bond: a failover is counted when traffic has to move, not when nobody is left") {
  for (const BondMode mode : {BondMode::kBalanceRr, BondMode::kBalanceXor, BondMode::kBalanceEdpf}) {
    BondRig rig({.mode = mode, .miimon_ns = 100 * kMs}, 3);
    rig.link(110 * kMs, 0, false);
    CHECK(rig.bond().failovers() == 1);
    rig.run(1000 * kMs);
    CHECK(rig.bond().failovers() == 1);
    rig.link(1010 * kMs, 1, false);
    rig.link(1020 * kMs, 2, false);
    CHECK(rig.bond().failovers() == 2);
    rig.link(1030 * kMs, 2, true);
    rig.run(2000 * kMs);
    CHECK(rig.bond().failovers() == 2);
  }
}
