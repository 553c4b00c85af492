// What a world's shapers hold back, and what is changed about them while it runs.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "base/random.h"
#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr std::uint64_t kMbps = 1'000'000;
constexpr NicConfig kWire{.rate_bps = 1000 * kMbps, .queue_bytes = 512'000};
constexpr ReserveConfig kReserve{.rate_bps = 1000 * kMbps, .horizon_ns = kMs, .burst_ns = kMs};

VifConfig reserved(std::uint64_t min_bps, std::uint32_t weight = 1) {
  VifConfig config;
  config.reserve = 0;
  config.reservation = {.min_bps = min_bps, .weight = weight};
  return config;
}

Source constant(std::uint32_t vif, std::uint64_t rate_bps, TimeNs start_ns = 0, TimeNs stop_ns = kNever,
                std::uint32_t size_bytes = 1500) {
  return {vif, ConstantSource({.start_ns = start_ns,
                               .stop_ns = stop_ns,
                               .rate_bps = rate_bps,
                               .size_bytes = size_bytes,
                               .flows = 4,
                               .from = {vif}},
                              vif + 1)};
}

void run(World& world, TimeNs until_ns) { REQUIRE(world.run(until_ns, ~std::uint64_t{0}) == until_ns); }

// Megabits a second that a vif sends from now until then.
double mbps_until(World& world, std::uint32_t vif, TimeNs from_ns, TimeNs until_ns) {
  run(world, from_ns);
  const std::uint64_t before = counter(world, vif, "txDeliveredBytes");
  run(world, until_ns);
  return static_cast<double>(counter(world, vif, "txDeliveredBytes") - before) * 8e3 /
         static_cast<double>(until_ns - from_ns);
}

}  // namespace

TEST_CASE("shapers: a vif that wakes has its guarantee at once, beside three that always send") {
  World world({.nics = {kWire},
               .reserves = {kReserve},
               .vifs = {reserved(300 * kMbps), reserved(0), reserved(0), reserved(0)}});
  world.add_source(constant(0, 300 * kMbps, 500 * kMs));
  for (std::uint32_t vif = 1; vif < 4; ++vif) world.add_source(constant(vif, 1500 * kMbps));
  CHECK(mbps_until(world, 1, 100 * kMs, 500 * kMs) == doctest::Approx(333.3).epsilon(0.001));
  run(world, 500 * kMs);
  const std::uint64_t before = counter(world, 0, "txDeliveredBytes");
  run(world, 510 * kMs);
  CHECK(counter(world, 0, "txDeliveredBytes") - before >= 374'000 - 2 * 18'750);  // all but what waits for the wire
  CHECK(mbps_until(world, 0, 510 * kMs, 1510 * kMs) == doctest::Approx(300).epsilon(0.001));
  CHECK(mbps_until(world, 1, 1510 * kMs, 2510 * kMs) == doctest::Approx(233.3).epsilon(0.001));
  CHECK(dropped(world, 0, "tx", "Packets") == 0);
  check_conserved(world);
}

TEST_CASE("shapers: the wire is never idle while somebody waits, and its queue never full") {
  World world({.nics = {kWire},
               .reserves = {kReserve},
               .vifs = {reserved(300 * kMbps), reserved(0, 3), reserved(100 * kMbps)}});
  world.add_source(constant(0, 100 * kMbps));
  world.add_source(constant(1, 2000 * kMbps, 0, kNever, 9000));
  world.add_source(constant(2, 2000 * kMbps, 0, kNever, 300));
  run(world, 10 * kMs);
  std::array<std::uint64_t, kNicCounterNames.size()> before{};
  std::array<std::uint64_t, kNicCounterNames.size()> after{};
  world.network().read_nic_counters(0, before);
  run(world, 1010 * kMs);
  world.network().read_nic_counters(0, after);
  CHECK(after[1] - before[1] >= 124'980'000);
  CHECK(after[4] == 0);
}

TEST_CASE("shapers: a vif's own cap holds under reservations, and what it leaves goes to the others") {
  VifConfig capped = reserved(0);
  capped.credit = {.bytes = 1'250'000, .window_ns = 50 * kMs};  // 200 Mb/s
  World world({.nics = {kWire}, .reserves = {kReserve}, .vifs = {capped, reserved(0)}});
  for (std::uint32_t vif = 0; vif < 2; ++vif) world.add_source(constant(vif, 2000 * kMbps));
  run(world, 100 * kMs);
  CHECK(mbps_until(world, 0, 100 * kMs, 1100 * kMs) == doctest::Approx(200).epsilon(0.001));
  CHECK(mbps_until(world, 1, 1100 * kMs, 2100 * kMs) == doctest::Approx(800).epsilon(0.001));
}

