// TCP connections through the one data path.
#include <doctest/doctest.h>

#include <numeric>
#include <string_view>
#include <vector>

#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr NicConfig kGigabit{.rate_bps = kNsPerSecond, .queue_bytes = 512'000, .propagation_ns = 5'000};
constexpr TcpConfig kFlow{.rtt_ns = kMs / 5};

std::uint64_t tcp_counter(const World& world, std::uint32_t vif, std::string_view name) {
  const TcpCounters counters = world.tcp().counters(vif);
  for (std::size_t i = 0; i < counters.size(); ++i)
    if (name == kTcpCounterNames[i]) return counters[i];
  FAIL("no such counter");
  return 0;
}

// What the streams of a vif's connections have brought, in Mb/s.
std::uint64_t goodput_mbps(const World& world, std::uint32_t vif, TimeNs during_ns) {
  return tcp_counter(world, vif, "receivedBytes") * 8000 / during_ns;
}

// Lets streams end, and sees that nothing of them is left anywhere.
void check_drained(World& world, TimeNs from_ns) {
  world.run(from_ns + 5 * kNsPerSecond, kNever);
  check_conserved(world);
  CHECK(world.tcp().packets_under_way() == 0);
  for (std::uint32_t i = 0; i < world.tcp().size(); ++i) {
    const TcpConnection& connection = world.tcp().connection(i);
    CHECK(connection.sender.is_done());
    CHECK(connection.sender.acknowledged_bytes() == connection.receiver.received_bytes());
    CHECK(connection.queued_bytes == 0);
  }
}

}  // namespace

TEST_CASE("tcp world: one flow fills a gigabit NIC, in either direction") {
  for (const bool inbound : {false, true})
    for (const bool sack : {false, true}) {
      CAPTURE(inbound);
      World world({.nics = {kGigabit}, .vifs = {{}}});
      TcpConfig flow = kFlow;
      flow.inbound = inbound;
      flow.sack = sack;
      flow.stop_ns = 3 * kNsPerSecond;
      world.add_tcp(flow, 1);
      world.run(3 * kNsPerSecond, kNever);
      check_conserved(world);
      CHECK(goodput_mbps(world, 0, 3 * kNsPerSecond) >= (sack ? 945 : 920));
      CHECK(goodput_mbps(world, 0, 3 * kNsPerSecond) <= 965);
      CHECK(tcp_counter(world, 0, "timeouts") == 0);
      CHECK(tcp_counter(world, 0, "spuriousRetransmits") == 0);
      CHECK(world.tcp().rtt(0).quantile(1, 2) > kMs / 5);
      check_drained(world, 3 * kNsPerSecond);
    }
}
