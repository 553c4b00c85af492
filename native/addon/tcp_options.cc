#include "addon/tcp_options.h"

#include <array>

#include "addon/source_options.h"

namespace ringback::addon {
namespace {

// In the order of the enumerations.
constexpr std::array kAlgorithms = {"reno", "cubic"};
constexpr std::array kReorderings = {"fixed", "adaptive", "rack"};

constexpr std::uint32_t kLeastFrameBytes = 128;
constexpr std::uint32_t kMostFrameBytes = 65535;
constexpr std::uint32_t kMostWindowBytes = (1u << 30) - 1;
constexpr TimeNs kLongestNs = 60 * kNsPerSecond;

}  // namespace

TcpConfig to_tcp(const Fields& source, const WorldConfig& world) {
  TcpConfig config{.vif = source.index("vif", world.vifs.size()),
                   .inbound = is_inbound(source),
                   .peer_vif = source.optional_index("peer", world.vifs.size()),
                   .flows = source.integer32("flows", 1, TcpTraffic::kMaxConnections),
                   .start_ns = source.integer("startNs", 0, kMaxTimeNs),
                   .stop_ns = source.integer("stopNs", 0, kMaxTimeNs),
                   .rtt_ns = source.integer("rttNs", 1000, kLongestNs),
                   .size_bytes = source.integer32("sizeBytes", kLeastFrameBytes, kMostFrameBytes),
                   .gso_bytes = 0,
                   .window_bytes = 0,
                   .bytes = source.integer("bytes", 0, kMaxSafeInteger),
                   .algorithm = static_cast<tcp::Algorithm>(source.choice("congestion", kAlgorithms)),
                   .reordering = static_cast<tcp::Reordering>(source.choice("reordering", kReorderings)),
                   .sack = source.boolean("sack"),
                   .delayed_ack_ns = source.integer("delayedAckNs", 0, kLongestNs),
                   .min_rto_ns = source.integer("minRtoNs", 1, kLongestNs)};
  config.gso_bytes = source.integer32("gsoBytes", config.size_bytes, kMostFrameBytes);
  config.window_bytes = source.integer32("windowBytes", 2 * config.segment_bytes(), kMostWindowBytes);
  if (config.peer_vif && (config.inbound || *config.peer_vif == config.vif))
    throw source.error("peer", "must be another vif, or -1, and -1 where direction is 'in'");
  if (!config.peer_vif) config.inlet = to_inlet(source, world);
  return config;
}

}  // namespace ringback::addon