TEST_CASE("shapers: a vif with several queues has one guarantee") {
  VifConfig wide = reserved(300 * kMbps);
  wide.queues = 4;
  World world({.nics = {kWire}, .reserves = {kReserve}, .vifs = {wide, reserved(0)}});
  for (std::uint32_t vif = 0; vif < 2; ++vif) world.add_source(constant(vif, 2000 * kMbps));
  run(world, 100 * kMs);
  CHECK(mbps_until(world, 0, 100 * kMs, 1100 * kMs) == doctest::Approx(650).epsilon(0.001));
  check_conserved(world);
}

TEST_CASE("shapers: reservations and an uplink's rate change while guests run") {
  World world({.nics = {kWire}, .reserves = {kReserve}, .vifs = {reserved(300 * kMbps), reserved(0)}});
  for (std::uint32_t vif = 0; vif < 2; ++vif) world.add_source(constant(vif, 2000 * kMbps));
  CHECK(mbps_until(world, 0, 100 * kMs, 600 * kMs) == doctest::Approx(650).epsilon(0.001));
  world.set_reservation(1, {.min_bps = 500 * kMbps, .weight = 4});
  CHECK(mbps_until(world, 0, 610 * kMs, 1110 * kMs) == doctest::Approx(340).epsilon(0.003));
  world.set_nic_rate(0, 800 * kMbps);
  world.set_reserve_rate(0, 800 * kMbps);
  CHECK(mbps_until(world, 0, 1120 * kMs, 1620 * kMs) == doctest::Approx(300).epsilon(0.001));
  world.set_reserve_rate(0, 0);
  run(world, 1630 * kMs);
  CHECK(mbps_until(world, 0, 1630 * kMs, 2000 * kMs) == 0);
  world.set_reserve_rate(0, 800 * kMbps);
  CHECK(mbps_until(world, 0, 2010 * kMs, 2510 * kMs) == doctest::Approx(300).epsilon(0.001));
  CHECK(dropped(world, 0, "tx", "Packets") == counter(world, 0, "txDroppedBacklogPackets"));
  check_conserved(world);
}

TEST_CASE("shapers: a cap that changes while the vif waits counts from then on, and its old timer means nothing") {
  VifConfig capped;
  capped.credit = {.bytes = 1500, .window_ns = 100 * kMs};
  World world({.nics = {kWire}, .vifs = {capped}});
  world.add_source(constant(0, 1000 * kMbps));
  run(world, 55 * kMs);
  CHECK(counter(world, 0, "txDeliveredPackets") == 1);
  CHECK(counter(world, 0, "heldBackNs") > 54 * kMs);
  world.set_credit(0, {.bytes = 3000, .window_ns = 10 * kMs});
  run(world, 64 * kMs);
  CHECK(counter(world, 0, "txDeliveredPackets") == 3);
  run(world, 101 * kMs);  // the old window has ended
  CHECK(counter(world, 0, "txDeliveredPackets") == 3 + 8);
  run(world, 160 * kMs);
  CHECK(counter(world, 0, "txDeliveredPackets") == 3 + 20);
  world.set_credit(0, Credit{});
  CHECK(mbps_until(world, 0, 200 * kMs, 300 * kMs) == doctest::Approx(1000).epsilon(0.01));
}

