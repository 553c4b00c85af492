// Everything between vifs and the far ends of wires: NICs, bonds of them, and bridges over both.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "net/bridge.h"
#include "net/nic.h"
#include "sim/bonded_nics.h"
#include "sim/bursts.h"
#include "sim/captures.h"
#include "sim/far_end.h"
#include "sim/trace.h"
#include "sim/uplink.h"
#include "sim/vif_path.h"

namespace ringback {

// Its ports: these NICs, these bonds, then each vif whose uplink it is.
struct BridgeOptions {
  std::vector<std::uint32_t> nics;
  TimeNs ageing_ns = 300 * kNsPerSecond;
  std::vector<std::uint32_t> bonds = {};
};

// Counters of a NIC, in this order.
inline constexpr std::array kNicCounterNames = {
    "sentPackets",
    "sentBytes",
    "queuedPackets",
    "queuedBytes",
    "droppedPackets",
    "droppedBytes",
    "busyNs",
    "receivedPackets",
    "receivedBytes",
    "receiveQueuedPackets",
    "receiveQueuedBytes",
    "receiveDroppedPackets",
    "receiveDroppedBytes",
    "receiveBusyNs",
    "linkDroppedPackets",
    "linkDroppedBytes",
};

// Counters of a bridge, in this order.
inline constexpr std::array kBridgeCounterNames = {
    "learnedAddresses", "movedAddresses", "refusedAddresses", "floodedPackets", "heldAddresses",
};

// What a network needs of its world.
class NetworkHost {
 public:
  [[nodiscard]] virtual VifPath& vif(std::uint32_t index) = 0;
  // The back end has a frame for the guest on this queue.
  virtual void schedule_rx(std::uint32_t vif, std::uint32_t queue) = 0;
  // arrive(nic) is due at `at`, if it was not asked for already.
  virtual void arm_arrival(std::uint32_t nic, TimeNs at) = 0;
  // run_bond(bond) is due at `at`, if it was not asked for already.
  virtual void arm_bond(std::uint32_t bond, TimeNs at) = 0;
  // collect(nic) is due some time before a packet that is behind its wire at `at` comes to its endpoint.
  virtual void arm_departure(std::uint32_t nic, TimeNs at) = 0;
  // A bond that is watched has noticed that it carries other than before.
  virtual void on_new_capacity() = 0;

 protected:
  ~NetworkHost() = default;
};

// Threads: one.
class Network final : public Uplinks {
 public:
  // What there is, by index. A NIC is on one bridge or in one bond at most, a bond on one bridge at most.
  struct Devices {
    std::span<const NicConfig> nics;
    std::span<const BondOptions> bonds;
    std::span<const BridgeOptions> bridges;
    std::span<const VifConfig> vifs;
  };

  // Requires: buffers, captures, packet_ends and host outlive this.
  Network(const Devices& devices, std::uint64_t seed, bool fill_payload, FrameBuffers& buffers, Captures& captures,
          PacketEnds& packet_ends, NetworkHost& host);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  void transmit(TimeNs now, VifPath& from, const WireFrame& frame) override;

  // A guest has connected. Its bridge hears of it as from the gratuitous ARP that netfront has the guest send, and so
  // it hears of the station outside on its first NIC: made-up traffic is not flooded just because nobody has answered
  // yet. The frames themselves are not made.
  void announce(TimeNs now, std::uint32_t vif);

  // The far end of a NIC's wire, or whoever is behind a bond's wires, has a frame to send, for a vif's account.
  // Requires: `inlet` is a NIC or a bond.
  void offer_from_wire(TimeNs now, const Uplink& inlet, std::uint32_t vif, const Offer& offer);
  // Takes what has arrived at a NIC, and asks for the next arrival.
  void arrive(TimeNs now, std::uint32_t nic);
  // Counts what has left a NIC.
  void collect(TimeNs now, std::uint32_t nic);
  // Asks for the time at which packets on a NIC are behind its wire, while there are any.
  void arm_departure(std::uint32_t nic);
  // Asks for the first time at which a bond has something to do.
  void arm_bond(std::uint32_t bond);
  // Lets a bond do what is due, and asks for the next time.
  void run_bond(TimeNs now, std::uint32_t bond);

  // Both ends of the wire are as fast as this from now on.
  void set_nic_rate(TimeNs now, std::uint32_t nic, std::uint64_t rate_bps);
  // Without a link what waits at either end or is under way is lost, and so is what comes.
  void set_nic_link(TimeNs now, std::uint32_t nic, bool has_link);

