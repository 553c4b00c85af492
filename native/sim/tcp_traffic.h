// The TCP connections of a world: traffic that answers to what becomes of it.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <queue>
#include <span>
#include <vector>

#include "base/fifo.h"
#include "base/random.h"
#include "base/time.h"
#include "sim/histogram.h"
#include "sim/packet_ends.h"
#include "sim/tcp_connection.h"
#include "sim/tcp_packets.h"
#include "sim/trace.h"

namespace ringback {

// Counters of a vif's connections, in this order.
inline constexpr std::array kTcpCounterNames = {
    "flows",
    "receivedBytes",        // of streams, without a gap
    "acknowledgedBytes",    // of which the senders know that
    "segments",             // sent, again ones included
    "retransmits",          //
    "spuriousRetransmits",  // segments that the receivers had already
    "fastRecoveries",       //
    "timeouts",             //
    "undos",                // of reductions, where nothing had been lost
    "outOfOrder",           // segments that came before an earlier one
    "acks",                 // that the receivers have sent
};
using TcpCounters = std::array<std::uint64_t, kTcpCounterNames.size()>;

// What connections need of their world.
class TcpHost {
 public:
  // The guest of `vif` sends a frame.
  virtual void offer_from_guest(std::uint32_t vif, const Offer& offer) = 0;
  // A frame for `vif` comes in from outside.
  virtual void offer_from_outside(const Uplink& inlet, std::uint32_t vif, const Offer& offer) = 0;
  // on_timer(connection), or on_arrival(), is due at `at`, if it was not asked for already.
  virtual void arm_tcp_timer(std::uint32_t connection, TimeNs at) = 0;
  virtual void arm_tcp_arrival(TimeNs at) = 0;

 protected:
  ~TcpHost() = default;
};

// Frames tell what becomes of them through PacketEnds, in the middle of other work: what follows from it is done by
// work(), which the world calls when that is over.
//
// Threads: one.
class TcpTraffic final : public PacketEnds {
 public:
  static constexpr std::uint32_t kMaxConnections = 64'512;

  TcpTraffic(std::size_t vifs, TcpHost& host);
  TcpTraffic(const TcpTraffic&) = delete;
  TcpTraffic& operator=(const TcpTraffic&) = delete;

  // Requires: before the first event; at most kMaxConnections in all.
  void add(const TcpConfig& config, std::uint64_t seed);

  [[nodiscard]] bool empty() const noexcept { return connections_.empty(); }
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(connections_.size()); }
  // Whether an endpoint is in the guest of this vif.
  [[nodiscard]] bool is_on(std::uint32_t vif) const noexcept { return is_on_[vif]; }
  // No packet is at its endpoint sooner than this after it has passed the wire.
  [[nodiscard]] TimeNs least_delay_ns() const noexcept { return least_delay_ns_; }

  // ---- events

  void on_timer(TimeNs now, std::uint32_t connection);
  void on_arrival(TimeNs now);
  // The guest of this vif has looked at the responses on its ring.
  void on_responses(std::uint32_t vif);
  [[nodiscard]] bool has_work() const noexcept { return !inbox_.empty() || !pumps_.empty(); }
  void work(TimeNs now);

  // ---- frames

  void copied(std::uint32_t packet) override { packets_.share(packet); }
  void left_guest(std::uint32_t packet) override;
  void passed_wire(TimeNs arrival_ns, std::uint32_t nic, const WireFrame& frame) override;
  void received(TimeNs now, std::uint32_t vif, std::uint32_t packet) override;
  void ended(std::uint32_t packet) override;

  // ---- for the reports

  [[nodiscard]] const TcpConnection& connection(std::uint32_t index) const noexcept { return connections_[index]; }
  [[nodiscard]] std::size_t packets_under_way() const noexcept { return packets_.in_use(); }
  [[nodiscard]] TcpCounters counters(std::uint32_t vif) const;
  [[nodiscard]] const Histogram& rtt(std::uint32_t vif) const noexcept { return rtt_[vif]; }
  void fold_into(TraceHash& hash) const;

 private:
  // Behind a wire, on the way to its endpoint. Those of one time come by NIC, then as they have left it; then those
  // between guests.
  struct Arrival {
    TimeNs at_ns;
    std::uint32_t nic;     // kBetweenGuests: none
    std::uint64_t number;  // among those of the NIC
    std::uint32_t packet;
    std::uint32_t begin_bytes;  // of the packet's data
    std::uint32_t bytes;

    // The queue's first is the greatest.
    [[nodiscard]] bool operator<(const Arrival& other) const noexcept {
      if (at_ns != other.at_ns) return at_ns > other.at_ns;
      return nic != other.nic ? nic > other.nic : number > other.number;
    }
  };

  static constexpr std::uint32_t kBetweenGuests = ~std::uint32_t{0};

  void delay(const Arrival& arrival);
  [[nodiscard]] const TcpPlace& target_of(const TcpPacket& packet) const noexcept;
  void take(TimeNs now, std::uint32_t packet, std::uint32_t begin_bytes, std::uint32_t bytes);
  void pump(TimeNs now, std::uint32_t connection);
  void acknowledge(TimeNs now, std::uint32_t connection);
  [[nodiscard]] bool send(TimeNs now, std::uint32_t connection, const tcp::Burst& burst);
  [[nodiscard]] bool offer(TimeNs now, const TcpPlace& place, std::uint32_t packet, std::uint16_t gso_size_bytes);
  void arm(std::uint32_t connection);

  TcpHost& host_;
  TcpPackets packets_;
  std::deque<TcpConnection> connections_;            // whose addresses stay
  std::vector<std::vector<std::uint32_t>> by_vif_;   // who is counted there
  std::vector<bool> is_on_;                          // by vif
  std::vector<std::vector<std::uint32_t>> waiting_;  // by vif: who has something in the guest's queue
  std::vector<Histogram> rtt_;                       // by vif
  TimeNs least_delay_ns_ = kNever;
  std::vector<std::uint64_t> passed_;  // by NIC: how many packets have left it
  std::uint64_t passed_between_guests_ = 0;
  std::priority_queue<Arrival> arrivals_;
  Fifo<std::uint32_t> inbox_;  // packets in guests' hands
  Fifo<std::uint32_t> pumps_;  // connections that may send more
};

}  // namespace ringback
