// Worlds in which guests receive: from the wire, from each other, over bridges and several queues.
#include <doctest/doctest.h>

#include <memory>

#include "base/random.h"
#include "native/sim/world_fixture.h"
#include "sim/world.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr NicConfig kGigabit{.rate_bps = kNsPerSecond, .queue_bytes = 512'000, .propagation_ns = 20'000};

Uplink bridge(std::uint32_t index) { return {Uplink::Kind::kBridge, index}; }

// A random scenario, a function of its seed: up to two bridges, up to three NICs, and sources of every direction.
std::unique_ptr<World> random_world(std::uint64_t seed, Payload payload) {
  Random random(seed);
  const auto below = [&](std::uint64_t bound) { return static_cast<std::uint32_t>(random.below(bound)); };
  WorldConfig config{.payload = payload, .fill_payload = random.below(2) == 0, .seed = seed};
  config.nics.resize(3, kGigabit);
  for (NicConfig& nic : config.nics) nic.queue_bytes = 2000 + random.below(100'000);
  config.bridges = {{.nics = {0}}, {.nics = {1}, .ageing_ns = 3 * kMs}};
  for (std::uint32_t vif = 0, vifs = 2 + below(6); vif < vifs; ++vif) {
    VifConfig v{.queues = 1 + below(4), .split_event_channels = random.below(2) == 0};
    v.uplink = random.below(4) == 0 ? Uplink{.index = 2} : bridge(below(2));
    v.backlog_packets = below(100);
    if (random.below(3) == 0) v.credit = {5000 + random.below(100'000), kMs};
    config.vifs.push_back(v);
  }
  auto world = std::make_unique<World>(config);
  for (std::uint32_t source = 0, sources = 2 + below(10); source < sources; ++source) {
    const std::uint32_t vif = below(config.vifs.size());
    ConstantConfig traffic{.start_ns = random.below(2 * kMs),
                           .stop_ns = 8 * kMs,
                           .rate_bps = 1'000'000 + random.below(900'000'000),
                           .size_bytes = 60 + below(20'000),
                           .flows = 1 + below(20),
                           .from = {vif}};
    if (const std::uint32_t to = below(2 * config.vifs.size()); to < config.vifs.size() && to != vif) traffic.to = {to};
    if (traffic.size_bytes > 2000 && random.below(2) == 0) traffic.gso_size_bytes = 1448;
    const Uplink& uplink = config.vifs[vif].uplink;
    const std::uint32_t nic = uplink.index;  // bridge b has NIC b
    if (random.below(2) == 0) std::swap(traffic.from, traffic.to);
    if (traffic.to == Endpoint{vif})
      world->add_source(Source(vif, Uplink{.index = nic}, ConstantSource(traffic, random.next())));
    else
      world->add_source(Source(vif, ConstantSource(traffic, random.next())));
  }
  return world;
}

}  // namespace

TEST_CASE("from the wire: a frame is in the guest's hands after its bits and its way") {
  World world({.nics = {kGigabit}, .vifs = {{}}});
  world.add_source(
      Source(0, Uplink{.index = 0},
             ConstantSource({.stop_ns = 1, .rate_bps = 1'000'000, .size_bytes = 1500, .from = {}, .to = {0}}, 1)));
  world.run(31'999, kNever);
  CHECK(counter(world, 0, "rxQueuedPackets") == 1);
  CHECK(counter(world, 0, "rxDeliveredPackets") == 0);
  world.run(32'001, kNever);
  CHECK(counter(world, 0, "rxDeliveredPackets") == 1);
  CHECK(world.vif(0).rx_latency().max() == 32'000);
}

TEST_CASE("from the wire: what is offered beyond the wire's rate is lost at its far end") {
  World world({.nics = {kGigabit}, .vifs = {{}}});
  world.add_source(
      Source(0, Uplink{.index = 0},
             ConstantSource({.rate_bps = 2 * kNsPerSecond, .size_bytes = 1500, .from = {}, .to = {0}}, 1)));
  world.run(kNsPerSecond, kNever);
  CHECK(counter(world, 0, "rxDeliveredBytes") == doctest::Approx(125e6).epsilon(0.001));
  CHECK(counter(world, 0, "rxDroppedNicBytes") == doctest::Approx(125e6).epsilon(0.01));
  check_conserved(world);
}

TEST_CASE("vif to vif over a bridge: what one sends the other receives, and nobody else") {
  World world({.nics = {kGigabit},
               .bridges = {{.nics = {0}}},
               .vifs = {{.uplink = bridge(0)}, {.uplink = bridge(0)}, {.uplink = bridge(0)}}});
  world.add_source(Source(
      0, ConstantSource({.stop_ns = kNsPerSecond, .rate_bps = 100'000'000, .size_bytes = 9000, .from = {0}, .to = {1}},
                        1)));
  world.run(2 * kNsPerSecond, kNever);
  CHECK(counter(world, 0, "txOfferedPackets") == 1389);
  CHECK(counter(world, 0, "txForwardedPackets") == 1389);
  CHECK(counter(world, 1, "rxArrivedPackets") == 1389);
  CHECK(counter(world, 1, "rxDeliveredPackets") == 1389);
  CHECK(counter(world, 2, "rxArrivedPackets") == 0);
}

TEST_CASE("a frame to a station that nobody has heard of goes to every port but its own, in one buffer") {
  World world({.nics = {kGigabit},
               .bridges = {{.nics = {0}}},
               .vifs = {{.uplink = bridge(0)}, {.uplink = bridge(0)}, {.uplink = bridge(0)}}});
  world.add_source(
      Source(0, ConstantSource({.stop_ns = 1, .rate_bps = 1'000'000, .size_bytes = 1500, .from = {0}, .to = {99}}, 1)));
  const std::uint32_t pages = world.buffer_pages_in_use();
  world.run(1, kNever);
  CHECK(world.buffer_pages_in_use() == pages + 1);  // the NIC still sends it
  world.run(kMs, kNever);
  CHECK(world.buffer_pages_in_use() == pages);
  CHECK(counter(world, 0, "txCopiedPackets") == 2);
  CHECK(counter(world, 0, "txDeliveredPackets") == 1);
  CHECK(counter(world, 1, "rxDeliveredPackets") == 1);
  CHECK(counter(world, 2, "rxDeliveredPackets") == 1);
  check_conserved(world);
}

TEST_CASE("the rate of a vif is the vif's, whatever its queues") {
  for (const std::uint32_t queues : {1u, 2u, 4u, 8u}) {
    World world({.nics = {{.rate_bps = 10 * kNsPerSecond, .queue_bytes = 10'000'000}},
                 .vifs = {{.credit = {.bytes = 625'000, .window_ns = 50 * kMs}, .queues = queues}}});
    world.add_source(Source(0, ConstantSource({.rate_bps = 800'000'000, .size_bytes = 1250, .flows = 64}, 1)));
    world.run(10 * kNsPerSecond, kNever);
    CHECK(counter(world, 0, "txDeliveredBytes") == doctest::Approx(125'000'000).epsilon(0.006));
    // Each queue has its share of the credit: none of them ends with nothing sent.
    for (std::uint32_t queue = 0; queue < queues; ++queue) CHECK(world.vif(0).queue(queue).tx_queued().packets > 0);
  }
}

TEST_CASE("received frames are spread over the queues as the guest has asked for") {
  World world({.nics = {kGigabit}, .vifs = {{.queues = 4}}});
  world.add_source(Source(
      0, Uplink{.index = 0},
      ConstantSource(
          {.rate_bps = 800'000'000, .size_bytes = 1500, .flows = 64, .from = {}, .to = {0}, .gso_size_bytes = 1400},
          1)));
  world.run(10 * kMs, kNever);
  CHECK(world.vif(0).back_end().hash().mapping().size() == 128);
  CHECK(counter(world, 0, "rxDeliveredPackets") > 600);
  for (std::uint32_t queue = 0; queue < 4; ++queue) CHECK(world.vif(0).front_end().rx(queue).posted() == 256);
}

TEST_CASE("property: every frame in both directions is accounted for, payload changes nothing, and no page is kept") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto copied = random_world(seed, Payload::kCopy);
    const std::uint32_t pages = copied->buffer_pages_in_use();
    Random random(seed);
    for (TimeNs until = 0; until < 10 * kMs;) {
      until = std::min(10 * kMs, until + random.below(kMs));
      while (copied->run(until, 1 + random.below(200)) < until) check_conserved(*copied);
    }
    const auto bare = random_world(seed, Payload::kNone);
    bare->run(10 * kMs, kNever);
    REQUIRE(copied->trace_hash() == bare->trace_hash());
    copied->run(100 * kNsPerSecond, kNever);  // all that waits leaves
    check_conserved(*copied);
    REQUIRE(copied->buffer_pages_in_use() == pages);
    for (std::uint32_t vif = 0; vif < copied->vif_count(); ++vif) REQUIRE(copied->vif(vif).fault() == Fault::kNone);
  }
}

TEST_CASE("a guest that reconnects loses what was under way, and goes on") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const auto world = random_world(seed, Payload::kCopy);
    const std::uint32_t pages = world->buffer_pages_in_use();
    Random random(seed);
    for (TimeNs until = 0; until < 8 * kMs; until += kMs / 4) {
      world->run(until, kNever);
      world->reconnect(static_cast<std::uint32_t>(random.below(world->vif_count())));
      check_conserved(*world);
    }
    world->run(100 * kNsPerSecond, kNever);
    check_conserved(*world);
    REQUIRE(world->buffer_pages_in_use() == pages);
    for (std::uint32_t vif = 0; vif < world->vif_count(); ++vif) {
      REQUIRE(world->vif(vif).fault() == Fault::kNone);
      REQUIRE(counter(*world, vif, "txQueuedPackets") == 0);
      REQUIRE(counter(*world, vif, "rxQueuedPackets") == 0);
    }
  }
}

TEST_CASE("the trace hash of a world that receives is the same on every machine") {
  const auto world = random_world(42, Payload::kNone);
  world->run(10 * kMs, kNever);
  CHECK(world->trace_hash() == 0x7186f5f33ede61ff);
}
