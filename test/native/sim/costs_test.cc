// Worlds whose back ends' work costs time.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "base/random.h"
#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

constexpr CpuCosts kCosts{.packet_ps = 300'000, .byte_ps = 50, .notify_ps = 1'000'000};
constexpr NicConfig kWire{.rate_bps = 1'000'000'000, .queue_bytes = 10'000'000};
constexpr NicConfig kFastest{.rate_bps = 10'000'000'000'000, .queue_bytes = 10'000'000};

enum Counter { kCores, kBusyNs, kWakeups, kPolls, kPackets };

Source one_frame(std::uint32_t vif, TimeNs at) {
  return {vif, ConstantSource({.start_ns = at, .stop_ns = at + 1, .rate_bps = 1000, .size_bytes = 1500, .from = {vif}},
                              vif)};
}

// The same random world as often as it is asked for, with both directions and everything that vifs can be.
std::unique_ptr<World> random_world(std::uint64_t seed, Payload payload, bool is_eager) {
  Random random(seed);
  WorldConfig config{.payload = payload, .seed = seed};
  config.is_eager = is_eager;
  config.costs = {.cores = static_cast<std::uint32_t>(1 + random.below(4)),
                  .packet_ps = random.below(3'000'000),
                  .byte_ps = random.below(500),
                  .notify_ps = random.below(20'000'000)};
  for (int nic = 0; nic < 2; ++nic)
    config.nics.push_back({.rate_bps = 10'000'000 + random.below(10'000'000'000),
                           .queue_bytes = 1000 + random.below(200'000),
                           .propagation_ns = random.below(100'000)});
  config.bridges.push_back({.nics = {1}});
  for (std::uint64_t vif = 0, vifs = 1 + random.below(5); vif < vifs; ++vif) {
    VifConfig v;
    v.uplink = {random.below(2) == 0 ? Uplink::Kind::kNic : Uplink::Kind::kBridge, 0};
    v.queues = static_cast<std::uint32_t>(1 + random.below(3));
    v.split_event_channels = random.below(2) == 0;
    v.backlog_packets = static_cast<std::uint32_t>(random.below(300));
    v.batch_frames = static_cast<std::uint32_t>(random.below(2) == 0 ? 64 : 1 + random.below(64));
    v.always_notify = random.below(4) == 0;
    if (random.below(2) == 0) v.tx_slots = static_cast<std::uint32_t>(17 + random.below(100));
    if (random.below(4) > 0) v.credit = {1000 + random.below(30'000), 100'000 * (1 + random.below(20))};
    if (random.below(4) == 0) v.jiffies_hz = 1000;
    config.vifs.push_back(v);
  }
  auto world = std::make_unique<World>(config);
  for (std::uint64_t source = 0, sources = 1 + random.below(9); source < sources; ++source) {
    const auto vif = static_cast<std::uint32_t>(random.below(config.vifs.size()));
    const bool inbound = random.below(4) == 0;
    const auto peer = static_cast<std::uint32_t>(random.below(config.vifs.size()));
    ConstantConfig traffic{
        .start_ns = random.below(3'000'000),
        .stop_ns = 4'000'000 + random.below(6'000'000),
        .rate_bps = 1'000'000 + random.below(2'000'000'000),
        .size_bytes = static_cast<std::uint32_t>(60 + random.below(random.below(3) > 0 ? 1500 : 60'000)),
        .flows = static_cast<std::uint32_t>(1 + random.below(5)),
        .jitter_ns = random.below(10'000)};
    if (inbound) {
      traffic.from = {};
      traffic.to = {vif};
      const std::uint32_t nic = config.vifs[vif].uplink.kind == Uplink::Kind::kBridge ? 1 : 0;
      world->add_source(Source(vif, Uplink{.index = nic}, ConstantSource(traffic, random.next())));
    } else {
      traffic.from = {vif};
      if (peer != vif) traffic.to = {peer};
      world->add_source(Source(vif, ConstantSource(traffic, random.next())));
    }
  }
  return world;
}

// Runs it in slices at random times, or random numbers of events, with guests that come back.
std::vector<std::uint64_t> run_in_slices(World& world, std::uint64_t seed) {
  Random random(~seed);
  std::vector<std::uint64_t> hashes;
  for (TimeNs until = 0; until < 12'000'000;) {
    until += 1 + random.below(1'500'000);
    REQUIRE(world.run(until, kNever) == until);
    check_conserved(world);
    hashes.push_back(world.trace_hash());
    for (std::uint32_t i = 0; i < world.vif_count(); ++i) hashes.push_back(counter(world, i, "spuriousEvents"));
    const auto vif = static_cast<std::uint32_t>(random.below(world.vif_count()));
    if (random.below(3) == 0) world.reconnect(vif);
    check_conserved(world);
  }
  return hashes;
}

}  // namespace

TEST_CASE("costs: one frame leaves when its event, its copy and the guest's event are paid for") {
  World world({.nics = {kWire}, .vifs = {{}}, .costs = kCosts});
  world.add_source(one_frame(0, 1000));
  world.run(3374, kNever);
  CHECK(counter(world, 0, "txQueuedPackets") == 1);
  CHECK(counter(world, 0, "notifiesToFront") == 0);
  check_conserved(world);
  world.run(20'000, kNever);
  // 1000 for the event, 300 for the packet, 75 for the bytes, 1000 for the guest's event; then 12 us on the wire
  CHECK(world.vif(0).tx_latency().max() == 2375 + 12'000);
  CHECK(counter(world, 0, "notifiesToFront") == 1);
  const auto cpu = world.read_cpu_counters();
  CHECK(cpu[kBusyNs] == 2375);
  CHECK(cpu[kWakeups] == 1);
  CHECK(cpu[kPolls] == 1);
  CHECK(cpu[kPackets] == 1);
}

TEST_CASE("costs: a guest has a frame when its copy and the event are paid for") {
  World world({.nics = {kWire}, .vifs = {{}}, .costs = kCosts});
  world.add_source(
      Source(0, Uplink{.index = 0},
             ConstantSource({.stop_ns = 1, .rate_bps = 1000, .size_bytes = 1500, .from = {}, .to = {0}}, 1)));
  world.run(12'000 + 1374, kNever);
  CHECK(counter(world, 0, "rxQueuedPackets") == 1);
  check_conserved(world);
  world.run(20'000, kNever);
  CHECK(world.vif(0).rx_latency().max() == 12'000 + 300 + 75 + 1000);
}

TEST_CASE("costs: two frames at once take turns on one core and no time of each other on two") {
  for (const std::uint32_t cores : {1u, 2u}) {
    CpuCosts costs = kCosts;
    costs.cores = cores;
    World world({.nics = {kFastest}, .vifs = {{}, {}}, .costs = costs});
    world.add_source(one_frame(0, 1000));
    world.add_source(one_frame(1, 1000));
    world.run(20'000, kNever);
    CHECK(world.vif(0).tx_latency().max() == 2375 + 1);
    CHECK(world.vif(1).tx_latency().max() == (cores == 1 ? 2 * 2375 + 1 : 2375 + 2));
  }
}

TEST_CASE("costs: events wait for the core in the order in which they came") {
  World world({.nics = {kFastest}, .vifs = {{}, {}, {}}, .costs = kCosts});
  for (const std::uint32_t vif : {2u, 0u, 1u}) world.add_source(one_frame(vif, vif == 2 ? 1000 : 1200 - vif * 100));
  world.run(20'000, kNever);
  CHECK(world.vif(2).tx_latency().max() == 2375 + 1);
  CHECK(world.vif(1).tx_latency().max() == 2 * 2375 - 100 + 1);
  CHECK(world.vif(0).tx_latency().max() == 3 * 2375 - 200 + 1);
}

TEST_CASE("costs: what a poll leaves waits behind what became ready meanwhile") {
  World world({.nics = {kFastest}, .vifs = {{.batch_frames = 1}, {}}, .costs = CpuCosts{.packet_ps = 1'000'000}});
  for (const TimeNs at : {1000u, 1100u, 1200u}) world.add_source(one_frame(0, at));
  world.add_source(one_frame(1, 2100));
  world.run(20'000, kNever);
  // The first vif's second poll is from 2000 to 3000 and leaves a frame; the other vif's event has come by then.
  CHECK(world.vif(1).tx_latency().max() == 4000 - 2100 + 1);
  CHECK(world.vif(0).tx_latency().max() == 5000 - 1200 + 1);
}

TEST_CASE("costs: a saturated core takes a batch each packet * n + byte * size * n + notify") {
  for (const std::uint32_t batch : {1u, 8u, 64u}) {
    World world({.payload = Payload::kNone, .nics = {kFastest}, .vifs = {{.batch_frames = batch}}, .costs = kCosts});
    world.add_source(Source(0, ConstantSource({.rate_bps = 100'000'000'000, .size_bytes = 1500}, 1)));
    world.run(5'000'000, kNever);
    const auto before = world.read_cpu_counters();
    world.run(15'000'000, kNever);
    const auto after = world.read_cpu_counters();
    CHECK(after[kBusyNs] - before[kBusyNs] == 10'000'000);
    CHECK(after[kWakeups] == before[kWakeups]);  // it never gets to sleep
    const double expected = 10'000'000.0 * batch / (batch * 375 + 1000);
    CHECK(static_cast<double>(after[kPackets] - before[kPackets]) ==
          doctest::Approx(expected).epsilon(batch / expected));
    CHECK((after[kPackets] - before[kPackets]) == batch * (after[kPolls] - before[kPolls]));
  }
}

TEST_CASE("costs: two saturated vifs share a core packet by packet and have twice as much on two") {
  for (const std::uint32_t cores : {1u, 2u}) {
    CpuCosts costs = kCosts;
    costs.cores = cores;
    World world({.payload = Payload::kNone, .nics = {kFastest}, .vifs = {{}, {}}, .costs = costs});
    for (const std::uint32_t vif : {0u, 1u})
      world.add_source(
          Source(vif, ConstantSource({.rate_bps = 100'000'000'000, .size_bytes = 1500, .from = {vif}}, vif)));
    world.run(10'000'000, kNever);
    const std::uint64_t expected = 10'000'000 / 25'000 * 64 * cores / 2;
    for (const std::uint32_t vif : {0u, 1u})
      CHECK(static_cast<double>(counter(world, vif, "txDeliveredPackets")) ==
            doctest::Approx(static_cast<double>(expected)).epsilon(0.01));
  }
}

TEST_CASE("costs: credit is taken when a poll begins, frames leave when it ends") {
  // Two frames a window: the third waits from the begin of the poll, not from its end.
  World world({.nics = {kFastest}, .vifs = {{.credit = {.bytes = 3000, .window_ns = 1'000'000}}}, .costs = kCosts});
  for (const TimeNs at : {1'000u, 1'100u, 1'200u}) world.add_source(one_frame(0, at));
  world.run(3'375, kNever);
  CHECK(counter(world, 0, "heldBackNs") == 0);
  world.run(3'475, kNever);  // the second poll has begun at 3375: one frame goes, one waits
  CHECK(counter(world, 0, "heldBackNs") == 100);
  CHECK(counter(world, 0, "txDeliveredPackets") == 1);
}

TEST_CASE("costs: frames on a core when the guest comes back leave, and the guest hears nothing of them") {
  World world({.nics = {kFastest}, .vifs = {{}}, .costs = kCosts});
  world.add_source(one_frame(0, 1000));
  world.run(2000, kNever);
  world.reconnect(0);
  check_conserved(world);
  world.run(20'000, kNever);
  CHECK(counter(world, 0, "txDeliveredPackets") == 1);
  CHECK(counter(world, 0, "notifiesToFront") == 0);
  CHECK(world.vif(0).tx_latency().max() == 2375 + 1);
  CHECK(world.buffer_pages_in_use() == 1);
}

TEST_CASE("costs: sleeping sources and deferred responses make no difference, nor does payload or where slices end") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    const auto lazy = random_world(seed, Payload::kNone, false);
    const auto eager = random_world(seed, Payload::kNone, true);
    const auto hashes = run_in_slices(*lazy, seed);
    CHECK(hashes == run_in_slices(*eager, seed));
    const auto copied = random_world(seed, Payload::kCopy, false);
    CHECK(hashes == run_in_slices(*copied, seed));
    const auto in_one = random_world(seed, Payload::kNone, false);
    const auto in_many = random_world(seed, Payload::kNone, false);
    in_one->run(12'000'000, kNever);
    while (in_many->run(12'000'000, 7) < 12'000'000) check_conserved(*in_many);
    CHECK(in_one->trace_hash() == in_many->trace_hash());
    const auto cpu = in_one->read_cpu_counters();
    CHECK(cpu[kBusyNs] <= cpu[kCores] * 12'000'000);
  }
}

TEST_CASE("costs: the trace tells what the cores did") {
  const auto hash = [](std::uint64_t notify_ps) {
    World world({.nics = {kWire}, .vifs = {{}}, .costs = CpuCosts{.notify_ps = notify_ps}});
    world.run(1000, kNever);
    world.send_from_guest(0, 1);  // an event with nothing to do
    world.run(5000, kNever);
    return world.trace_hash();
  };
  CHECK(hash(1000) == hash(1000));
  CHECK(hash(1000) != hash(2000));
}

TEST_CASE("batch: so many frames a poll, and the others next") {
  for (const std::uint32_t batch : {1u, 5u, 64u}) {
    World world({.nics = {kWire}, .vifs = {{.batch_frames = batch}}, .costs = CpuCosts{.packet_ps = 1000}});
    for (int i = 0; i < 10; ++i) world.add_source(one_frame(0, 1000));
    world.run(kNsPerSecond, kNever);
    CHECK(counter(world, 0, "txDeliveredPackets") == 10);
    // The first poll begins with the first frame.
    CHECK(world.read_cpu_counters()[kPolls] == (batch == 1 ? 10 : batch == 5 ? 3 : 2));
  }
}

TEST_CASE("notifications: with always each push is an event, also while nobody asked for one") {
  for (const bool always : {false, true}) {
    World world(
        {.nics = {kWire}, .vifs = {{.credit = {.bytes = 1500, .window_ns = 1'000'000}, .always_notify = always}}});
    for (int i = 0; i < 5; ++i) world.add_source(one_frame(0, 1000 + 10 * static_cast<TimeNs>(i)));
    world.add_source(
        Source(0, Uplink{.index = 0},
               ConstantSource({.stop_ns = 1, .rate_bps = 1000, .size_bytes = 1500, .from = {}, .to = {0}}, 1)));
    world.run(900'000, kNever);
    // The second push tells of the frame that then waits for credit; the last event is for the page that is free again.
    CHECK(counter(world, 0, "notifiesToBack") == (always ? 5 + 1 : 2));
    world.run(10'000'000, kNever);
    CHECK(counter(world, 0, "txDeliveredPackets") == 5);
    CHECK(counter(world, 0, "rxDeliveredPackets") == 1);
    check_conserved(world);
  }
}

TEST_CASE("notifications: with always, events without work do not keep a port masked") {
  VifConfig vif;
  vif.split_event_channels = false;
  vif.always_notify = true;
  World world({.nics = {kWire}, .vifs = {vif}});
  world.add_source(Source(
      0, Uplink{.index = 0},
      ConstantSource({.stop_ns = 500'000, .rate_bps = 120'000'000, .size_bytes = 1500, .from = {}, .to = {0}}, 1)));
  world.add_source(one_frame(0, 450'000));
  world.run(600'000, kNever);
  CHECK(counter(world, 0, "spuriousEvents") > 1);  // each page that is posted again
  CHECK(world.vif(0).tx_latency().max() == 12'000);
}
