// ns-3 on the simulator's scenario. Prints a JSON line a sample; built only where libns3-dev is installed.
//
//   ns3_bench --rounds 1 --at 4,16,64 --ms 100
//
// N hosts offer 1.25 times their share of 1 Gb/s in packets of 1500 bytes, each is shaped to 0.9 of its share by a
// token bucket of 16 packets with a queue of 64, and all share one link. ns-3 builds real headers and sockets.
#include <ns3/applications-module.h>
#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>
#include <ns3/traffic-control-module.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

constexpr std::uint64_t kLinkBps = 1'000'000'000;
constexpr std::uint32_t kPacketBytes = 1500;
constexpr std::uint32_t kPayloadBytes = 1472;  // without the headers of IP and UDP
constexpr std::uint32_t kBurstPackets = 16;
constexpr double kPacketsPerSecond = 0.9 * kLinkBps / (8 * kPacketBytes);
// Packets that ns-3 moves in a millisecond, about: what makes a sample last about as long as it should.
constexpr double kPacketsPerMs = 80;
// Larger networks are left out: with 1024 hosts a sample takes a minute.
constexpr std::uint32_t kMostHosts = 64;

struct Sample {
  std::uint64_t delivered = 0;
  double wall_seconds = 0;
};

double gap_seconds(std::uint32_t hosts) { return 8.0 * kPacketBytes * hosts / (1.25 * kLinkBps); }

ns3::TrafficControlHelper shaper_of(std::uint32_t hosts) {
  ns3::TrafficControlHelper shaper;
  shaper.SetRootQueueDisc("ns3::TbfQueueDisc", "Burst", ns3::UintegerValue(kBurstPackets * kPacketBytes), "Mtu",
                          ns3::UintegerValue(0), "Rate",
                          ns3::DataRateValue(ns3::DataRate(static_cast<std::uint64_t>(0.9 * kLinkBps / hosts))),
                          "PeakRate", ns3::StringValue("0bps"), "MaxSize", ns3::StringValue("64p"));
  return shaper;
}

// Hosts, a switch and a sink; returns the address of the sink. Only the hosts' own devices shape.
ns3::Ipv4Address connect(const ns3::NodeContainer& hosts, const ns3::NodeContainer& ends) {
  ns3::InternetStackHelper().InstallAll();
  ns3::PointToPointHelper access;
  access.SetDeviceAttribute("DataRate", ns3::StringValue("10Gbps"));
  access.SetChannelAttribute("Delay", ns3::StringValue("10us"));
  ns3::PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(kLinkBps)));
  link.SetChannelAttribute("Delay", ns3::StringValue("0us"));
  link.SetQueue("ns3::DropTailQueue", "MaxSize", ns3::StringValue("4096p"));
  const ns3::TrafficControlHelper shaper = shaper_of(hosts.GetN());
  const ns3::TrafficControlHelper none;
  ns3::Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
  for (std::uint32_t i = 0; i < hosts.GetN(); ++i) {
    const ns3::NetDeviceContainer devices = access.Install(hosts.Get(i), ends.Get(0));
    ns3::TrafficControlHelper(shaper).Install(devices.Get(0));
    addresses.Assign(devices);
    ns3::TrafficControlHelper(none).Uninstall(devices.Get(1));
    addresses.NewNetwork();
  }
  const ns3::NetDeviceContainer devices = link.Install(ends);
  const ns3::Ipv4Address sink = addresses.Assign(devices).GetAddress(1);
  ns3::TrafficControlHelper(none).Uninstall(devices);
  ns3::Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  return sink;
}

void offer(const ns3::NodeContainer& hosts, ns3::Ipv4Address sink) {
  const double rate = 1.25 * kLinkBps / hosts.GetN() * kPayloadBytes / kPacketBytes;
  const double gap = gap_seconds(hosts.GetN());
  for (std::uint32_t i = 0; i < hosts.GetN(); ++i) {
    ns3::OnOffHelper source("ns3::UdpSocketFactory", ns3::InetSocketAddress(sink, 9));
    source.SetConstantRate(ns3::DataRate(static_cast<std::uint64_t>(rate)), kPayloadBytes);
    source.Install(hosts.Get(i)).Start(ns3::Seconds(gap * i / hosts.GetN()));
  }
}

