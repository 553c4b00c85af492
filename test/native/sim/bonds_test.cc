// Bonds in a world: what goes through them, what a NIC that fails costs, and that nothing is lost uncounted.
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr std::uint64_t kMbps = 1'000'000;
constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
constexpr NicConfig kWire{.rate_bps = 1000 * kMbps, .queue_bytes = 512'000, .propagation_ns = 20'000};
constexpr Uplink kBond0{Uplink::Kind::kBond, 0};
constexpr Uplink kBridge0{Uplink::Kind::kBridge, 0};

BondConfig bond(BondMode mode, TimeNs miimon_ns = 10 * kMs) {
  return {.mode = mode, .xmit_hash_policy = XmitHashPolicy::kLayer34, .miimon_ns = miimon_ns};
}

// One vif on a bond of as many NICs.
WorldConfig one_vif(const BondConfig& config, std::uint32_t nics) {
  WorldConfig world{.payload = Payload::kNone, .nics = std::vector(nics, kWire), .vifs = {{.uplink = kBond0}}};
  world.bonds = {{config, {}}};
  for (std::uint32_t nic = 0; nic < nics; ++nic) world.bonds[0].nics.push_back(nic);
  return world;
}

Source frames(std::uint64_t rate_bps, TimeNs stop_ns, std::uint32_t flows = 64, std::uint32_t size_bytes = 1500) {
  return {0, ConstantSource({.stop_ns = stop_ns, .rate_bps = rate_bps, .size_bytes = size_bytes, .flows = flows}, 1)};
}

std::uint64_t bond_counter(const World& world, std::string_view name, std::uint32_t index = 0) {
  std::array<std::uint64_t, kBondCounterNames.size()> counters{};
  world.network().read_bond_counters(index, counters);
  for (std::size_t i = 0; i < counters.size(); ++i)
    if (name == kBondCounterNames[i]) return counters[i];
  FAIL("no such counter");
  return 0;
}

}  // namespace

TEST_CASE("bonds: two NICs carry what two NICs can, in order where the mode keeps it") {
  for (const BondMode mode : {BondMode::kBalanceRr, BondMode::kBalanceEdpf, BondMode::kBalanceFlowlet}) {
    CAPTURE(static_cast<int>(mode));
    World world(one_vif(bond(mode), 2));
    world.add_source(frames(2500 * kMbps, kNever));
    world.run(100 * kMs, kNoLimit);
    CHECK(counter(world, 0, "txDeliveredBytes") >= 24'900'000);
    CHECK(nic_counter(world, 0, "sentPackets") >= 8300);
    CHECK(nic_counter(world, 1, "sentPackets") >= 8300);
    CHECK(bond_counter(world, "sentBytes") == counter(world, 0, "txDeliveredBytes"));
    CHECK(bond_counter(world, "reorderedPackets") == 0);
    check_conserved(world);
  }
}

