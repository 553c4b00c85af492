// One TCP connection of a world: its two endpoints, and where they are.
#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "net/packet_header.h"
#include "sim/offer.h"
#include "sim/tcp_headers.h"
#include "sim/uplink.h"
#include "tcp/receiver.h"
#include "tcp/sender.h"

namespace ringback {

// Connections of one kind, as many as `flows`.
struct TcpConfig {
  std::uint32_t vif = 0;                       // on whose guest's side they are counted
  bool inbound = false;                        // data comes to that guest; otherwise it sends
  std::optional<std::uint32_t> peer_vif = {};  // the other end is this vif's guest; requires: !inbound
  Uplink inlet = {};                           // where frames of the station outside come in: a NIC or a bond
  std::uint32_t flows = 1;                     // 1 .. 64512 in all of a world
  TimeNs start_ns = 0;
  TimeNs stop_ns = kNever;                            // from then on nothing new is sent
  TimeNs rtt_ns = 0;                                  // behind the wire, or between guests, there and back: at least 1
  std::uint32_t size_bytes = 1514;                    // of a full segment's frame: 60 .. 65535
  std::uint32_t gso_bytes = 65535;                    // of a guest's largest frame, at least size_bytes
  std::uint32_t window_bytes = 3u << 20;              // the receiver's: 2 segments .. 2^30 - 1
  std::uint64_t bytes = tcp::SenderConfig::kEndless;  // of each stream
  tcp::Algorithm algorithm = tcp::Algorithm::kCubic;
  tcp::Reordering reordering = tcp::Reordering::kFixed;
  bool sack = true;
  TimeNs delayed_ack_ns = 40'000'000;
  TimeNs min_rto_ns = 200'000'000;

  [[nodiscard]] std::uint32_t segment_bytes() const noexcept { return size_bytes - kTcpHeaderBytes; }
};

// Where an endpoint is: a vif's guest, or the station outside whose frames come in there, on the vif's account.
struct TcpPlace {
  std::uint32_t vif = 0;
  bool is_guest = true;
  Uplink inlet = {};
};

struct TcpConnection {
  TcpConnection(const TcpConfig& from, std::uint32_t flow, std::uint64_t seed);

  TcpConfig config;
  TcpPlace sender_place;
  TcpPlace receiver_place;
  tcp::Sender sender;
  tcp::Receiver receiver;
  TcpHeaders data_headers;
  TcpHeaders ack_headers;
  std::uint32_t first_sequence;  // of the data,
  std::uint32_t other_sequence;  // and of the direction that carries none
  PayloadSeeds payload_seeds;
  std::uint64_t queued_bytes = 0;  // of data, in the sender's guest
  bool has_started = false;
  bool waits_for_responses = false;
};

}  // namespace ringback
