// One vif of a simulated world: its guest, its back end, and everything that is counted about it.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/owned_list.h"
#include "base/time.h"
#include "event/spurious_backoff.h"
#include "net/nic.h"
#include "sim/account.h"
#include "sim/captures.h"
#include "sim/histogram.h"
#include "sim/packet_ends.h"
#include "sim/queue_path.h"
#include "sim/trace.h"
#include "sim/uplink.h"
#include "vif/back_end.h"
#include "vif/front_end.h"

namespace ringback {

struct VifConfig {
  static constexpr std::uint32_t kNoReserve = ~std::uint32_t{0};

  Uplink uplink = {};
  Credit credit = {};                  // the default is no cap
  std::uint32_t reserve = kNoReserve;  // of the world's; the default is none
  Reservation reservation = {};        // there
  std::uint32_t jiffies_hz = 0;        // > 0: Linux's clock in the shaper
  std::uint32_t ring_order = 0;
  std::uint32_t tx_slots = 0;                     // see TxFront
  std::uint32_t backlog_packets = 1000;           // a queue
  std::uint32_t queues = 1;                       // 1 .. BackEnd::kMaxQueues
  bool split_event_channels = true;               // one for each direction of a queue
  std::uint32_t batch_frames = TxBatch::kFrames;  // 1 .. TxBatch::kFrames: frames a poll takes, or a run places
  bool always_notify = false;                     // each push sends an event: no suppression, and no back-off either

  // The control ring is there for the guest to spread what it receives.
  [[nodiscard]] bool has_control_ring() const noexcept { return queues > 1; }
  [[nodiscard]] std::uint32_t ports() const noexcept {
    return queues * (split_event_channels ? 2 : 1) + (has_control_ring() ? 1 : 0);
  }
};

class VifPath;

// Where vifs' frames go.
class Uplinks {
 public:
  // Takes the frame, its buffer, and the care for `from`'s account.
  virtual void transmit(TimeNs now, VifPath& from, const WireFrame& frame) = 0;

 protected:
  ~Uplinks() = default;
};

// What all vifs of a world share. All of it outlives them.
struct VifWorld {
  GrantCopier& grants;
  FrameBuffers& buffers;
  TxBatch& tx_batch;
  Uplinks& uplinks;
  PacketEnds& packet_ends;
  Captures& captures;
  GrantCopier& control_grants;  // moves bytes also where no payload does
  ScratchPage control_scratch;
  bool fill_payload = false;
};

// A frame that somebody wants to send, on the account of `vif`.
[[nodiscard]] WireFrame to_wire_frame(const Offer& offer, std::uint32_t vif, bool inbound) noexcept;

// A frame's first bytes, as many as are hashed: from its buffer where payload moves, otherwise as they were offered.
[[nodiscard]] std::span<const std::byte> header_of(const WireFrame& frame, const FrameBuffers& buffers) noexcept;

class VifPath {
 public:
  // Requires: a guest with FrontEnd::pages_needed() and grants_needed() of layout_of(config).
  VifPath(std::uint32_t index, const VifConfig& config, std::shared_ptr<Domain> guest, const VifWorld& world,
          ReservePlace place = {});

  [[nodiscard]] static FrontEnd::Layout layout_of(const VifConfig& config, bool moves_payload) noexcept;

  // The guest makes new rings and the back end connects to them: at first, and again after a fault. What was under way
  // between the two is lost. Returns whether the back end must be notified of the control ring.
  bool connect(TimeNs now);

  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  [[nodiscard]] const VifConfig& config() const noexcept { return config_; }
  [[nodiscard]] FrontEnd& front_end() noexcept { return *front_end_; }
  [[nodiscard]] BackEnd& back_end() noexcept { return back_end_; }
  [[nodiscard]] const BackEnd& back_end() const noexcept { return back_end_; }
  [[nodiscard]] QueuePath& queue(std::uint32_t queue) noexcept { return queues_[queue]; }
  [[nodiscard]] Domain& guest() noexcept { return *guest_; }
  [[nodiscard]] Uplinks& uplinks() noexcept { return world_.uplinks; }
  [[nodiscard]] PacketEnds& packet_ends() noexcept { return world_.packet_ends; }

  [[nodiscard]] bool moves_payload() const noexcept { return world_.buffers.has_payload(); }
  [[nodiscard]] bool fills_payload() const noexcept { return world_.fill_payload; }
  [[nodiscard]] PcapWriter* capture(CaptureKind kind) noexcept { return world_.captures.at(kind, index_); }

  // Why the vif is dead: the back end's judgement of the guest, or the guest's of the back end.
  [[nodiscard]] Fault fault() const noexcept {
    return back_end_.fault() != Fault::kNone ? back_end_.fault() : front_end_->fault();
  }

