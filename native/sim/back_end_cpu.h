// What the back ends' work costs: the cores of the driver domain, and who waits for one.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "sim/metered_copier.h"
#include "sim/ready.h"
#include "sim/trace.h"
#include "sim/vif_path.h"

namespace ringback {

struct CpuCosts {
  std::uint32_t cores = 1;      // 1 .. BackEndCpu::kMaxCores
  std::uint64_t packet_ps = 0;  // for each packet taken off a ring or a queue, dropped ones included
  std::uint64_t byte_ps = 0;    // for each byte copied
  std::uint64_t notify_ps = 0;  // for each event that is handled, and each that is sent to a guest
};

// Counters of the CPU, in this order.
inline constexpr std::array kCpuCounterNames = {"cores", "busyNs", "wakeups", "polls", "packets"};

// A piece of work needs a core from its begin to its end. What it does with the rings happens at its begin; its frames,
// its events and what it has left to do leave at its end, and until then its frames are in its vif's network.
//
// Work waits in the order in which it became ready and takes the free core with the lowest number. Of one queue the
// transmit direction is on one core at a time, and so is the receive direction and a vif's control ring: NAPI and
// netback's thread of the queue may run side by side, but neither beside itself. An event that is for both directions
// needs both. Work whose direction is busy lets others go first, but none that needs the same.
//
// Units:    costs in picoseconds, exactly: what a core has left over of a nanosecond goes into the work that follows
//           without a pause. Times in nanoseconds.
// Threads:  one.
//
// Invariants:
// 1. The same work waits once at most, however often it became ready.
// 2. No core is free while work waits that could begin, unless begin() has not been called yet.
class BackEndCpu final : public Uplinks {
 public:
  static constexpr std::uint32_t kMaxCores = 64;

  // Requires: the copiers outlive this; `vifs` are those of the world.
  BackEndCpu(const CpuCosts& costs, std::span<const VifConfig> vifs, GrantCopier& grants, GrantCopier& control_grants);
  BackEndCpu(const BackEndCpu&) = delete;
  BackEndCpu& operator=(const BackEndCpu&) = delete;

  // What back ends copy with, so that bytes are counted.
  [[nodiscard]] GrantCopier& grants() noexcept { return grants_; }
  [[nodiscard]] GrantCopier& control_grants() noexcept { return control_grants_; }

  // Work became ready. Requires: it is a back end's.
  void add(const Ready& work);

  // Gives the first work that may begin to a core, and returns it; nothing when none may. The caller does it at once,
  // through the calls below, and then end()s it.
  [[nodiscard]] std::optional<Ready> begin(TimeNs now);

  // ---- while work is done, between begin() and end()

  [[nodiscard]] bool is_doing() const noexcept { return doing_ != kNone; }
  // A frame that leaves at the end of the work.
  void transmit(TimeNs now, VifPath& from, const WireFrame& frame) override;
  // An event for the guest.
  void send_event(std::uint32_t vif, std::uint32_t port);
  // Becomes ready at the end of the work.
  void go_on(const Ready& work) { doing().left.push_back(work); }
  void count_packets(std::uint32_t packets) noexcept;

  struct Busy {
    std::uint32_t core;
    TimeNs until_ns;
  };
  // The work is done. The caller finish()es the core at the time that is returned.
  [[nodiscard]] Busy end(TimeNs now);

  // ---- a core's work ends

  struct Sent {
    VifPath* from;
    WireFrame frame;
  };
  struct GuestEvent {
    std::uint32_t vif;
    std::uint32_t port;
  };
  // What leaves with the end of a work, in this order. Good until the core is given other work.
  struct Effects {
    std::span<const Sent> frames;
    std::span<const GuestEvent> events;
    std::span<const Ready> left;
  };
  // Frees the core.
  [[nodiscard]] Effects finish(std::uint32_t core);

  // The vif's guest has new rings: what waits for the old ones is forgotten, and a work that is under way has nothing
  // more to tell the guest. Frames that it has taken leave as they would have.
  void forget(std::uint32_t vif);

  using Counters = std::array<std::uint64_t, kCpuCounterNames.size()>;
  [[nodiscard]] Counters counters(TimeNs now) const;
  void fold_into(TraceHash& hash, TimeNs now) const;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::uint64_t kPsPerNs = 1000;

  struct PassedOver {
    std::uint32_t vif;
    std::uint32_t directions;
  };
  struct Core {
    bool busy = false;
    Ready work{};
    TimeNs end_ns = 0;
    std::uint64_t end_ps = 0;  // and the part of a nanosecond after that
    std::vector<Sent> frames;
    std::vector<GuestEvent> events;
    std::vector<Ready> left;
  };

  [[nodiscard]] Core& doing() noexcept { return cores_[doing_]; }
  [[nodiscard]] std::uint32_t free_core() const noexcept;
  [[nodiscard]] std::deque<Ready>::iterator first_startable();
  [[nodiscard]] std::uint32_t directions_of(const Ready& work) const noexcept;

  CpuCosts costs_;
  std::uint64_t bytes_ = 0;    // of the work that is being done
  std::uint64_t packets_ = 0;  // likewise
  std::vector<VifConfig> vifs_;
  MeteredCopier grants_;
  MeteredCopier control_grants_;
  std::vector<Core> cores_;
  std::deque<Ready> waiting_;
  std::vector<std::uint64_t> waits_;            // by vif: a bit for each work that waits
  std::vector<std::uint32_t> busy_directions_;  // by vif: what is on a core
  std::vector<PassedOver> passed_over_;         // by first_startable(), as it looks
  std::uint32_t doing_ = kNone;
  TimeNs busy_ns_ = 0;  // of all works, up to their ends
  std::uint64_t wakeups_ = 0;
  std::uint64_t polls_ = 0;
  std::uint64_t all_packets_ = 0;
};

}  // namespace ringback