TEST_CASE("bonds: with unequal NICs round robin loses and reorders, the earliest path does neither") {
  const auto run = [](BondMode mode) {
    WorldConfig config = one_vif(bond(mode), 3);
    config.nics[1].rate_bps = 2500 * kMbps;
    config.nics[2].rate_bps = 10'000 * kMbps;
    auto world = std::make_unique<World>(config);
    world->add_source(frames(13'000 * kMbps, 100 * kMs, 1));
    world->run(110 * kMs, kNoLimit);
    return world;
  };
  const auto rr = run(BondMode::kBalanceRr);
  CHECK(counter(*rr, 0, "txDroppedNicPackets") > 10'000);
  CHECK(bond_counter(*rr, "reorderedPackets") > 10'000);
  for (const BondMode mode : {BondMode::kBalanceEdpf, BondMode::kBalanceFlowlet}) {
    const auto world = run(mode);
    CHECK(dropped(*world, 0, "tx", "Packets") == 0);
    CHECK(bond_counter(*world, "reorderedPackets") == 0);
  }
}

TEST_CASE("bonds: what a dead NIC held, and what it was sent before the bond knew, is lost, and no more") {
  World world(one_vif(bond(BondMode::kActiveBackup), 2));
  world.add_source(frames(500 * kMbps, kNever));
  world.run(15 * kMs, kNoLimit);
  const std::uint64_t before = counter(world, 0, "txOfferedPackets");
  world.set_nic_link(0, false);
  world.run(20 * kMs, kNoLimit);
  CHECK(bond_counter(world, "activeNic") == 1);
  const std::uint64_t meanwhile = counter(world, 0, "txOfferedPackets") - before;
  world.run(20 * kMs + 1, kNoLimit);  // the tick itself
  CHECK(bond_counter(world, "activeNic") == 2);
  CHECK(bond_counter(world, "failovers") == 1);
  CHECK(bond_counter(world, "ownFrames") >= 1);
  world.run(100 * kMs, kNoLimit);
  const std::uint64_t lost = dropped(world, 0, "tx", "Packets");
  CHECK(lost == counter(world, 0, "txDroppedLinkPackets"));
  CHECK(lost >= meanwhile);
  CHECK(lost <= meanwhile + 2);  // and what was on the wire
  check_conserved(world);
}

TEST_CASE("bonds: without any link frames are the bond's loss, before the link monitor looks") {
  World world(one_vif(bond(BondMode::kBalanceXor), 2));
  world.add_source(frames(500 * kMbps, kNever));
  world.set_nic_link(0, false);
  world.set_nic_link(1, false);
  world.run(9 * kMs, kNoLimit);
  CHECK(bond_counter(world, "droppedPackets") > 300);
  CHECK(counter(world, 0, "txDroppedBondPackets") == bond_counter(world, "droppedPackets"));
  CHECK(counter(world, 0, "txDroppedLinkPackets") == 0);
  world.run(11 * kMs, kNoLimit);
  CHECK(bond_counter(world, "capacityBps") == 0);
  check_conserved(world);
}

TEST_CASE("bonds: a run ends at the very look that sees a link gone, and once for each bond that is watched") {
  WorldConfig config = one_vif(bond(BondMode::kBalanceXor), 6);
  config.bonds.clear();
  for (std::uint32_t nic = 0; nic < 6; nic += 2) config.bonds.push_back({bond(BondMode::kBalanceXor), {nic, nic + 1}});
  config.bonds[1].is_watched = config.bonds[2].is_watched = true;
  World world(config);
  world.add_source(frames(500 * kMbps, kNever));
  world.run(15 * kMs, kNoLimit);
  for (std::uint32_t nic = 0; nic < 6; nic += 2) world.set_nic_link(nic, false);
  for (std::uint32_t at = 1; at <= 2; ++at) {
    CHECK(world.run(100 * kMs, kNoLimit) == 20 * kMs);
    CHECK(world.has_new_capacity());
    CHECK(bond_counter(world, "capacityBps", at) == 1000 * kMbps);
    CHECK(bond_counter(world, "capacityBps", 2) == (at == 2 ? 1000 : 2000) * kMbps);
  }
  world.set_nic_rate(3, 300 * kMbps);  // who changes it knows
  CHECK(world.run(100 * kMs, kNoLimit) == 100 * kMs);
  CHECK_FALSE(world.has_new_capacity());
  CHECK(bond_counter(world, "capacityBps", 1) == 300 * kMbps);
}

TEST_CASE("bonds: broadcast sends a copy on every NIC, each with its buffer") {
  WorldConfig config = one_vif(bond(BondMode::kBroadcast), 3);
  config.payload = Payload::kCopy;
  World world(config);
  const std::uint32_t pages = world.buffer_pages_in_use();
  world.add_source(frames(100 * kMbps, 10 * kMs));
  world.run(50 * kMs, kNoLimit);
  const std::uint64_t offered = counter(world, 0, "txOfferedPackets");
  CHECK(offered > 80);
  CHECK(counter(world, 0, "txCopiedPackets") == 2 * offered);
  for (std::uint32_t nic = 0; nic < 3; ++nic) CHECK(nic_counter(world, nic, "sentPackets") == offered);
  CHECK(world.buffer_pages_in_use() == pages);
  check_conserved(world);
}

TEST_CASE("bonds: what comes in reaches the guest through a bridge over the bond, whichever NIC it comes in on") {
  WorldConfig config = one_vif(bond(BondMode::kBalanceXor), 2);
  config.bridges = {{.nics = {}, .bonds = {0}}};
  config.vifs = {{.uplink = kBridge0}, {.uplink = kBridge0}};
  World world(config);
  world.add_source(Source(
      0, kBond0,
      ConstantSource(
          {.stop_ns = 10 * kMs, .rate_bps = 500 * kMbps, .size_bytes = 1500, .flows = 64, .from = {}, .to = {1}}, 1)));
  world.run(50 * kMs, kNoLimit);
  CHECK(counter(world, 1, "rxDeliveredPackets") == counter(world, 0, "rxOfferedPackets"));
  CHECK(nic_counter(world, 0, "receivedPackets") > 50);
  CHECK(nic_counter(world, 1, "receivedPackets") > 50);
  check_conserved(world);
}

TEST_CASE("bonds: what comes in on an inactive NIC is not taken, and is counted") {
  World world(one_vif(bond(BondMode::kActiveBackup), 2));
  world.add_source(Source(
      0, kBond0,
      ConstantSource({.stop_ns = 40 * kMs, .rate_bps = 100 * kMbps, .size_bytes = 1500, .from = {}, .to = {0}}, 1)));
  world.run(15 * kMs, kNoLimit);
  CHECK(bond_counter(world, "inactivePackets") == 0);
  world.set_nic_link(0, false);  // the far end floods, and the other NIC is not active before the tick
  world.run(50 * kMs, kNoLimit);
  const std::uint64_t inactive = bond_counter(world, "inactivePackets");
  CHECK(inactive > 30);
  CHECK(inactive < 50);
  CHECK(counter(world, 0, "rxDroppedBondPackets") == inactive);
  CHECK(nic_counter(world, 1, "receivedPackets") > 200);
  check_conserved(world);
}

TEST_CASE("bonds: a burst stays on one NIC in round robin and is spread by the earliest path") {
  const auto run = [](BondMode mode) {
    auto world = std::make_unique<World>(one_vif(bond(mode), 2));
    world->add_source(Source(
        0, ConstantSource({.stop_ns = 1, .rate_bps = kMbps, .size_bytes = 54 + 44 * 1448, .gso_size_bytes = 1448}, 1)));
    world->run(10 * kMs, kNoLimit);
    CHECK(counter(*world, 0, "txDeliveredPackets") == 1);
    CHECK(counter(*world, 0, "txDeliveredBytes") == 54 + 44 * 1448);
    CHECK(bond_counter(*world, "sentBytes") == 44 * (54 + 1448));
    return std::array{nic_counter(*world, 0, "sentPackets"), nic_counter(*world, 1, "sentPackets")};
  };
  const auto [first, second] = run(BondMode::kBalanceRr);
  CHECK(first * second == 0);
  CHECK(first + second == 44);
  CHECK(run(BondMode::kBalanceEdpf) == std::array<std::uint64_t, 2>{22, 22});
}

TEST_CASE("segments: a frame of which the NIC had no room for all is lost as a whole, once") {
  WorldConfig config{.payload = Payload::kCopy, .nics = {kWire}, .vifs = {{}}};
  config.nics[0].queue_bytes = 10 * 1502;
  World world(config);
  const std::uint32_t pages = world.buffer_pages_in_use();
  world.add_source(Source(
      0, ConstantSource({.stop_ns = 1, .rate_bps = kMbps, .size_bytes = 54 + 44 * 1448, .gso_size_bytes = 1448}, 1)));
  world.run(10 * kMs, kNoLimit);
  CHECK(nic_counter(world, 0, "sentPackets") == 10);
  CHECK(nic_counter(world, 0, "droppedPackets") == 34);
  CHECK(counter(world, 0, "txDroppedNicPackets") == 1);
  CHECK(counter(world, 0, "txDeliveredPackets") == 0);
  CHECK(world.buffer_pages_in_use() == pages);
  check_conserved(world);
}

TEST_CASE("segments: reservations know of the headers, and the NIC's queue does not fill") {
  WorldConfig config{.payload = Payload::kNone, .nics = {kWire}, .reserves = {}, .vifs = {}};
  config.nics[0].overhead_bytes = 24;
  config.reserves = {{.rate_bps = 1000 * kMbps, .overhead_bytes = 24, .horizon_ns = kMs, .burst_ns = kMs}};
  for (std::uint32_t vif = 0; vif < 2; ++vif) {
    VifConfig& added = config.vifs.emplace_back();
    added.reserve = 0;
    added.reservation = {.min_bps = 100 * kMbps, .weight = 1};
  }
  World world(config);
  for (std::uint32_t vif = 0; vif < 2; ++vif)
    world.add_source(Source(
        vif, ConstantSource({.rate_bps = 2000 * kMbps, .size_bytes = 54 + 6 * 1448, .flows = 4, .gso_size_bytes = 1448},
                            vif + 1)));
  world.run(500 * kMs, kNoLimit);
  CHECK(nic_counter(world, 0, "droppedPackets") == 0);
  CHECK(nic_counter(world, 0, "busyNs") > 497 * kMs);
  check_conserved(world);
}

namespace {

// NICs of several speeds in two bonds, one of them behind a bridge, and traffic of all kinds both ways.
std::unique_ptr<World> random_world(std::uint64_t seed, Payload payload, bool is_eager, bool is_watched) {
  Random random(seed);
  const auto below = [&](std::uint64_t bound) { return static_cast<std::uint32_t>(random.below(bound)); };
  WorldConfig config{.payload = payload, .seed = seed};
  config.is_eager = is_eager;
  const std::uint32_t nics = 2 + below(5);
  for (std::uint32_t nic = 0; nic < nics; ++nic)
    config.nics.push_back({.rate_bps = (100 + below(2000)) * kMbps,
                           .queue_bytes = 3000 + random.below(60'000),
                           .propagation_ns = random.below(50'000),
                           .overhead_bytes = below(2) * 24});
  for (std::uint32_t index = 0; index < 2; ++index) {
    BondConfig& to = config.bonds.emplace_back().config;
    to.mode = static_cast<BondMode>(below(9));
    to.xmit_hash_policy = static_cast<XmitHashPolicy>(below(6));
    to.miimon_ns = (1 + below(3)) * 100'000;
    to.updelay_ns = to.miimon_ns * below(3);
    to.downdelay_ns = to.miimon_ns * below(3);
    to.packets_per_nic = below(3);
    to.tlb_dynamic_lb = below(2) == 0;
    to.seed = seed;
    config.bonds[index].is_watched = is_watched;
  }
  for (std::uint32_t nic = 0; nic < nics; ++nic) config.bonds[nic < 1 ? 0 : nic < 2 ? 1 : below(2)].nics.push_back(nic);
  config.bridges = {{.nics = {}, .bonds = {1}}};
  for (std::uint32_t vif = 0, vifs = 1 + below(4); vif < vifs; ++vif)
    config.vifs.push_back({.uplink = below(2) == 0 ? kBond0 : kBridge0, .backlog_packets = 1 + below(100)});
  auto world = std::make_unique<World>(config);
  for (std::uint32_t source = 0, sources = 1 + below(6); source < sources; ++source) {
    const std::uint32_t vif = below(config.vifs.size());
    ConstantConfig traffic{.start_ns = random.below(kMs),
                           .stop_ns = 8 * kMs,
                           .rate_bps = (1 + random.below(2000)) * kMbps,
                           .size_bytes = 60 + below(20'000),
                           .flows = 1 + below(20),
                           .from = {vif}};
    if (traffic.size_bytes > 2000 && random.below(2) == 0) traffic.gso_size_bytes = 1448;
    const bool is_inbound = random.below(3) == 0;
    if (is_inbound) std::swap(traffic.from, traffic.to);
    const Uplink inlet{Uplink::Kind::kBond, config.vifs[vif].uplink == kBond0 ? 0u : 1u};
    ConstantSource kind(traffic, random.next());
    world->add_source(is_inbound ? Source(vif, inlet, std::move(kind)) : Source(vif, std::move(kind)));
  }
  return world;
}

// Links and rates that change at random times, the same ones for the same seed.
template <class Advance>
void run_with_changes(World& world, std::uint64_t seed, Advance&& advance) {
  Random random(seed + 1000);
  for (TimeNs at = 0; at < 10 * kMs;) {
    at = std::min(10 * kMs, at + random.below(kMs));
    advance(at);
    const auto nic = static_cast<std::uint32_t>(random.below(world.network().nics()));
    const std::uint64_t what = random.below(4);
    if (what == 0) world.set_nic_rate(nic, (100 + random.below(2000)) * kMbps);
    if (what >= 2) world.set_nic_link(nic, what == 2);
  }
}

}  // namespace

TEST_CASE(
    "property: bonds lose no frame uncounted, keep no page, and are the same lazily, in slices, watched, without "
    "payload") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    const auto copied = random_world(seed, Payload::kCopy, false, true);
    const std::uint32_t pages = copied->buffer_pages_in_use();
    run_with_changes(*copied, seed, [&](TimeNs until) {
      while (copied->run(until, 50) < until) check_conserved(*copied);
    });
    for (const bool is_eager : {false, true}) {
      const auto bare = random_world(seed, Payload::kNone, is_eager, false);
      run_with_changes(*bare, seed, [&](TimeNs until) { bare->run(until, kNoLimit); });
      REQUIRE(bare->trace_hash() == copied->trace_hash());
    }
    for (std::uint32_t nic = 0; nic < copied->network().nics(); ++nic) copied->set_nic_link(nic, true);
    while (copied->run(20 * kNsPerSecond, kNoLimit) < 20 * kNsPerSecond) check_conserved(*copied);
    check_conserved(*copied);
    REQUIRE(copied->buffer_pages_in_use() == pages);
  }
}

namespace {

struct Stop {
  TimeNs at;
  std::array<std::uint64_t, 2> capacity_bps;
  bool operator==(const Stop&) const = default;
};

std::array<std::uint64_t, 2> capacities(const World& world) {
  return {world.network().bond(0).capacity_bps(), world.network().bond(1).capacity_bps()};
}

// Where runs of at most so many events ended because of a bond.
std::vector<Stop> stops_of(std::uint64_t seed, std::uint64_t most_events) {
  const auto world = random_world(seed, Payload::kNone, false, true);
  std::vector<Stop> stops;
  run_with_changes(*world, seed, [&](TimeNs until) {
    for (TimeNs reached = 0; reached < until;) {
      const auto before = capacities(*world);
      reached = world->run(until, most_events);
      REQUIRE(world->has_new_capacity() == (capacities(*world) != before));
      if (world->has_new_capacity()) stops.push_back({reached, capacities(*world)});
    }
  });
  return stops;
}

}  // namespace

TEST_CASE(
    "property: bonds that are watched never change unseen, and end runs at the same places however they are cut") {
  std::size_t count = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const std::vector<Stop> stops = stops_of(seed, kNoLimit);
    count += stops.size();
    REQUIRE(stops == stops_of(seed, 1));
    REQUIRE(stops == stops_of(seed, 7));
  }
  CHECK(count > 100);
}
