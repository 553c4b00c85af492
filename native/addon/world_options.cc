#include "addon/world_options.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "addon/arguments.h"
#include "addon/bond_options.h"
#include "addon/fields.h"
#include "addon/source_options.h"
#include "addon/tcp_options.h"

namespace ringback::addon {
namespace {

constexpr std::uint32_t kMaxListed = 1'000'000;
constexpr std::uint32_t kMaxCaptures = 1024;

NicConfig to_nic(const Fields& nic) {
  return {.rate_bps = nic.integer("rateBps", 1, kMaxRateBps),
          .queue_bytes = nic.integer("queueBytes", 1, kMaxSafeInteger),
          .propagation_ns = nic.integer("propagationNs", 0, kMaxTimeNs),
          .overhead_bytes = nic.integer32("overheadBytes", 0, 65535)};
}

// By a bond or a bridge.
struct Taken {
  Unclaimed nics;
  Unclaimed bonds;
};

BridgeOptions to_bridge(const Fields& bridge, Taken& taken) {
  return {.nics = taken.nics.take(bridge, "nics", Bridge::kMaxPorts),
          .ageing_ns = bridge.integer("ageingNs", 0, kMaxTimeNs),
          .bonds = taken.bonds.take(bridge, "bonds", Bridge::kMaxPorts)};
}

Uplink to_uplink(const Fields& vif, const WorldConfig& world) {
  switch (vif.choice("uplinkKind", std::array{"nic", "bridge", "bond"})) {
    case 0:
      return {Uplink::Kind::kNic, vif.index("uplink", world.nics.size())};
    case 1:
      return {Uplink::Kind::kBridge, vif.index("uplink", world.bridges.size())};
    default:
      return {Uplink::Kind::kBond, vif.index("uplink", world.bonds.size())};
  }
}

// 0: all of the ring's slots.
std::uint32_t to_tx_slots(const Fields& vif, std::uint32_t ring_order) {
  const std::uint32_t slots = vif.integer32("txSlots", 0, RxFront::entries(ring_order));
  if (slots > 0 && slots < TxFront::kLeastSlots) throw vif.error("txSlots", "must be 0 or at least 17");
  return slots;
}

ReserveConfig to_reserve(const Fields& reserve) {
  return {.rate_bps = reserve.integer("rateBps", 0, kMaxRateBps),
          .overhead_bytes = reserve.integer32("overheadBytes", 0, 65535),
          .horizon_ns = reserve.integer("horizonNs", 1, kNsPerSecond),
          .burst_ns = reserve.integer("burstNs", 0, kNsPerSecond)};
}

VifConfig to_vif(const Fields& vif, const WorldConfig& world) {
  VifConfig config{.uplink = to_uplink(vif, world),
                   .credit = {},
                   .reserve = vif.optional_index("reserve", world.reserves.size()).value_or(VifConfig::kNoReserve),
                   .reservation = {.min_bps = vif.integer("minBps", 0, kMaxRateBps),
                                   .weight = vif.integer32("weight", 1, ReserveShaper::kMaxWeight)},
                   .jiffies_hz = vif.integer32("jiffiesHz", 0, 10'000),
                   .ring_order = vif.integer32("ringOrder", 0, 4),
                   .backlog_packets = vif.integer32("backlogPackets", 0, 1u << 24),
                   .queues = vif.integer32("queues", 1, BackEnd::kMaxQueues),
                   .split_event_channels = vif.boolean("splitEventChannels"),
                   .batch_frames = vif.integer32("batchFrames", 1, TxBatch::kFrames),
                   .always_notify = vif.boolean("alwaysNotify")};
  config.tx_slots = to_tx_slots(vif, config.ring_order);
  const std::uint64_t usec = vif.integer("creditUsec", 0, UINT32_MAX);
  if (usec > 0) config.credit = {vif.integer("creditBytes", 1, kMaxSafeInteger), usec * 1000};
  return config;
}

std::optional<CpuCosts> to_costs(const Fields& options) {
  if (options.value("costs").IsNull()) return std::nullopt;
  const Fields costs(options.value("costs"), options.name("costs"));
  constexpr std::uint64_t kMaxCostPs = 1'000'000'000;
  return CpuCosts{.cores = costs.integer32("cores", 1, BackEndCpu::kMaxCores),
                  .packet_ps = costs.integer("packetPs", 0, kMaxCostPs),
                  .byte_ps = costs.integer("bytePs", 0, kMaxCostPs / 1000),
                  .notify_ps = costs.integer("notifyPs", 0, kMaxCostPs)};
}

CaptureConfig to_capture(const Fields& capture, const WorldConfig& world) {
  const std::string kind = capture.text("kind");
  if (kind == "nic") return {CaptureKind::kNicOut, capture.index("index", world.nics.size())};
  if (kind == "nic-in") return {CaptureKind::kNicIn, capture.index("index", world.nics.size())};
  if (kind == "vif-out") return {CaptureKind::kVifOut, capture.index("index", world.vifs.size())};
  if (kind == "vif-in") return {CaptureKind::kVifIn, capture.index("index", world.vifs.size())};
  throw capture.error("kind", "must be 'nic', 'nic-in', 'vif-out' or 'vif-in'");
}

void check_ports(const Fields& fields, const std::vector<VifConfig>& vifs) {
  std::uint64_t ports = 0;
  for (const VifConfig& vif : vifs) ports += vif.ports();
  if (ports > World::kMaxVifPorts)
    throw fields.error("vifs", "need " + std::to_string(ports) + " event channels, more than 4095");
}

void check_bridges(const Fields& fields, const WorldConfig& config) {
  std::vector<std::size_t> ports;
  for (const BridgeOptions& bridge : config.bridges) ports.push_back(bridge.nics.size() + bridge.bonds.size());
  for (const VifConfig& vif : config.vifs)
    if (vif.uplink.kind == Uplink::Kind::kBridge) ++ports[vif.uplink.index];
  if (std::ranges::any_of(ports, [](std::size_t count) { return count > Bridge::kMaxPorts; }))
    throw fields.error("bridges", "must have at most 1024 ports each");
}

void add_source(WorldOptions& options, const Fields& source, std::uint64_t seed) {
  if (source.text("kind") == "tcp")
    options.tcp.push_back({to_tcp(source, options.config), seed});
  else
    options.sources.push_back(to_source(source, options.config, seed));
}

void check_connections(const Fields& fields, const std::vector<WorldOptions::Tcp>& tcp) {
  std::uint64_t flows = 0;
  for (const auto& [config, seed] : tcp) flows += config.flows;
  if (flows > TcpTraffic::kMaxConnections)
    throw fields.error("sources", "have " + std::to_string(flows) + " TCP connections, more than 64512");
}

void check_captures(const Fields& fields, const std::vector<CaptureConfig>& captures) {
  for (std::size_t i = 0; i < captures.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (captures[i].kind == captures[k].kind && captures[i].index == captures[k].index)
        throw fields.error("captures", "must name each point once");
}

}  // namespace

WorldOptions to_world_options(Napi::Value value) {
  const Fields fields(value, "options");
  WorldOptions options;
  WorldConfig& config = options.config;
  const std::string payload = fields.text("payload");
  if (payload != "copy" && payload != "none") throw fields.error("payload", "must be 'copy' or 'none'");
  config.payload = payload == "copy" ? Payload::kCopy : Payload::kNone;
  config.fill_payload = fields.boolean("fillPayload");
  config.seed = fields.integer("seed", 0, kMaxSafeInteger);
  config.costs = to_costs(fields);
  fields.for_each("nics", kMaxListed, [&](const Fields& nic) { config.nics.push_back(to_nic(nic)); });
  Random seeds(config.seed);
  Taken taken{.nics = Unclaimed(config.nics.size()), .bonds = Unclaimed()};
  fields.for_each("bonds", kMaxListed,
                  [&](const Fields& bond) { config.bonds.push_back(to_bond(bond, taken.nics, seeds.next())); });
  taken.bonds = Unclaimed(config.bonds.size());
  fields.for_each("bridges", kMaxListed,
                  [&](const Fields& bridge) { config.bridges.push_back(to_bridge(bridge, taken)); });
  fields.for_each("reserves", kMaxListed,
                  [&](const Fields& reserve) { config.reserves.push_back(to_reserve(reserve)); });
  fields.for_each("vifs", World::kMaxVifPorts, [&](const Fields& vif) { config.vifs.push_back(to_vif(vif, config)); });
  check_ports(fields, config.vifs);
  check_bridges(fields, config);
  fields.for_each("captures", kMaxCaptures,
                  [&](const Fields& capture) { config.captures.push_back(to_capture(capture, config)); });
  check_captures(fields, config.captures);
  // Each source draws from a stream of its own: adding one leaves the others' times as they are.
  fields.for_each("sources", kMaxListed, [&](const Fields& source) { add_source(options, source, seeds.next()); });
  check_connections(fields, options.tcp);
  return options;
}

}  // namespace ringback::addon
