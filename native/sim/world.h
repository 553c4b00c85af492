// The simulated world: guests, back ends, shapers and NICs in virtual time, on one thread.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "event/event_channel.h"
#include "memory/domain.h"
#include "memory/grant_copy.h"
#include "net/nic.h"
#include "sim/event_queue.h"
#include "sim/source.h"
#include "sim/trace.h"
#include "sim/vif_path.h"
#include "vif/frame.h"

namespace ringback {

struct WorldConfig {
  Payload payload = Payload::kCopy;
  std::vector<NicConfig> nics;
  std::vector<VifConfig> vifs;  // at most World::kMaxVifs; each names an existing NIC
};

// Counters of a NIC, in this order.
inline constexpr std::array kNicCounterNames = {"sentPackets",    "sentBytes",    "queuedPackets", "queuedBytes",
                                                "droppedPackets", "droppedBytes", "busyNs"};

// The same configuration, sources and seeds give the same trace hash on every machine.
//
// Time:    events of one time run in an order that follows from the scenario alone: what a guest or a back end was
//          notified of comes first, in the order of the notifications; then timers by kind and number. Polls and
//          notifications take no time.
// Threads: one.
class World final : private EventSink, private Uplinks {
 public:
  // The driver domain needs a port a vif, and port 0 is never used.
  static constexpr std::uint32_t kMaxVifs = kMaxPorts - 1;

  explicit World(const WorldConfig& config);
  ~World();

  // Requires: before the first run(); source.vif() < number of vifs.
  void add_source(Source source);

  // Advances time to `until_ns`, without the events of `until_ns` itself, or stops after about `max_events` events.
  // Returns the time reached: until_ns when done.
  TimeNs run(TimeNs until_ns, std::uint64_t max_events);

  [[nodiscard]] std::uint32_t vif_count() const noexcept { return static_cast<std::uint32_t>(vifs_.size()); }
  [[nodiscard]] std::uint32_t nic_count() const noexcept { return static_cast<std::uint32_t>(nics_.size()); }

  // Requires: as many elements as there are names.
  void read_vif_counters(std::uint32_t vif, std::span<std::uint64_t, kVifCounterNames.size()> counters) const;
  void read_nic_counters(std::uint32_t nic, std::span<std::uint64_t, kNicCounterNames.size()> counters) const;

  // Nanoseconds from the offer to the last bit's arrival, of delivered frames.
  [[nodiscard]] const Histogram& latency(std::uint32_t vif) const { return vifs_[vif]->latency(); }

  [[nodiscard]] Fault fault(std::uint32_t vif) const { return vifs_[vif]->fault(); }

  // Of everything up to now: each NIC's departures in order, each vif's drops in order, and the counters.
  [[nodiscard]] std::uint64_t trace_hash() const;

 private:
  enum class Side : std::uint8_t { kFrontEnd, kBackEnd };
  // Somebody who was notified and runs before time goes on.
  struct Ready {
    std::uint32_t vif;
    Side side;
  };

  void add_vif(std::uint32_t vif, const VifConfig& config, Payload payload);
  void run_ready();
  void run_event(const Event& event);
  void poll(std::uint32_t vif);
  void schedule_poll(std::uint32_t vif);
  void collect(std::uint32_t nic);

  void on_event(abi::domid_t domid, Port port) override;
  bool transmit(TimeNs now, std::uint32_t nic, const WireFrame& frame) override;

  TimeNs now_ns_ = 0;
  DomainTable domains_;
  EventChannels channels_;
  std::shared_ptr<Domain> driver_domain_;
  LocalGrantCopier copier_;
  FrameBuffers buffers_;
  std::vector<Nic> nics_;
  std::vector<TraceHash> nic_traces_;
  std::vector<std::unique_ptr<VifPath>> vifs_;
  std::vector<std::uint32_t> vif_by_port_;  // the driver domain's ports
  std::vector<Source> sources_;
  EventQueue timers_;
  Fifo<Ready> ready_;
};

}  // namespace ringback