Sample simulate(std::uint32_t hosts, double seconds) {
  ns3::Ipv4AddressGenerator::Reset();
  ns3::NodeContainer senders;
  ns3::NodeContainer ends;
  senders.Create(hosts);
  ends.Create(2);
  const ns3::Ipv4Address address = connect(senders, ends);
  const ns3::ApplicationContainer sink =
      ns3::PacketSinkHelper("ns3::UdpSocketFactory", ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), 9))
          .Install(ends.Get(1));
  offer(senders, address);
  ns3::Simulator::Stop(ns3::Seconds(seconds));
  const auto start = std::chrono::steady_clock::now();
  ns3::Simulator::Run();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const std::uint64_t delivered = ns3::DynamicCast<ns3::PacketSink>(sink.Get(0))->GetTotalRx() / kPayloadBytes;
  ns3::Simulator::Destroy();
  return {delivered, wall.count()};
}

// A bucket is full when its host sends first, a gap after it starts; then a packet leaves whenever there is credit for
// a whole one.
double expected_packets(std::uint32_t hosts, double seconds) {
  double expected = 0;
  for (std::uint32_t i = 0; i < hosts; ++i) {
    const double first = gap_seconds(hosts) * (1 + static_cast<double>(i) / hosts);
    expected += std::floor(kBurstPackets + kPacketsPerSecond / hosts * (seconds - first));
  }
  return expected;
}

[[noreturn]] void fail(const char* message) {
  std::fprintf(stderr, "ns3_bench: %s\n", message);
  std::exit(2);
}

struct Options {
  int rounds = 1;
  double sample_ms = 100;
  std::vector<std::uint32_t> at{4, 16, 64};
};

std::vector<std::uint32_t> parse_hosts(const char* text) {
  std::vector<std::uint32_t> hosts;
  for (char* end = nullptr;; text = end + 1) {
    const unsigned long value = std::strtoul(text, &end, 10);
    if (end == text || value < 1 || (*end != ',' && *end != '\0')) fail("--at: numbers of hosts, by commas");
    if (value <= kMostHosts) hosts.push_back(static_cast<std::uint32_t>(value));
    if (*end == '\0') return hosts;
  }
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--rounds")
      options.rounds = std::atoi(argv[i + 1]);
    else if (name == "--ms")
      options.sample_ms = std::atof(argv[i + 1]);
    else if (name == "--at")
      options.at = parse_hosts(argv[i + 1]);
    else
      fail("use --rounds N, --at 4,16,64, --ms M");
  }
  if (options.rounds < 1 || !(options.sample_ms > 0)) fail("--rounds and --ms must be above 0");
  return options;
}

// Until the first bursts have left, the link is busy with nothing else.
double seconds_for(std::uint32_t hosts, double sample_ms) {
  const double spare = kLinkBps / (8.0 * kPacketBytes) - kPacketsPerSecond;
  return std::max({0.2, 2 * hosts * kBurstPackets / spare, sample_ms * kPacketsPerMs / kPacketsPerSecond});
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  for (int round = 0; round < options.rounds; ++round) {
    for (const std::uint32_t hosts : options.at) {
      const double seconds = seconds_for(hosts, options.sample_ms);
      const Sample sample = simulate(hosts, seconds);
      const double expected = expected_packets(hosts, seconds);
      if (std::abs(static_cast<double>(sample.delivered) / expected - 1) > 0.001) {
        std::fprintf(stderr, "%llu packets of %.0f\n", static_cast<unsigned long long>(sample.delivered), expected);
        fail("it did not deliver what it should");
      }
      std::printf(R"({"peer":"ns-3","job":"payload none","unit":"M packets/s","at":%u,"round":%d,"value":%.6f})"
                  "\n",
                  hosts, round, static_cast<double>(sample.delivered) / sample.wall_seconds / 1e6);
    }
  }
  std::puts(R"({"repeats":0})");
}
