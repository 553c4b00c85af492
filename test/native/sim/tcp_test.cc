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

TEST_CASE("tcp world: flows share a NIC fairly, whatever their algorithm") {
  for (const auto algorithm : {tcp::Algorithm::kReno, tcp::Algorithm::kCubic}) {
    World world({.nics = {kGigabit}, .vifs = {{}, {}}});
    TcpConfig flows = kFlow;
    flows.flows = 3;
    flows.algorithm = algorithm;
    world.add_tcp(flows, 1);
    flows.vif = 1;
    flows.start_ns = kMs;
    world.add_tcp(flows, 2);
    world.run(20 * kNsPerSecond, kNever);
    check_conserved(world);
    std::vector<double> shares;
    for (std::uint32_t i = 0; i < world.tcp().size(); ++i)
      shares.push_back(static_cast<double>(world.tcp().connection(i).receiver.received_bytes()));
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    const double squares = std::inner_product(shares.begin(), shares.end(), shares.begin(), 0.0);
    CHECK(sum * sum / (squares * static_cast<double>(shares.size())) > 0.9);
    CHECK(sum * 8 / 20e9 > 0.945);
  }
}

TEST_CASE("tcp world: a vif's cap holds, and TCP keeps to it without losing anything but what its start loses") {
  // 100 Mb/s in Xen's windows of 50 ms.
  World world({.nics = {{.rate_bps = kNsPerSecond, .queue_bytes = 1'000'000}},
               .vifs = {{.credit = {.bytes = 625'000, .window_ns = 50 * kMs}}}});
  world.add_tcp(kFlow, 1);
  for (TimeNs now = 0; now <= 5 * kNsPerSecond; now += 10 * kMs) {
    world.run(now, kNever);
    // What a sender leaves in its guest's queue is bounded, or that would be full.
    CHECK(world.tcp().connection(0).queued_bytes < (1u << 20) + 65'535);
  }
  check_conserved(world);
  CHECK(counter(world, 0, "txShapedBytes") <= 102 * 625'000ull);
  CHECK(goodput_mbps(world, 0, 5 * kNsPerSecond) >= 90);
  CHECK(goodput_mbps(world, 0, 5 * kNsPerSecond) <= 100);
  CHECK(tcp_counter(world, 0, "retransmits") == 0);
  CHECK(dropped(world, 0, "tx", "Packets") == 0);
}

TEST_CASE("tcp world: a short queue loses packets, and TCP sends them again once each") {
  World world({.nics = {{.rate_bps = kNsPerSecond, .queue_bytes = 80'000}}, .vifs = {{}}});
  TcpConfig flow = kFlow;
  flow.gso_bytes = 16'000;
  flow.stop_ns = 5 * kNsPerSecond;
  world.add_tcp(flow, 1);
  world.run(5 * kNsPerSecond, kNever);
  std::array<std::uint64_t, kNicCounterNames.size()> nic{};
  world.network().read_nic_counters(0, nic);
  CHECK(nic[4] > 100);  // droppedPackets
  CHECK(tcp_counter(world, 0, "spuriousRetransmits") == 0);
  CHECK(tcp_counter(world, 0, "timeouts") == 0);
  CHECK(goodput_mbps(world, 0, 5 * kNsPerSecond) > 900);
  check_drained(world, 5 * kNsPerSecond);
  world.network().read_nic_counters(0, nic);
  CHECK(tcp_counter(world, 0, "retransmits") == nic[4]);
}

TEST_CASE("tcp world: a link that is down for a second costs timeouts, and then it goes on") {
  for (const bool inbound : {false, true}) {
    World world({.nics = {kGigabit}, .vifs = {{}}});
    TcpConfig flow = kFlow;
    flow.inbound = inbound;
    flow.stop_ns = 4 * kNsPerSecond;
    world.add_tcp(flow, 1);
    world.run(kNsPerSecond, kNever);
    world.set_nic_link(0, false);
    world.run(kNsPerSecond + kMs, kNever);
    const std::uint64_t before = tcp_counter(world, 0, "receivedBytes");
    world.run(2 * kNsPerSecond, kNever);
    CHECK(tcp_counter(world, 0, "receivedBytes") == before);
    CHECK(tcp_counter(world, 0, "timeouts") >= 2);
    CHECK(tcp_counter(world, 0, "timeouts") <= 3);
    world.set_nic_link(0, true);
    world.run(4 * kNsPerSecond, kNever);
    CHECK((tcp_counter(world, 0, "receivedBytes") - before) * 8 > 1'000'000'000);
    check_drained(world, 4 * kNsPerSecond);
  }
}

TEST_CASE("tcp world: streams of so many bytes arrive whole, from guest to guest too") {
  World world({.nics = {kGigabit},
               .bridges = {{.nics = {0}}},
               .vifs = {{.uplink = {Uplink::Kind::kBridge, 0}},
                        {.uplink = {Uplink::Kind::kBridge, 0}, .queues = 2},
                        {.uplink = {Uplink::Kind::kBridge, 0}}}});
  TcpConfig flow = kFlow;
  flow.bytes = 5'000'001;
  flow.flows = 4;
  flow.peer_vif = 1;
  world.add_tcp(flow, 1);
  flow.peer_vif = {};
  world.add_tcp(flow, 2);
  flow.vif = 2;
  flow.inbound = true;
  world.add_tcp(flow, 3);
  world.run(kNsPerSecond, kNever);
  for (std::uint32_t i = 0; i < world.tcp().size(); ++i)
    CHECK(world.tcp().connection(i).receiver.received_bytes() == 5'000'001);
  CHECK(tcp_counter(world, 0, "flows") == 8);
  CHECK(tcp_counter(world, 0, "acknowledgedBytes") == 8 * 5'000'001);
  CHECK(tcp_counter(world, 2, "receivedBytes") == 4 * 5'000'001);
  CHECK(counter(world, 1, "rxDeliveredBytes") > 4 * 5'000'000);
  check_drained(world, kNsPerSecond);
}

TEST_CASE("tcp world: neither slices of a run, nor payload, nor sleeping sources beside it make a difference") {
  const auto run = [](Payload payload, bool is_eager, TimeNs slice_ns) {
    World world({.payload = payload,
                 .fill_payload = payload == Payload::kCopy,
                 .nics = {kGigabit, {.rate_bps = 500'000'000, .queue_bytes = 100'000}},
                 .bridges = {{.nics = {1}}},
                 .vifs = {{.credit = {.bytes = 1'000'000, .window_ns = 20 * kMs}},
                          {},
                          {.uplink = {Uplink::Kind::kBridge, 0}},
                          {.uplink = {Uplink::Kind::kBridge, 0}, .queues = 2}},
                 .is_eager = is_eager});
    TcpConfig flow = kFlow;
    flow.flows = 2;
    world.add_tcp(flow, 1);
    flow.vif = 2;
    flow.peer_vif = 3;
    world.add_tcp(flow, 2);
    flow.peer_vif = {};
    flow.inlet = {Uplink::Kind::kNic, 1};
    flow.stop_ns = 50 * kMs;
    world.add_tcp(flow, 3);
    flow.vif = 3;
    flow.inbound = true;
    flow.sack = false;
    world.add_tcp(flow, 4);
    for (const std::uint32_t vif : {0, 1})
      world.add_source(Source(vif, ConstantSource({.rate_bps = 300'000'000, .size_bytes = 1500, .from = {vif}}, vif)));
    for (TimeNs now = 0; now < 200 * kMs; now += slice_ns) world.run(std::min(now + slice_ns, 200 * kMs), kNever);
    check_conserved(world);
    return world.trace_hash();
  };
  const std::uint64_t expected = run(Payload::kNone, false, kNsPerSecond);
  CHECK(run(Payload::kCopy, false, kNsPerSecond) == expected);
  CHECK(run(Payload::kNone, true, kNsPerSecond) == expected);
  CHECK(run(Payload::kNone, false, 777'777) == expected);
  CHECK(run(Payload::kNone, false, 10'000) == expected);
}

TEST_CASE("tcp world: a guest that comes back with new rings goes on, and so does one whose back end takes time") {
  World world({.nics = {kGigabit},
               .vifs = {{.credit = {.bytes = 1'000'000, .window_ns = 10 * kMs}}},
               .costs = CpuCosts{.packet_ps = 300'000, .byte_ps = 50, .notify_ps = 1'000'000}});
  TcpConfig flow = kFlow;
  flow.flows = 4;
  flow.stop_ns = 2 * kNsPerSecond;
  world.add_tcp(flow, 1);
  for (TimeNs at = 100 * kMs; at <= kNsPerSecond; at += 300 * kMs) {
    world.run(at, kNever);
    world.reconnect(0);
  }
  world.run(2 * kNsPerSecond, kNever);
  CHECK(counter(world, 0, "txDroppedDisconnectedPackets") + counter(world, 0, "rxDroppedDisconnectedPackets") > 0);
  CHECK(goodput_mbps(world, 0, 2 * kNsPerSecond) > 700);
  check_drained(world, 2 * kNsPerSecond);
}

TEST_CASE("tcp world: the NIC's speed may change under way") {
  World slow({.nics = {{.rate_bps = 1'000'000, .queue_bytes = 512'000}}, .vifs = {{}}});
  slow.add_tcp(kFlow, 1);
  slow.run(kMs, kNever);
  slow.set_nic_rate(0, kNsPerSecond);  // the first segment would have taken 12 ms
  slow.run(2 * kMs, kNever);
  CHECK(tcp_counter(slow, 0, "receivedBytes") > 0);
  World world({.nics = {kGigabit}, .vifs = {{}}});
  TcpConfig flow = kFlow;
  flow.stop_ns = 3 * kNsPerSecond;
  world.add_tcp(flow, 1);
  world.run(kNsPerSecond, kNever);
  world.set_nic_rate(0, 100'000'000);
  world.run(2 * kNsPerSecond, kNever);
  const std::uint64_t before = tcp_counter(world, 0, "receivedBytes");
  CHECK(before * 8 < 1'100'000'000);
  CHECK(before * 8 > 1'000'000'000);
  world.set_nic_rate(0, 10'000'000'000);
  world.run(3 * kNsPerSecond, kNever);
  CHECK((tcp_counter(world, 0, "receivedBytes") - before) * 8 > 2'000'000'000);
  check_drained(world, 3 * kNsPerSecond);
}

TEST_CASE("tcp world: copies that a bridge floods are nobody's but the endpoint's") {
  World world({.nics = {kGigabit},
               .bridges = {{.nics = {0}, .ageing_ns = 0}},  // it learns nothing
               .vifs = {{.uplink = {Uplink::Kind::kBridge, 0}},
                        {.uplink = {Uplink::Kind::kBridge, 0}},
                        {.uplink = {Uplink::Kind::kBridge, 0}}}});
  TcpConfig flow = kFlow;
  flow.bytes = 1'000'000;
  flow.peer_vif = 1;
  world.add_tcp(flow, 1);
  flow.peer_vif = {};
  world.add_tcp(flow, 2);
  check_drained(world, 0);
  CHECK(tcp_counter(world, 0, "receivedBytes") == 2'000'000);
  CHECK(tcp_counter(world, 0, "spuriousRetransmits") == 0);
  CHECK(counter(world, 2, "rxDeliveredBytes") > 2'000'000);
  CHECK(counter(world, 0, "txCopiedPackets") > 0);
}