  // The guest has a frame to send. Returns the queue that it is for, whose push() comes next; it may have been dropped.
  std::uint32_t offer(TimeNs now, const Offer& offer) {
    tx_.offered.add(offer.size_bytes);
    const std::uint32_t queue = config_.queues == 1 ? 0 : hashed_queue_of(offer);
    if (!queues_[queue].offer(now, offer)) {
      tx_.drop(offer.offered_ns, Cause::kBacklog, offer.size_bytes);
      end_packet(packet_ends(), offer);
    }
    return queue;
  }
  // It is about to be polled, in three steps: what the next step looks at is there then.
  void prefetch_self() const noexcept { prefetch(this, sizeof *this - sizeof rx_ - sizeof rx_latency_); }
  void prefetch_queue(std::uint32_t queue) const noexcept {
    queues_[queue].prefetch_self();
    back_end_.prefetch_queue(queue);
  }
  void prefetch_slots(std::uint32_t queue) const noexcept { back_end_.prefetch_requests(queue); }

  // Whether all queues are quiet: see QueuePath.
  [[nodiscard]] bool is_quiet() const noexcept;
  // A frame for the guest, with its buffer. Returns the queue that has work now, if any.
  [[nodiscard]] std::optional<std::uint32_t> receive(TimeNs now, const WireFrame& frame);
  // The guest has a frame in hands.
  void received(TimeNs now, const WireFrame& frame);
  // The last bit of a frame has left a NIC and is behind the wire at `arrival_ns`.
  void delivered(const WireFrame& frame, TimeNs arrival_ns) {
    in_network(frame).remove(frame.frame.size_bytes);
    account(frame).delivered.add(frame.frame.size_bytes);
    (frame.inbound ? rx_latency_ : tx_latency_).record(arrival_ns - frame.offered_ns);
  }

  // The back end's shaper holds frames back from now on, or does so no longer.
  void hold_back(TimeNs now) noexcept {
    if (held_since_ns_ == kNever) held_since_ns_ = now;
  }
  void let_go(TimeNs now) noexcept {
    if (held_since_ns_ != kNever) held_back_ns_ += now - std::exchange(held_since_ns_, kNever);
  }

  [[nodiscard]] Account& tx() noexcept { return tx_; }
  [[nodiscard]] Account& rx() noexcept { return rx_; }
  [[nodiscard]] Account& account(const WireFrame& frame) noexcept { return frame.inbound ? rx_ : tx_; }
  // Frames of an account that are on a NIC or on a wire.
  [[nodiscard]] Tally& in_network(const WireFrame& frame) noexcept {
    return frame.inbound ? rx_in_network_ : tx_in_network_;
  }
  // By the back end's port, in the order in which they were bound.
  [[nodiscard]] SpuriousBackoff& backoff(std::uint32_t port) noexcept { return backoffs_[port]; }

  void count_shaped(std::uint32_t size_bytes) noexcept { shaped_bytes_ += size_bytes; }
  void count_notify_to_back() noexcept { ++notifies_to_back_; }
  void count_notify_to_front() noexcept { ++notifies_to_front_; }

  [[nodiscard]] const Histogram& tx_latency() const noexcept { return tx_latency_; }
  [[nodiscard]] const Histogram& rx_latency() const noexcept { return rx_latency_; }

  // For the reports: see vif_counters.h.
  struct Counts {
    const Account& tx;
    const Account& rx;
    Tally tx_queued;
    Tally rx_queued;
    TimeNs held_back_ns;
    std::uint64_t notifies_to_back;
    std::uint64_t notifies_to_front;
    std::uint64_t spurious_events;
    std::uint64_t shaped_bytes;
  };
  [[nodiscard]] Counts counts(TimeNs now) const;
  [[nodiscard]] const TraceHash& received_trace() const noexcept { return received_trace_; }

 private:
  [[nodiscard]] std::uint32_t hashed_queue_of(const Offer& offer) const noexcept;

  std::uint32_t index_;
  VifConfig config_;
  VifWorld world_;
  std::shared_ptr<Domain> guest_;
  Account tx_;
  Tally tx_in_network_;
  Histogram tx_latency_;
  std::uint64_t shaped_bytes_ = 0;
  TimeNs held_back_ns_ = 0;        // finished waits for the shaper
  TimeNs held_since_ns_ = kNever;  // and the one that goes on
  std::uint64_t notifies_to_back_ = 0;
  std::uint64_t notifies_to_front_ = 0;
  OwnedList<QueuePath, BackEnd::kMaxQueues> queues_;
  std::unique_ptr<FrontEnd> front_end_;
  BackEnd back_end_;  // uses the front end's rings and the queues: destroyed before them
  std::vector<SpuriousBackoff> backoffs_;
  Account rx_;
  Tally rx_in_network_;
  Histogram rx_latency_;
  TraceHash received_trace_;
};

}  // namespace ringback
