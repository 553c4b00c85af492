#include "sim/tcp_connection.h"

#include <algorithm>

#include "base/random.h"

namespace ringback {
namespace {

TcpPlace guest_of(std::uint32_t vif) { return {.vif = vif}; }

TcpPlace sender_of(const TcpConfig& config) {
  return config.inbound ? TcpPlace{config.vif, false, config.inlet} : guest_of(config.vif);
}

TcpPlace receiver_of(const TcpConfig& config) {
  if (config.inbound) return guest_of(config.vif);
  return config.peer_vif ? guest_of(*config.peer_vif) : TcpPlace{config.vif, false, config.inlet};
}

Endpoint endpoint_of(const TcpPlace& place) { return place.is_guest ? Endpoint{place.vif} : Endpoint{}; }

tcp::SenderConfig sender_config(const TcpConfig& config, std::uint32_t first_sequence) {
  return {.first_sequence = first_sequence,
          .segment_bytes = config.segment_bytes(),
          .burst_segments = std::max(1u, (config.gso_bytes - kTcpHeaderBytes) / config.segment_bytes()),
          .window_bytes = config.window_bytes,
          .bytes = config.bytes,
          .algorithm = config.algorithm,
          .reordering = config.reordering,
          .sack = config.sack,
          .min_rto_ns = config.min_rto_ns};
}

tcp::ReceiverConfig receiver_config(const TcpConfig& config, std::uint32_t first_sequence) {
  return {.first_sequence = first_sequence,
          .segment_bytes = config.segment_bytes(),
          .window_bytes = config.window_bytes,
          .delayed_ack_ns = config.delayed_ack_ns,
          .sack = config.sack};
}

std::uint32_t sequence_from(std::uint64_t seed) { return static_cast<std::uint32_t>(Random(seed).next()); }

}  // namespace

TcpConnection::TcpConnection(const TcpConfig& from, std::uint32_t flow, std::uint64_t seed)
    : config(from),
      sender_place(sender_of(from)),
      receiver_place(receiver_of(from)),
      sender(sender_config(from, sequence_from(seed))),
      receiver(receiver_config(from, sequence_from(seed))),
      data_headers(endpoint_of(sender_place), endpoint_of(receiver_place), flow, true),
      ack_headers(endpoint_of(receiver_place), endpoint_of(sender_place), flow, false),
      first_sequence(sequence_from(seed)),
      other_sequence(sequence_from(~seed)),
      payload_seeds(seed) {}

}  // namespace ringback
