// One vif of a simulated world, from the guest's queue to the uplink, with everything that is counted about it.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/time.h"
#include "event/event_channel.h"
#include "net/nic.h"
#include "sim/guest.h"
#include "sim/histogram.h"
#include "sim/trace.h"
#include "vif/back_end.h"

namespace ringback {

struct VifConfig {
  std::uint32_t nic = 0;
  Credit credit;                 // the default is no cap
  std::uint32_t jiffies_hz = 0;  // > 0: Linux's clock in the shaper
  std::uint32_t ring_order = 0;
  std::uint32_t backlog_packets = 1000;
};

// Counters of a vif, in this order; all but queued* are cumulative.
inline constexpr std::array kVifCounterNames = {
    "offeredPackets",    "offeredBytes",          "deliveredPackets",    "deliveredBytes",      "queuedPackets",
    "queuedBytes",       "droppedBacklogPackets", "droppedBacklogBytes", "droppedErrorPackets", "droppedErrorBytes",
    "droppedNicPackets", "droppedNicBytes",       "heldBackNs",          "notifiesToBack",      "notifiesToFront",
};

// Those before the notifications: what an optimisation must not change.
inline constexpr std::size_t kTracedVifCounters = 13;

// Where a vif's frames go.
class Uplinks {
 public:
  // False: the NIC's queue is full. The buffer is taken only when it is true.
  [[nodiscard]] virtual bool transmit(TimeNs now, std::uint32_t nic, const WireFrame& frame) = 0;

 protected:
  ~Uplinks() = default;
};

class VifPath final : public FrameSink {
 public:
  struct Ports {
    Port front = 0;
    Port back = 0;
  };

  VifPath(std::uint32_t index, const VifConfig& config, std::shared_ptr<Domain> guest, Payload payload, Ports ports,
          GrantCopier& grants, FrameBuffers& buffers, Uplinks& uplinks);

  [[nodiscard]] Guest& guest() noexcept { return guest_; }
  [[nodiscard]] BackEnd& back_end() noexcept { return back_end_; }
  [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }
  // Why the vif is dead: the back end's judgement of the guest, or the guest's of the back end.
  [[nodiscard]] Fault fault() const noexcept {
    return back_end_.fault() != Fault::kNone ? back_end_.fault() : guest_.front_end().fault();
  }
  [[nodiscard]] Ports ports() const noexcept { return ports_; }

  // The guest has a frame to send. Returns whether the back end must be notified.
  [[nodiscard]] bool offer(const Offer& offer);
  // The back end waits for credit until `timer_ns`. Returns whether the timer must be set: it may be set already.
  [[nodiscard]] bool hold_back(TimeNs now, TimeNs timer_ns);
  // A credit timer fired. False: it is an old one and means nothing.
  [[nodiscard]] bool on_credit_timer(TimeNs now);
  // The last bit of a frame has left its NIC.
  void delivered(std::uint32_t size_bytes, TimeNs latency_ns);
  void count_notify_to_back() noexcept { ++notifies_to_back_; }
  void count_notify_to_front() noexcept { ++notifies_to_front_; }

  void read_counters(TimeNs now, std::span<std::uint64_t, kVifCounterNames.size()> counters) const;
  void fold_into(TraceHash& hash) const { hash.fold(drops_trace_.value()); }

  void transmit(TimeNs now, std::span<const Frame> frames) override;
  void dropped(TimeNs now, const Frame& frame) override;

 private:
  enum class Cause : std::uint8_t { kBacklog, kError, kNic };
  void count_drop(TimeNs now, Cause cause, std::uint32_t size_bytes);

  std::uint32_t index_;
  std::uint32_t nic_;
  Ports ports_;
  FrameBuffers& buffers_;
  Uplinks& uplinks_;
  Guest guest_;
  BackEnd back_end_;  // uses the guest's ring: destroyed before it
  Tally offered_;
  Tally delivered_;
  std::array<Tally, 3> drops_;  // by Cause
  Tally on_nic_;
  std::uint64_t notifies_to_back_ = 0;
  std::uint64_t notifies_to_front_ = 0;
  TimeNs held_back_ns_ = 0;        // finished waits for credit
  TimeNs held_since_ns_ = kNever;  // and the one that goes on
  Histogram latency_;
  TraceHash drops_trace_;
};

}  // namespace ringback
