// The simulated world: guests, back ends, shapers and NICs in virtual time, on one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "event/event_channel.h"
#include "memory/domain.h"
#include "memory/grant_copy.h"
#include "shaping/reserve_shaper.h"
#include "sim/alarms.h"
#include "sim/back_end_cpu.h"
#include "sim/captures.h"
#include "sim/event_queue.h"
#include "sim/network.h"
#include "sim/ready.h"
#include "sim/source.h"
#include "sim/source_schedule.h"
#include "sim/tcp_traffic.h"
#include "sim/vif_counters.h"
#include "sim/vif_path.h"
#include "vif/frame.h"
#include "vif/tx_batch.h"

namespace ringback {

struct WorldConfig {
  Payload payload = Payload::kCopy;
  bool fill_payload = false;  // frames carry made-up bytes behind their headers
  std::uint64_t seed = 0;
  std::vector<NicConfig> nics = {};
  std::vector<BondOptions> bonds = {};       // each names existing NICs
  std::vector<BridgeOptions> bridges = {};   // each names existing NICs and bonds
  std::vector<ReserveConfig> reserves = {};  // of uplinks
  std::vector<VifConfig> vifs = {};          // at most World::kMaxPorts ports in all; each names an existing uplink
  std::vector<CaptureConfig> captures = {};  // each names an existing NIC or vif
  std::optional<CpuCosts> costs = {};        // nothing: back ends take no time
  bool is_eager = false;  // for tests: no source sleeps and no response is deferred, which makes no difference
};

// The same configuration, sources and seeds give the same trace hash on every machine.
//
// Time:    events of one time run in an order that follows from the scenario alone: what a guest or a back end was
//          notified of comes first, in the order of the notifications; then timers by kind and number. Polls and
//          notifications take no time. With costs, guests come first; then back ends' work begins, as long as there
//          are cores; then timers, and among them the ends of works last: see BackEndCpu.
// Threads: one.
class World final : private EventSink, private NetworkHost, private TcpHost {
 public:
  // The driver domain has a port for each of the vifs' ports, and port 0 is never used.
  static constexpr std::uint32_t kMaxVifPorts = kMaxPorts - 1;

  explicit World(const WorldConfig& config);
  ~World();

  // Requires: before the first run(); it names an existing vif, and NIC or bond.
  void add_source(Source source);
  // Connections. Requires: likewise, at most TcpTraffic::kMaxConnections in all.
  void add_tcp(const TcpConfig& config, std::uint64_t seed);

  // Advances time to `until_ns`, without the events of `until_ns` itself, or stops after about `max_events` events; a
  // frame that is collected from a sleeping source counts as one.
  // It stops too, before anything else happens, when a bond that is watched has noticed that it carries other than
  // before: who shares that out can follow at this very time. Of several bonds at one time each has a stop of its own.
  // Returns the time reached: until_ns when done.
  TimeNs run(TimeNs until_ns, std::uint64_t max_events);
  // Whether that is why the last run() stopped.
  [[nodiscard]] bool has_new_capacity() const noexcept { return has_new_capacity_; }

  // The guest comes back with new rings, as after a fault; what was under way on the old ones is lost.
  void reconnect(std::uint32_t vif);

  // ---- changes between runs, at the time that was reached

  void set_credit(std::uint32_t vif, const Credit& credit);
  // Of a vif that has a place at an uplink's reservations; of another it means nothing.
  void set_reservation(std::uint32_t vif, const Reservation& reservation);
  // What the uplink can carry now; 0: nothing.
  void set_reserve_rate(std::uint32_t reserve, std::uint64_t rate_bps);
  void set_nic_rate(std::uint32_t nic, std::uint64_t rate_bps);
  // Without a link what is on the NIC or its wire is lost, and so is what comes.
  void set_nic_link(std::uint32_t nic, bool has_link);

  [[nodiscard]] std::uint32_t reserve_count() const noexcept { return static_cast<std::uint32_t>(reserves_.size()); }
  [[nodiscard]] std::uint32_t vif_count() const noexcept { return static_cast<std::uint32_t>(vifs_.size()); }
  [[nodiscard]] const Network& network() const noexcept { return network_; }
  [[nodiscard]] const TcpTraffic& tcp() const noexcept { return tcp_; }
  [[nodiscard]] Captures& captures() noexcept { return captures_; }
  // Whether back ends' work takes time.
  [[nodiscard]] bool has_costs() const noexcept { return cpu_ != nullptr; }
  // Requires: has_costs().
  [[nodiscard]] BackEndCpu::Counters read_cpu_counters() const { return cpu_->counters(now_ns_); }

  [[nodiscard]] VifCounters read_vif_counters(std::uint32_t vif) const { return vif_counters(*vifs_[vif], now_ns_); }
  // For tests too: a hostile guest is played through its rings and grants.
  [[nodiscard]] VifPath& vif(std::uint32_t vif) override { return *vifs_[vif]; }
  [[nodiscard]] const VifPath& vif(std::uint32_t vif) const { return *vifs_[vif]; }
  // The guest sends an event through its port, numbered from 1 as they were bound.
  void send_from_guest(std::uint32_t vif, Port port);

  // Of everything up to now: each NIC's departures in order, each vif's drops and receptions in order, and the
  // counters.
  [[nodiscard]] std::uint64_t trace_hash() const;

  // Pages of the driver domain that frames hold now.
  [[nodiscard]] std::uint32_t buffer_pages_in_use() const noexcept {
    return driver_domain_->arena.pages() - driver_domain_->arena.free_pages();
  }

