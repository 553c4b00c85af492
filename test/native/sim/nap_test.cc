#include <doctest/doctest.h>

#include "native/sim/world_fixture.h"
#include "sim/world.h"

using namespace ringback;

TEST_CASE("what a run collects from sleeping sources is bounded by naps, and counts as events") {
  WorldConfig config{.payload = Payload::kNone, .nics = {{.rate_bps = 1'000'000'000, .queue_bytes = 100'000}}};
  config.vifs.push_back({.credit = {1000, 10 * kNsPerSecond}});  // 100,000 frames a window
  World world(config);
  world.add_source(Source(0, ConstantSource({.rate_bps = 80'000'000, .size_bytes = 1000, .from = {0}}, 1)));
  constexpr std::uint64_t kMost = 1000;
  std::uint64_t before = 0;
  TimeNs now = 0;
  std::uint64_t runs = 0;
  for (; now < 20 * kNsPerSecond; ++runs) {
    now = world.run(20 * kNsPerSecond, kMost);
    const std::uint64_t offered = counter(world, 0, "txOfferedPackets");
    REQUIRE(offered - before <= kMost + 2 * 4096);
    before = offered;
  }
  CHECK(before == 200'000);
  CHECK(runs > 200'000 / (kMost + 2 * 4096));
  check_conserved(world);
}
