// Worlds whose sources sleep while their guests could only queue: nobody can tell.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/random.h"
#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

constexpr TimeNs kEndNs = 8'000'000;
constexpr NicConfig kFast{.rate_bps = 10'000'000'000, .queue_bytes = 10'000'000};

// More is offered than credit pays for, on vifs with several sources and queues. Gaps have common multiples, so that
// sources' frames coincide with each other and with windows' ends.
std::unique_ptr<World> overloaded_world(std::uint64_t seed) {
  Random random(seed);
  WorldConfig config{.payload = Payload::kNone, .seed = seed, .nics = {kFast}};
  for (std::uint64_t vif = 0, vifs = 1 + random.below(3); vif < vifs; ++vif) {
    VifConfig v;
    v.credit = {3000 + random.below(random.below(2) == 0 ? 20'000 : 100'000), 100'000 * (1 + random.below(10))};
    v.queues = static_cast<std::uint32_t>(1 + random.below(3));
    v.split_event_channels = random.below(2) == 0;
    v.backlog_packets = static_cast<std::uint32_t>(random.below(100));
    if (random.below(2) == 0) v.tx_slots = static_cast<std::uint32_t>(17 + random.below(20));
    config.vifs.push_back(v);
  }
  // With the time of everything that goes onto a ring.
  for (std::uint32_t vif = 0; vif < config.vifs.size(); ++vif) config.captures.push_back({CaptureKind::kVifOut, vif});
  auto world = std::make_unique<World>(config);
  for (std::uint64_t source = 0, sources = 2 + random.below(8); source < sources; ++source) {
    const auto vif = static_cast<std::uint32_t>(random.below(config.vifs.size()));
    const std::uint32_t size_bytes = random.below(4) == 0 ? 9000u : static_cast<std::uint32_t>(60 + random.below(1500));
    const TimeNs gap_ns = 5000 * (1 + random.below(8));
    world->add_source(Source(vif, ConstantSource({.start_ns = 5000 * random.below(100),
                                                  .stop_ns = kEndNs - 1'000'000 - 5000 * random.below(500),
                                                  .rate_bps = size_bytes * 8 * kNsPerSecond / gap_ns,
                                                  .size_bytes = size_bytes,
                                                  .flows = static_cast<std::uint32_t>(1 + random.below(6)),
                                                  .from = {vif}},
                                                 random.next())));
  }
  // What guests receive brings events to those that wait for credit.
  for (std::uint32_t vif = 0; vif < config.vifs.size(); ++vif)
    world->add_source(Source(vif, Uplink{},
                             ConstantSource({.stop_ns = kEndNs,
                                             .rate_bps = 100'000'000,
                                             .size_bytes = 600,
                                             .flows = 3,
                                             .jitter_ns = 20'000,
                                             .from = {},
                                             .to = {vif}},
                                            random.next())));
  return world;
}

// The guest holds what its ring's slots and its backlog take, and one frame goes a window.
constexpr std::uint64_t kHeld = 17 + 3;
VifConfig a_frame_in(TimeNs window_ns) {
  VifConfig vif;
  vif.credit = {.bytes = 1500, .window_ns = window_ns};
  vif.tx_slots = 17;
  vif.backlog_packets = 3;
  return vif;
}
Source frames_every(TimeNs gap_ns, TimeNs stop_ns = kNever) {
  return {0, ConstantSource({.stop_ns = stop_ns, .rate_bps = 12'000 * kNsPerSecond / gap_ns, .size_bytes = 1500}, 1)};
}

std::uint64_t sum(const World& world, const char* name) {
  std::uint64_t all = 0;
  for (std::uint32_t vif = 0; vif < world.vif_count(); ++vif) all += counter(world, vif, name);
  return all;
}

// What happens to a vif from outside: both worlds get it at the same times.
void disturb(World& world, Random& random) {
  const auto vif = static_cast<std::uint32_t>(random.below(world.vif_count()));
  if (random.below(4) == 0) world.reconnect(vif);
  if (random.below(4) == 0) world.send_from_guest(vif, static_cast<Port>(1 + random.below(2)));
}

}  // namespace

// A run's end takes what sleeping sources have offered: in one world that is almost every frame's time.
TEST_CASE("sleeping sources: looked at after every frame, or hardly ever, a world is the same") {
  std::uint64_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const auto lazy = overloaded_world(seed);
    const auto watched = overloaded_world(seed);
    Random random(~seed);
    for (TimeNs until = 0; until < kEndNs;) {
      const TimeNs from = until;
      until = std::min(kEndNs, until + 500'000 + random.below(2'000'000));
      REQUIRE(lazy->run(until, kNever) == until);
      for (TimeNs at = from; at < until;) {
        at = std::min(until, at + 2500);
        REQUIRE(watched->run(at, kNever) == at);
      }
      check_conserved(*lazy);
      REQUIRE(lazy->trace_hash() == watched->trace_hash());
      for (std::uint32_t vif = 0; vif < lazy->vif_count(); ++vif)
        REQUIRE((lazy->captures().writer(vif).take() == watched->captures().writer(vif).take()));
      Random same = random;
      disturb(*lazy, random);
      disturb(*watched, same);
    }
    lost += sum(*lazy, "txDroppedBacklogPackets");
  }
  CHECK(lost > 1000);  // guests did have to queue
}

TEST_CASE("sleeping sources: all they offer is offered, up to the end of a run and not beyond") {
  World world({.nics = {kFast}, .vifs = {a_frame_in(kNsPerSecond)}});
  world.add_source(frames_every(1000));
  for (const TimeNs end : {5'000u, 17'001u, 18'000u, 20'000u, 21'000u, 21'001u, 500'000u}) {
    world.run(end, kNever);
    const std::uint64_t offered = (end + 999) / 1000;
    CHECK(counter(world, 0, "txOfferedPackets") == offered);
    CHECK(counter(world, 0, "txDroppedBacklogPackets") == offered - std::min(offered, kHeld + 1));
    check_conserved(world);
  }
}

// The responses to it wait until then too.
TEST_CASE("sleeping sources: a frame that goes at a window's end makes room for the next one that is offered") {
  World world({.nics = {kFast}, .vifs = {a_frame_in(100'000)}});
  world.add_source(frames_every(1000));
  for (TimeNs end = 50'500; end < 1'000'000; end += 100'000) {
    world.run(end, kNever);
    const std::uint64_t sent = 1 + end / 100'000;
    CHECK(counter(world, 0, "txDeliveredPackets") == sent);
    CHECK(counter(world, 0, "txQueuedPackets") == kHeld);
    CHECK(counter(world, 0, "txDroppedBacklogPackets") == counter(world, 0, "txOfferedPackets") - sent - kHeld);
    check_conserved(world);
  }
}

// The backlog has room for one of two frames that are offered at once.
TEST_CASE("sleeping sources: one that is awake comes before a sleeping one of a higher number") {
  for (const bool sleeps_first : {false, true}) {
    World world({.nics = {kFast}, .vifs = {a_frame_in(kNsPerSecond)}});
    constexpr TimeNs kLast = kHeld * 1000;
    const Source awake(
        0, ConstantSource({.start_ns = kLast, .stop_ns = kLast + 1, .rate_bps = 1000, .size_bytes = 1000}, 2));
    if (!sleeps_first) world.add_source(awake);
    world.add_source(frames_every(1000));
    if (sleeps_first) world.add_source(awake);
    world.run(kLast, kNever);
    CHECK(counter(world, 0, "txDroppedBacklogBytes") == 0);
    world.run(kLast + 1, kNever);
    CHECK(counter(world, 0, "txDroppedBacklogBytes") == (sleeps_first ? 1000 : 1500));
  }
}

TEST_CASE("sleeping sources: one that ended asleep stays so, and one that has more goes on when there is room") {
  VifConfig vif;
  vif.credit = {.bytes = 15'000, .window_ns = 1'000'000};
  World world({.nics = {kFast}, .vifs = {vif}});
  world.add_source(frames_every(10'000, 500'000));
  world.add_source(frames_every(2'000'000));
  world.add_source(frames_every(10'000, 200'000));
  world.run(6'000'000, kNever);
  CHECK(counter(world, 0, "txQueuedPackets") > 0);
  world.run(20'000'000, kNever);
  CHECK(counter(world, 0, "txOfferedPackets") == 50 + 10 + 20);
  CHECK(counter(world, 0, "txDeliveredPackets") == 50 + 10 + 20);
  check_conserved(world);
}
