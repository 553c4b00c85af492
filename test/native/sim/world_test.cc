#include "sim/world.h"

#include <doctest/doctest.h>

#include <memory>

#include "base/random.h"
#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

// A random scenario, a function of its seed.
std::unique_ptr<World> random_world(std::uint64_t seed, Payload payload) {
  Random random(seed);
  WorldConfig config;
  config.payload = payload;
  for (std::uint64_t nic = 0, nics = 1 + random.below(3); nic < nics; ++nic)
    config.nics.push_back({.rate_bps = 1'000'000 + random.below(1'000'000'000),
                           .queue_bytes = 1000 + random.below(200'000),
                           .propagation_ns = random.below(100'000)});
  for (std::uint64_t vif = 0, vifs = 1 + random.below(8); vif < vifs; ++vif) {
    VifConfig v;
    v.uplink.index = static_cast<std::uint32_t>(random.below(config.nics.size()));
    v.ring_order = static_cast<std::uint32_t>(random.below(3));
    v.backlog_packets = static_cast<std::uint32_t>(random.below(300));
    if (random.below(3) > 0) v.credit = {1000 + random.below(100'000), 1'000'000 * (1 + random.below(20))};
    if (random.below(4) == 0) v.jiffies_hz = 250;
    config.vifs.push_back(v);
  }
  auto world = std::make_unique<World>(config);
  for (std::uint64_t source = 0, sources = 1 + random.below(12); source < sources; ++source) {
    const auto vif = static_cast<std::uint32_t>(random.below(config.vifs.size()));
    world->add_source(Source(vif, ConstantSource({.start_ns = random.below(10'000'000),
                                                  .stop_ns = 40'000'000 + random.below(60'000'000),
                                                  .rate_bps = 1'000'000 + random.below(500'000'000),
                                                  .size_bytes = static_cast<std::uint32_t>(60 + random.below(9000)),
                                                  .flows = 2,
                                                  .jitter_ns = random.below(100'000),
                                                  .from = {vif}},
                                                 random.next())));
  }
  return world;
}

}  // namespace

TEST_CASE("an empty world passes time") {
  World world(WorldConfig{});
  CHECK(world.run(1000, 10) == 1000);
}

TEST_CASE("one frame: offered, copied, sent, and its latency is serialisation and propagation") {
  World world({.nics = {{.rate_bps = 1'000'000'000, .queue_bytes = 10'000, .propagation_ns = 20'000}}, .vifs = {{}}});
  world.add_source(Source(0, ConstantSource({.stop_ns = 1, .rate_bps = 1'000'000, .size_bytes = 1500}, 1)));
  CHECK(world.run(11'999, 1000) == 11'999);
  CHECK(counter(world, 0, "txQueuedPackets") == 1);
  CHECK(world.run(12'000, 1000) == 12'000);
  CHECK(counter(world, 0, "txDeliveredPackets") == 1);
  CHECK(world.vif(0).tx_latency().max() == 32'000);
  CHECK(counter(world, 0, "notifiesToBack") == 1);
  CHECK(counter(world, 0, "notifiesToFront") == 1);
}

TEST_CASE("events at the end itself wait for the next run") {
  World world({.nics = {{.rate_bps = 1'000'000'000, .queue_bytes = 10'000}}, .vifs = {{}}});
  world.add_source(Source(0, ConstantSource({.start_ns = 500, .stop_ns = 501, .rate_bps = 1000, .size_bytes = 60}, 1)));
  world.run(500, 1000);
  CHECK(counter(world, 0, "txOfferedPackets") == 0);
  world.run(501, 1000);
  CHECK(counter(world, 0, "txOfferedPackets") == 1);
}

TEST_CASE("a capped vif delivers its cap") {
  World world({.nics = {{.rate_bps = 10'000'000'000, .queue_bytes = 10'000'000}},
               .vifs = {{.credit = {.bytes = 62'500, .window_ns = 50'000'000}}}});
  world.add_source(Source(0, ConstantSource({.rate_bps = 100'000'000, .size_bytes = 1500}, 1)));
  world.run(60 * kNsPerSecond, kNever);
  CHECK(counter(world, 0, "txDeliveredBytes") == doctest::Approx(75'000'000).epsilon(0.0005));
  CHECK(counter(world, 0, "heldBackNs") > 50 * kNsPerSecond);
  check_conserved(world);
}

TEST_CASE("held back: from the first frame without credit to the timer") {
  VifConfig vif;
  vif.credit = {.bytes = 1500, .window_ns = 1'000'000};
  World world({.nics = {{.rate_bps = 10'000'000'000, .queue_bytes = 100'000}}, .vifs = {vif}});
  // Frames at 0, 100 us and 200 us: the second waits until 1 ms, the third until 2 ms.
  world.add_source(Source(0, ConstantSource({.stop_ns = 300'000, .rate_bps = 120'000'000, .size_bytes = 1500}, 1)));
  world.run(500'000, kNever);
  CHECK(counter(world, 0, "heldBackNs") == 400'000);
  world.run(10'000'000, kNever);
  CHECK(counter(world, 0, "heldBackNs") == 1'900'000);
  CHECK(counter(world, 0, "txDeliveredPackets") == 3);
}

TEST_CASE("fairness: vifs whose windows end together take turns of a poll, whatever waits") {
  // Both have used up their credit when it comes again: one with a thousand frames that wait, one with one.
  const VifConfig vif{.credit = {.bytes = 200'000, .window_ns = 1'000'000}, .ring_order = 4, .backlog_packets = 5000};
  World world({.nics = {{.rate_bps = 10'000'000'000, .queue_bytes = 10'000'000}}, .vifs = {vif, vif}});
  const auto burst = [](std::uint64_t frames) {
    return ConstantConfig{.stop_ns = 1000 * frames, .rate_bps = 1'600'000'000, .size_bytes = 200};  // a frame in 1 us
  };
  world.add_source(Source(0, ConstantSource(burst(999), 1)));
  world.add_source(Source(0, ConstantSource(burst(999), 1)));
  world.add_source(Source(1, ConstantSource(burst(1000), 1)));
  ConstantConfig one = burst(1);
  one.start_ns = 999'500;
  one.stop_ns = 999'501;
  world.add_source(Source(1, ConstantSource(one, 1)));
  world.run(999'999, kNever);
  CHECK(counter(world, 0, "txQueuedPackets") > 900);
  CHECK(counter(world, 1, "txQueuedPackets") == 1);
  world.run(10'000'000, kNever);
  // Behind one poll of the other's 64 frames, 160 ns each.
  CHECK(world.vif(1).tx_latency().max() <= 500 + 65 * 160);
  CHECK(world.vif(1).tx_latency().max() > 500 + 160);
}

TEST_CASE("how a run is cut into slices changes nothing") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const auto whole = random_world(seed, Payload::kCopy);
    whole->run(100'000'000, kNever);
    const auto sliced = random_world(seed, Payload::kCopy);
    Random random(seed);
    for (TimeNs until = 0; until < 100'000'000;) {
      until = std::min<TimeNs>(100'000'000, until + random.below(5'000'000));
      while (sliced->run(until, 1 + random.below(50)) < until) check_conserved(*sliced);
    }
    REQUIRE(whole->trace_hash() == sliced->trace_hash());
  }
}

TEST_CASE("property: every packet is accounted for, and payload changes no result") {
  for (std::uint64_t seed = 100; seed < 160; ++seed) {
    const auto copied = random_world(seed, Payload::kCopy);
    copied->run(120'000'000, kNever);
    check_conserved(*copied);
    const auto bare = random_world(seed, Payload::kNone);
    bare->run(120'000'000, kNever);
    REQUIRE(copied->trace_hash() == bare->trace_hash());
    for (std::uint32_t vif = 0; vif < copied->vif_count(); ++vif)
      REQUIRE(counter(*copied, vif, "txDroppedErrorPackets") == 0);
  }
}

TEST_CASE("the trace hash is the same on every machine") {
  const auto world = random_world(42, Payload::kNone);
  world->run(100'000'000, kNever);
  CHECK(world->trace_hash() == 0xdcd485498ae50051);
}
