#include "addon/source_options.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ringback::addon {
namespace {

constexpr std::uint32_t kLeastFrameBytes = 60;
constexpr std::uint32_t kMostFrameBytes = 65535;
constexpr std::uint32_t kMostFlows = 64511;

struct Times {
  TimeNs start_ns;
  TimeNs stop_ns;
};

Times to_times(const Fields& source) {
  return {source.integer("startNs", 0, kMaxTimeNs), source.integer("stopNs", 0, kMaxTimeNs)};
}

struct Ends {
  Endpoint from;
  Endpoint to;
};

// The two ends of a made-up flow: `vif`'s guest, and the vif "peer" or, at -1, the station outside.
Ends to_ends(const Fields& source, std::uint32_t vif, bool inbound, std::size_t vifs) {
  const auto peer = source.optional_index("peer", vifs);
  Ends ends{{vif}, peer ? Endpoint{*peer} : Endpoint{}};
  if (ends.from == ends.to) throw source.error("peer", "must be another vif, or -1");
  if (inbound) std::swap(ends.from, ends.to);
  return ends;
}

ConstantConfig to_constant(const Fields& source, const Ends& ends) {
  const auto [start_ns, stop_ns] = to_times(source);
  return {.start_ns = start_ns,
          .stop_ns = stop_ns,
          .rate_bps = source.integer("rateBps", 1, kMaxRateBps),
          .size_bytes = source.integer32("sizeBytes", kLeastFrameBytes, kMostFrameBytes),
          .flows = source.integer32("flows", 1, kMostFlows),
          .jitter_ns = source.integer("jitterNs", 0, kMaxTimeNs),
          .from = ends.from,
          .to = ends.to,
          .gso_size_bytes = source.integer32("gsoBytes", 0, kMostFrameBytes)};
}

PoissonConfig to_poisson(const Fields& source, const Ends& ends) {
  const auto [start_ns, stop_ns] = to_times(source);
  PoissonConfig config{.start_ns = start_ns,
                       .stop_ns = stop_ns,
                       .rate_bps = source.integer("rateBps", 1, kMaxRateBps),
                       .sizes = {},
                       .flows = source.integer32("flows", 1, kMostFlows),
                       .from = ends.from,
                       .to = ends.to,
                       .gso_size_bytes = source.integer32("gsoBytes", 0, kMostFrameBytes)};
  source.for_each("sizes", PoissonConfig::kMaxSizes, [&](const Fields& size) {
    config.sizes.push_back({size.integer32("sizeBytes", kLeastFrameBytes, kMostFrameBytes),
                            size.integer32("weight", 1, PoissonConfig::kMaxWeight)});
  });
  if (config.sizes.empty()) throw source.error("sizes", "must have at least one element");
  return config;
}

OnOffConfig to_on_off(const Fields& source, const Ends& ends) {
  const auto [start_ns, stop_ns] = to_times(source);
  const OnOffConfig config{.start_ns = start_ns,
                           .stop_ns = stop_ns,
                           .rate_bps = source.integer("rateBps", 1, kMaxRateBps),
                           .size_bytes = source.integer32("sizeBytes", kLeastFrameBytes, kMostFrameBytes),
                           .on_ns = source.integer("onNs", 1, kMaxTimeNs),
                           .off_ns = source.integer("offNs", 1, kMaxTimeNs),
                           .fixed = source.boolean("fixed"),
                           .flows = source.integer32("flows", 1, kMostFlows),
                           .from = ends.from,
                           .to = ends.to,
                           .gso_size_bytes = source.integer32("gsoBytes", 0, kMostFrameBytes)};
  if (config.on_ns < FrameGaps(config.size_bytes, config.rate_bps).least_ns())
    throw source.error("onNs", "must be at least the time of a frame at rateBps");
  return config;
}

std::vector<FlowSizePoint> to_flow_sizes(const Fields& source) {
  const auto copy = [](std::span<const FlowSizePoint> points) { return std::vector(points.begin(), points.end()); };
  const std::string distribution = source.text("distribution");
  if (distribution == "websearch") return copy(kWebsearchFlows);
  if (distribution == "datamining") return copy(kDataminingFlows);
  if (distribution != "points") throw source.error("distribution", "must be 'websearch', 'datamining' or 'points'");
  std::vector<FlowSizePoint> points;
  source.for_each("points", FlowSizes::kMaxPoints, [&](const Fields& point) {
    points.push_back(
        {point.integer("bytes", 0, FlowSizes::kMaxBytes), point.integer32("share", 0, FlowSizes::kShares)});
  });
  if (!FlowSizes::are_valid(points))
    throw source.error("points", "must rise in bytes, and from share 0 to 1000000000 without a fall");
  return points;
}

FlowsConfig to_flows(const Fields& source, const Ends& ends) {
  const auto [start_ns, stop_ns] = to_times(source);
  return {.start_ns = start_ns,
          .stop_ns = stop_ns,
          .load_bps = source.integer("loadBps", 1, kMaxRateBps),
          .rate_bps = source.integer("rateBps", 1, kMaxRateBps),
          .frame_bytes = source.integer32("sizeBytes", kLeastFrameBytes, kMostFrameBytes),
          .active = source.integer32("active", 1, FlowsConfig::kMaxActive),
          .sizes = to_flow_sizes(source),
          .from = ends.from,
          .to = ends.to};
}

ReplayConfig to_replay(const Fields& source) {
  ReplayConfig config{.start_ns = source.integer("startNs", 0, kMaxTimeNs),
                      .stop_ns = source.integer("stopNs", 0, kMaxTimeNs),
                      .loop_ns = source.integer("loopNs", 0, kMaxTimeNs),
                      .times_ns = {},
                      .sizes_bytes = {},
                      .headers = {}};
  const auto times = to_bigint64_array(source.value("timesNs"), source.name("timesNs"));
  const auto sizes = to_uint32_array(source.value("sizesBytes"), source.name("sizesBytes"));
  const auto headers = to_bytes(source.value("headers"), source.name("headers"));
  if (sizes.size() != times.size()) throw source.error("sizesBytes", "must have as many elements as timesNs");
  if (headers.size() != times.size() * kReplayHeaderBytes)
    throw source.error("headers", "must have 128 bytes for each element of timesNs");
  if (!std::ranges::is_sorted(times) || (!times.empty() && times.front() < 0))
    throw source.error("timesNs", "must start at 0 or later and never fall");
  if (!times.empty() && static_cast<std::uint64_t>(times.back()) > kMaxTimeNs)
    throw source.error("timesNs", "must stay below 2^53");
  if (config.loop_ns > 0 && !times.empty() && static_cast<std::uint64_t>(times.back()) >= config.loop_ns)
    throw source.error("loopNs", "must be 0 or greater than every element of timesNs");
  if (std::ranges::any_of(sizes, [](std::uint32_t size) { return size < 14 || size > 65535; }))
    throw source.error("sizesBytes", "must hold sizes from 14 to 65535");
  config.times_ns.assign(times.begin(), times.end());
  config.sizes_bytes.assign(sizes.begin(), sizes.end());
  config.headers.assign(headers.begin(), headers.end());
  return config;
}

Source::Kind to_kind(const Fields& source, std::uint32_t vif, bool inbound, std::size_t vifs, std::uint64_t seed) {
  const std::string kind = source.text("kind");
  if (kind == "replay") return ReplaySource(to_replay(source), seed);
  if (kind != "constant" && kind != "poisson" && kind != "onoff" && kind != "flows")
    throw source.error("kind", "must be 'constant', 'poisson', 'onoff', 'flows', 'replay' or 'tcp'");
  const Ends ends = to_ends(source, vif, inbound, vifs);
  if (kind == "poisson") return PoissonSource(to_poisson(source, ends), seed);
  if (kind == "onoff") return OnOffSource(to_on_off(source, ends), seed);
  if (kind == "flows") return FlowsSource(to_flows(source, ends), seed);
  return ConstantSource(to_constant(source, ends), seed);
}

}  // namespace

bool is_inbound(const Fields& source) {
  const std::string direction = source.text("direction");
  if (direction != "out" && direction != "in") throw source.error("direction", "must be 'out' or 'in'");
  return direction == "in";
}

Uplink to_inlet(const Fields& source, const WorldConfig& world) {
  if (const auto bond = source.optional_index("bond", world.bonds.size())) return {Uplink::Kind::kBond, *bond};
  return {Uplink::Kind::kNic, source.index("nic", world.nics.size())};
}

Source to_source(const Fields& source, const WorldConfig& world, std::uint64_t seed) {
  const std::uint32_t vif = source.index("vif", world.vifs.size());
  const bool inbound = is_inbound(source);
  Source::Kind kind = to_kind(source, vif, inbound, world.vifs.size(), seed);
  if (!inbound) return Source(vif, std::move(kind));
  return Source(vif, to_inlet(source, world), std::move(kind));
}

}  // namespace ringback::addon