TEST_CASE("shapers: without a link what waits is lost and counted, and traffic goes on when it is back") {
  World world({.nics = {kWire}, .vifs = {{}, {}}});
  world.add_source(constant(0, 1500 * kMbps));
  ConstantConfig inbound{.rate_bps = 1500 * kMbps, .size_bytes = 1500, .to = {1}};
  world.add_source(Source(1, Uplink{.index = 0}, ConstantSource(inbound, 9)));
  run(world, 100 * kMs);
  world.set_nic_link(0, false);
  check_conserved(world);
  const std::uint64_t delivered = counter(world, 0, "txDeliveredPackets");
  const std::uint64_t lost = counter(world, 0, "txDroppedLinkPackets");
  CHECK(lost == 340);  // what was on its way or waited
  CHECK(counter(world, 1, "rxDroppedLinkPackets") == 340);
  run(world, 200 * kMs);
  CHECK(counter(world, 0, "txDeliveredPackets") == delivered);
  CHECK(counter(world, 0, "txDroppedLinkPackets") > lost + 12'000);
  world.set_nic_link(0, true);
  CHECK(mbps_until(world, 0, 210 * kMs, 310 * kMs) == doctest::Approx(1000).epsilon(0.001));
  CHECK(counter(world, 1, "rxDeliveredPackets") > 0);
  std::array<std::uint64_t, kNicCounterNames.size()> counters{};
  world.network().read_nic_counters(0, counters);
  CHECK(counters[14] == counter(world, 0, "txDroppedLinkPackets") + counter(world, 1, "rxDroppedLinkPackets"));
  check_conserved(world);
}

namespace {

struct RandomRun {
  std::uint64_t hash;
  std::uint64_t delivered_packets;
};

// A random world with reservations, caps, both or neither, in which everything changes all the time.
RandomRun run_random(std::uint64_t seed, Payload payload, bool is_eager) {
  Random random(seed);
  WorldConfig config{.payload = payload, .seed = seed};
  config.is_eager = is_eager;
  for (std::uint32_t nic = 0; nic < 2; ++nic) {
    config.nics.push_back(
        {.rate_bps = 50 * kMbps + random.below(2'000'000'000), .queue_bytes = 20'000 + random.below(500'000)});
    config.reserves.push_back({.rate_bps = config.nics[nic].rate_bps,
                               .overhead_bytes = static_cast<std::uint32_t>(random.below(30)),
                               .horizon_ns = 1 + random.below(2 * kMs),
                               .burst_ns = random.below(2 * kMs)});
  }
  if (random.below(3) == 0) config.costs = CpuCosts{.packet_ps = random.below(1'000'000), .notify_ps = 1'000'000};
  for (std::uint64_t vif = 0, vifs = 1 + random.below(6); vif < vifs; ++vif) {
    VifConfig v;
    v.uplink.index = static_cast<std::uint32_t>(random.below(2));
    v.queues = static_cast<std::uint32_t>(random.below(3) == 0 ? 3 : 1);
    v.backlog_packets = static_cast<std::uint32_t>(random.below(300));
    if (random.below(4) > 0) v.reserve = v.uplink.index;
    v.reservation = {.min_bps = random.below(2) * random.below(300 * kMbps),
                     .weight = static_cast<std::uint32_t>(1 + random.below(20))};
    if (random.below(2) == 0) v.credit = {1000 + random.below(30'000), 100'000 * (1 + random.below(20))};
    config.vifs.push_back(v);
  }
  World world(config);
  for (std::uint32_t source = 0; source < 8; ++source) {
    const auto vif = static_cast<std::uint32_t>(random.below(config.vifs.size()));
    const TimeNs start_ns = random.below(10 * kMs);
    world.add_source(constant(vif, kMbps + random.below(2'000'000'000), start_ns, start_ns + random.below(40 * kMs),
                              static_cast<std::uint32_t>(60 + random.below(9000))));
  }
  for (TimeNs now = 0; now < 40 * kMs;) {
    now += random.below(kMs);
    run(world, now);
    check_conserved(world);
    const auto vif = static_cast<std::uint32_t>(random.below(config.vifs.size()));
    const auto nic = static_cast<std::uint32_t>(random.below(2));
    switch (random.below(6)) {
      case 0:
        world.set_credit(
            vif, random.below(4) == 0 ? Credit{} : Credit{1 + random.below(50'000), 1000 + random.below(5 * kMs)});
        break;
      case 1:
        world.set_reservation(vif, {.min_bps = random.below(500 * kMbps),
                                    .weight = static_cast<std::uint32_t>(1 + random.below(10'000))});
        break;
      case 2:
        world.set_reserve_rate(nic, random.below(3) * random.below(2'000'000'000));
        break;
      case 3:
        world.set_nic_rate(nic, kMbps + random.below(2'000'000'000));
        break;
      case 4:
        world.set_nic_link(nic, random.below(3) > 0);
        break;
      default:
        if (random.below(4) == 0) world.reconnect(vif);
    }
  }
  for (std::uint32_t nic = 0; nic < 2; ++nic) {
    world.set_nic_link(nic, true);
    world.set_nic_rate(nic, 10'000 * kMbps);
    world.set_reserve_rate(nic, 10'000 * kMbps);
  }
  for (std::uint32_t vif = 0; vif < config.vifs.size(); ++vif) world.set_credit(vif, Credit{});
  run(world, 1000 * kMs);
  check_conserved(world);
  RandomRun result{world.trace_hash(), 0};
  for (std::uint32_t vif = 0; vif < config.vifs.size(); ++vif) {
    REQUIRE(world.vif(vif).fault() == Fault::kNone);
    REQUIRE(counter(world, vif, "txQueuedPackets") == 0);  // nobody was forgotten
    result.delivered_packets += counter(world, vif, "txDeliveredPackets");
  }
  return result;
}

}  // namespace

TEST_CASE("shapers: random worlds under random changes forget nobody, and lazy sources make no difference") {
  std::uint64_t delivered = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const RandomRun lazy = run_random(seed, Payload::kNone, false);
    CHECK(lazy.hash == run_random(seed, Payload::kNone, true).hash);
    if (seed % 10 == 0) CHECK(lazy.hash == run_random(seed, Payload::kCopy, false).hash);
    delivered += lazy.delivered_packets;
  }
  CHECK(delivered > 10'000);
}