 private:
  static constexpr abi::domid_t kDriverDomain = 0;

  [[nodiscard]] static abi::domid_t guest_domid(std::uint32_t vif) noexcept {
    return static_cast<abi::domid_t>(vif + 1);
  }

  void add_vif(std::uint32_t vif, const VifConfig& config);
  void connect(std::uint32_t vif);
  void run_ready();
  void run_event(const Event& event);
  void run_source(std::uint32_t index);
  void push(std::uint32_t vif, std::uint32_t queue);
  void arm_nap(std::uint32_t index, TimeNs gap_ns);
  void on_nap(std::uint32_t index);
  // Takes what the vif's sleeping sources have offered up to now. Before anything else is done with the vif.
  void collect_offers(std::uint32_t vif);
  // Its sources have events again if the vif is not quiet any more.
  void wake_sources(std::uint32_t vif);
  // Whether what happens in the vif's guest may be done later, as nobody could tell.
  [[nodiscard]] bool may_wait(std::uint32_t vif) const noexcept { return !is_eager_ && !tcp_.is_on(vif); }
  void on_front_end_event(std::uint32_t vif, std::uint32_t port);
  void front_end_control(std::uint32_t vif);

  // ---- the back ends: world_back_ends.cc

  void do_work(const Ready& work);
  // The same work, or more of it, is ready once this one is done.
  void go_on(const Ready& work);
  // Returns whether any could begin.
  bool begin_work();
  void finish_work(std::uint32_t core);
  void on_back_end_event(std::uint32_t vif, std::uint32_t port);
  void poll_tx(std::uint32_t vif, std::uint32_t queue);
  // Returns whether there was anything to do.
  bool run_rx(std::uint32_t vif, std::uint32_t queue);
  bool poll_control(std::uint32_t vif);
  void notify_front_end(std::uint32_t vif, std::uint32_t port);
  void arm_rx_timer(std::uint32_t vif, std::uint32_t queue);

  // ---- the shapers: world_shapers.cc

  void hold_back(std::uint32_t vif);
  void set_shaper_timers(std::uint32_t vif);
  void set_grant_timer(std::uint32_t reserve);
  void set_timer(Alarms& alarms, Event::Kind kind, std::uint32_t target, TimeNs due_ns);
  void on_credit_timer(std::uint32_t vif);
  void on_guarantee_timer(std::uint32_t vif);
  void on_grant_timer(std::uint32_t reserve);
  void poll_waiters(std::uint32_t vif, const BackEnd::Waiters& waiters);

  void notify_back_end(std::uint32_t vif, std::uint32_t port);
  [[nodiscard]] Port back_port(std::uint32_t vif, std::uint32_t port) const noexcept {
    return first_ports_[vif] + port;
  }

  void on_event(abi::domid_t domid, Port port) override;
  void schedule_rx(std::uint32_t vif, std::uint32_t queue) override;
  void arm_arrival(std::uint32_t nic, TimeNs at) override;
  void arm_bond(std::uint32_t bond, TimeNs at) override;
  void arm_departure(std::uint32_t nic, TimeNs at) override;
  void on_new_capacity() override;

  // ---- TCP: world_tcp.cc

  void offer_from_guest(std::uint32_t vif, const Offer& offer) override;
  void offer_from_outside(const Uplink& inlet, std::uint32_t vif, const Offer& offer) override;
  void arm_tcp_timer(std::uint32_t connection, TimeNs at) override;
  void arm_tcp_arrival(TimeNs at) override;
  void on_departure(std::uint32_t nic);
  void on_tcp_arrival();
  void on_tcp_timer(std::uint32_t connection);

  TimeNs now_ns_ = 0;
  Event position_{0, Event::Kind::kSource, 0};  // what runs now, or would run next
  DomainTable domains_;
  EventChannels channels_;
  std::shared_ptr<Domain> driver_domain_;
  LocalGrantCopier copier_;
  LocalGrantCopier control_copier_;
  std::uint32_t control_page_;
  FrameBuffers buffers_;
  TxBatch tx_batch_;
  Captures captures_;
  TcpTraffic tcp_;
  Network network_;
  std::unique_ptr<BackEndCpu> cpu_;  // null without costs
  bool fill_payload_;
  bool is_eager_;
  struct Reserve {
    std::unique_ptr<ReserveShaper> shaper;
    std::vector<std::uint32_t> vifs;  // by member
  };
  std::vector<Reserve> reserves_;
  std::vector<std::unique_ptr<VifPath>> vifs_;
  std::vector<Port> first_ports_;           // by vif: the driver domain's first port for it
  std::vector<std::uint32_t> vif_by_port_;  // the driver domain's ports
  SourceSchedule sources_;
  EventQueue timers_;
  std::vector<bool> nap_armed_;       // by source
  std::uint64_t work_ = 0;            // of run(): events, and frames that were collected
  std::uint64_t most_work_ = 0;       // of run(): it stops then
  bool has_new_capacity_ = false;     // why run() stopped
  Alarms arrivals_;                   // by NIC
  Alarms bond_timers_;                // by bond
  Alarms credit_timers_;              // by vif
  Alarms guarantee_timers_;           // by vif
  Alarms grant_timers_;               // by reserve
  Alarms departures_;                 // by NIC
  Alarms tcp_arrivals_;               // one
  Alarms tcp_timers_;                 // by connection
  std::vector<bool> rx_timer_armed_;  // by vif * BackEnd::kMaxQueues + queue
  Fifo<Ready> ready_;
};

}  // namespace ringback
