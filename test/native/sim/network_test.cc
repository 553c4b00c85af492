#include "sim/network.h"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr NicConfig kGigabit{.rate_bps = kNsPerSecond, .queue_bytes = 512'000, .propagation_ns = 20'000};

Uplink bridge(std::uint32_t index) { return {Uplink::Kind::kBridge, index}; }

std::uint64_t bridge_counter(const World& world, std::string_view name) {
  std::array<std::uint64_t, kBridgeCounterNames.size()> counters{};
  world.network().read_bridge_counters(0, counters);
  for (std::size_t i = 0; i < counters.size(); ++i)
    if (name == kBridgeCounterNames[i]) return counters[i];
  FAIL("no such counter");
  return 0;
}

// One frame at the start.
Source one(std::uint32_t vif, Endpoint from, Endpoint to) {
  return Source(vif,
                ConstantSource({.stop_ns = 1, .rate_bps = 1'000'000, .size_bytes = 1500, .from = from, .to = to}, 1));
}

}  // namespace

TEST_CASE("network: a vif without a bridge sends on its own NIC alone") {
  World world({.nics = {kGigabit, kGigabit}, .vifs = {{.uplink = {.index = 1}}}});
  world.add_source(one(0, {0}, {}));
  world.run(kMs, kNever);
  CHECK(nic_counter(world, 0, "sentPackets") == 0);
  CHECK(nic_counter(world, 1, "sentPackets") == 1);
  CHECK(nic_counter(world, 1, "sentBytes") == 1500);
  CHECK(nic_counter(world, 1, "busyNs") == 12'000);
}

TEST_CASE("network: what a full NIC does not take is the vif's drop and the NIC's") {
  World world({.nics = {{.rate_bps = 1'000'000, .queue_bytes = 3000}}, .vifs = {{}}});
  world.add_source(Source(0, ConstantSource({.stop_ns = kMs, .rate_bps = 120'000'000, .size_bytes = 1500}, 1)));
  world.run(kMs, kNever);
  CHECK(counter(world, 0, "txOfferedPackets") == 10);
  CHECK(counter(world, 0, "txDroppedNicPackets") == 8);
  CHECK(nic_counter(world, 0, "droppedPackets") == 8);
  CHECK(nic_counter(world, 0, "queuedBytes") == 3000);
  check_conserved(world);
}

TEST_CASE("network: a bridge with one port has nowhere to flood to") {
  World world({.bridges = {{}}, .vifs = {{.uplink = bridge(0)}}});
  const std::uint32_t pages = world.buffer_pages_in_use();
  world.add_source(one(0, {0}, {9}));
  world.run(kMs, kNever);
  CHECK(counter(world, 0, "txDroppedBridgePackets") == 1);
  CHECK(bridge_counter(world, "floodedPackets") == 0);
  CHECK(world.buffer_pages_in_use() == pages);
  check_conserved(world);
}

TEST_CASE("network: a bridge learns where stations are, and floods only what it does not know") {
  World world({.nics = {kGigabit}, .bridges = {{.nics = {0}}}, .vifs = {{.uplink = bridge(0)}, {.uplink = bridge(0)}}});
  world.add_source(one(0, {0}, {77}));
  world.add_source(one(1, {1}, {0}));
  world.run(kMs, kNever);
  CHECK(bridge_counter(world, "floodedPackets") == 1);
  CHECK(bridge_counter(world, "heldAddresses") == 3);  // two guests and the station outside
  CHECK(counter(world, 0, "txCopiedPackets") == 1);
  CHECK(counter(world, 0, "txDeliveredPackets") == 1);
  CHECK(counter(world, 0, "rxDeliveredPackets") == 1);
  CHECK(counter(world, 1, "rxDeliveredPackets") == 1);
  check_conserved(world);
}

TEST_CASE("network: a frame from the wire is on its vif's account from its offer on") {
  World world({.nics = {kGigabit}, .vifs = {{}}});
  world.add_source(
      Source(0, Uplink{.index = 0},
             ConstantSource({.stop_ns = 1, .rate_bps = 1'000'000, .size_bytes = 1500, .from = {}, .to = {0}}, 1)));
  world.run(10'000, kNever);
  CHECK(counter(world, 0, "rxOfferedPackets") == 1);
  CHECK(counter(world, 0, "rxQueuedPackets") == 1);
  CHECK(nic_counter(world, 0, "receiveQueuedPackets") == 1);
  world.run(kMs, kNever);
  CHECK(nic_counter(world, 0, "receivedBytes") == 1500);
  CHECK(nic_counter(world, 0, "receiveQueuedPackets") == 0);
  check_conserved(world);
}

TEST_CASE("network: captures at a NIC hold what passed, in both directions") {
  World world({.fill_payload = true,
               .nics = {kGigabit},
               .vifs = {{}},
               .captures = {{CaptureKind::kNicOut, 0}, {CaptureKind::kNicIn, 0}}});
  world.add_source(one(0, {0}, {}));
  world.add_source(
      Source(0, Uplink{.index = 0},
             ConstantSource({.stop_ns = 1, .rate_bps = 1'000'000, .size_bytes = 5000, .from = {}, .to = {0}}, 1)));
  world.run(kMs, kNever);
  CHECK(world.captures().writer(0).take().size() == 24 + 16 + 1500);
  CHECK(world.captures().writer(1).take().size() == 24 + 16 + 5000);
}