  [[nodiscard]] std::uint32_t nics() const noexcept { return static_cast<std::uint32_t>(nics_.size()); }
  [[nodiscard]] std::uint32_t bonds() const noexcept { return static_cast<std::uint32_t>(bonds_.size()); }
  [[nodiscard]] std::uint32_t bridges() const noexcept { return static_cast<std::uint32_t>(bridges_.size()); }
  [[nodiscard]] const Bond& bond(std::uint32_t bond) const noexcept { return bonds_[bond]->bond; }
  void read_nic_counters(std::uint32_t nic, std::span<std::uint64_t, kNicCounterNames.size()> counters) const;
  void read_bond_counters(std::uint32_t bond, std::span<std::uint64_t, kBondCounterNames.size()> counters) const;
  void read_bridge_counters(std::uint32_t bridge, std::span<std::uint64_t, kBridgeCounterNames.size()> counters) const;
  void fold_into(TraceHash& hash) const;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct BridgePort {
    Uplink::Kind kind;  // kBridge stands for a vif
    std::uint32_t index;
  };
  struct Switch {
    Bridge bridge;
    std::vector<BridgePort> ports;
    std::uint64_t flooded_packets = 0;
  };
  struct Plug {
    std::uint32_t bridge = kNone;
    std::uint32_t port = 0;
  };
  struct Membership {
    std::uint32_t bond = kNone;
    std::uint32_t member = 0;
  };

  void add_bond(const BondOptions& options);
  void add_bridge(const BridgeOptions& options, std::span<const VifConfig> vifs, std::uint64_t hash_seed);
  [[nodiscard]] BufferRef receive_into_buffer(const WireFrame& frame);
  void come_in(TimeNs now, std::uint32_t nic, const WireFrame& frame);
  void forward(TimeNs now, const Plug& from, const WireFrame& frame);
  void flood(TimeNs now, const Plug& from, const WireFrame& frame);
  void output(TimeNs now, const BridgePort& port, const WireFrame& frame);
  void copy(const WireFrame& frame);
  void deliver(TimeNs now, const WireFrame& frame);

  // ---- onto wires

  template <class Send>
  void for_each_segment(TimeNs now, const WireFrame& frame, Send&& send);
  void send(TimeNs now, std::uint32_t nic, const WireFrame& frame);
  void send_segments(TimeNs now, std::uint32_t nic, const WireFrame& frame);
  bool queue(TimeNs now, std::uint32_t nic, const WireFrame& frame);
  void arrive_outside(TimeNs arrival_ns, const WireFrame& frame);
  void record(PcapWriter& capture, TimeNs at, const WireFrame& frame) const;
  void leave(TimeNs arrival_ns, std::uint32_t nic, const WireFrame& frame);
  void drop(TimeNs now, Cause cause, const WireFrame& frame);
  void lose(TimeNs now, std::uint32_t nic, const WireFrame& frame);
  void drop_segment(TimeNs now, Cause cause, const WireFrame& segment);
  std::optional<Bursts::Burst> end_segment(const WireFrame& segment);

  // ---- bonds: network_bonds.cc

  void send_bonded(TimeNs now, std::uint32_t bond, const WireFrame& frame);
  void send_chosen(TimeNs now, BondedNics& bonded, const WireFrame& frame);
  void send_to_all(TimeNs now, BondedNics& bonded, const WireFrame& frame);
  void send_own(TimeNs now, std::uint32_t nic, std::span<const std::byte> frame);
  [[nodiscard]] std::uint32_t wire_of_bond(TimeNs now, std::uint32_t bond, const WireFrame& frame);
  void tell_bond(TimeNs now, std::uint32_t nic);
  [[nodiscard]] bool is_accepted(const Membership& on, const WireFrame& frame);
  static void fold_bond(TraceHash& hash, const BondedNics& bonded);

  FrameBuffers& buffers_;
  Captures& captures_;
  PacketEnds& packet_ends_;
  NetworkHost& host_;
  bool fill_payload_;
  std::vector<Nic> nics_;
  std::vector<FarEnd> far_ends_;
  std::vector<TraceHash> nic_traces_;
  std::vector<Tally> link_drops_;              // by NIC
  std::vector<std::uint64_t> queued_packets_;  // by NIC: frames that carry a TCP packet
  Bursts bursts_;
  std::vector<std::unique_ptr<BondedNics>> bonds_;
  std::vector<Switch> bridges_;
  std::vector<Membership> memberships_;  // by NIC
  std::vector<Plug> nic_plugs_;
  std::vector<Plug> bond_plugs_;
  std::vector<Plug> vif_plugs_;
};

}  // namespace ringback
