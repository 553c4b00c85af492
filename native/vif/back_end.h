// The driver domain's side of one vif, as Linux's netback: its queues, and what they have in common.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/owned_list.h"
#include "base/prefetch.h"
#include "base/time.h"
#include "memory/grant_copier.h"
#include "vif/ctrl_back.h"
#include "vif/frame.h"
#include "vif/hash_config.h"
#include "vif/rx_back.h"
#include "vif/tx_back.h"
#include "vif/tx_batch.h"
#include "vif/vif_state.h"

namespace ringback {

// Threads:  one.
//
// Invariants:
// 1. A vif has one bucket of credit and one fault, whatever its queues.
// 2. Queues that wait for credit are polled in the order in which they began to, a bounded number of frames each, but
//    the one that used it up goes last: none of them can keep the credit from the others.
// 3. After a fault nothing of the guest's is read or written until it reconnects.
// Source:   xen-netback's common.h struct xenvif, interface.c xenvif_connect_data, xenvif_connect_ctrl
class BackEnd {
 public:
  static constexpr std::uint32_t kMaxQueues = 8;

  struct Options {
    abi::domid_t guest;
    VifShaper shaper;
    GrantCopier& grants;
    FrameBuffers& buffers;
    TxBatch& tx_batch;                              // may be shared with other vifs of the thread
    std::uint32_t batch_frames = TxBatch::kFrames;  // 1 .. TxBatch::kFrames; see VifState
    bool always_notify = false;                     // see VifState; not of the control ring
  };
  // What a front end tells of a queue, and where the queue's frames go and are counted. Everything outlives the
  // connection.
  struct Queue {
    std::span<std::byte> tx_ring;
    std::span<std::byte> rx_ring;
    FrameSink& sink;
    RxSink& rx_sink;
  };
  // The control ring, and what its requests are fetched with: see CtrlBack.
  struct Control {
    std::span<std::byte> ring;
    GrantCopier& grants;
    ScratchPage scratch;
  };

  explicit BackEnd(const Options& options) noexcept
      : vif_{.guest = options.guest,
             .shaper = options.shaper,
             .multicast = {},
             .batch_frames = options.batch_frames,
             .always_notify = options.always_notify},
        grants_(options.grants),
        buffers_(options.buffers),
        tx_batch_(options.tx_batch) {}
  BackEnd(const BackEnd&) = delete;
  BackEnd& operator=(const BackEnd&) = delete;

  // Connects to the rings of a front end, new ones or those that another back end left, and forgets the fault.
  //
  // Requires: is_ring_memory() of each ring; 1 to kMaxQueues queues; not connected.
  // Errors:   false, and the fault is kBadAttach, where a ring's indices cannot be a ring's.
  [[nodiscard]] bool connect(TimeNs now, std::span<const Queue> queues, const Control* control = nullptr);

  // Gives up what waits for the guest, and the rings. The credit stays as it is: a guest cannot win any by this.
  void disconnect(TimeNs now);

  [[nodiscard]] bool is_connected() const noexcept { return !tx_.empty(); }
  [[nodiscard]] std::uint32_t queues() const noexcept { return static_cast<std::uint32_t>(tx_.size()); }
  // Why the vif is dead; Fault::kNone while it lives.
  [[nodiscard]] Fault fault() const noexcept { return vif_.fault; }
  // Whether frames for the guest are taken: connected, no fault, no queue stalled.
  [[nodiscard]] bool has_carrier() const noexcept {
    return is_connected() && vif_.fault == Fault::kNone && stalled_queues_ == 0;
  }

  // Whether frames to group addresses, broadcast aside, are only for a guest that asked for them
  // (request-multicast-control).
  void set_multicast_control(bool enabled) noexcept { multicast_control_ = enabled; }

  [[nodiscard]] VifShaper& shaper() noexcept { return vif_.shaper; }
  [[nodiscard]] const VifShaper& shaper() const noexcept { return vif_.shaper; }

  // ---- from the guest

  // Requires: is_connected(); queue < queues().
  [[nodiscard]] TxBack::Polled poll_tx(std::uint32_t queue, TimeNs now);
  [[nodiscard]] bool has_new_requests(std::uint32_t queue) noexcept {
    return vif_.fault == Fault::kNone && tx_[queue].has_new_requests();
  }

  void prefetch_queue(std::uint32_t queue) const noexcept { prefetch(&tx_[queue], sizeof(TxBack)); }
  void prefetch_requests(std::uint32_t queue) const noexcept { tx_[queue].prefetch_requests(); }

  // Whether the queue is polled next when credit comes, and not before.
  [[nodiscard]] bool waits_for_credit(std::uint32_t queue) const noexcept {
    const auto waiting = std::span(waiters_.queues).first(waiters_.count);
    return std::ranges::find(waiting, queue) != waiting.end();
  }

  // Queues that wait for credit, in the order in which they are polled.
  struct Waiters {
    std::array<std::uint8_t, kMaxQueues> queues;
    std::uint32_t count = 0;
  };
  // The credit's timer fired: poll these next, in this order.
  [[nodiscard]] Waiters on_credit_timer() noexcept;
  // The uplink's reservations let the vif go on: likewise.
  [[nodiscard]] Waiters resume() noexcept;

  // ---- to the guest

  enum class Received : std::uint8_t {
    kQueued,     // the queue has the buffer; run_rx() comes next
    kNoCarrier,  // the caller keeps it
    kFiltered,   // likewise: a group address that the guest did not ask for
    kFull,       // likewise: too much waits already
  };
  struct Accepted {
    Received result;
    std::uint32_t queue;
  };
  // The queue that a frame with this header goes to. Requires: is_connected().
  [[nodiscard]] std::uint32_t queue_of(std::span<const std::byte> header) const noexcept { return steer(header).queue; }

  // A frame for the guest. `header` holds its first bytes, up to kHashedHeaderBytes.
  //
  // Source: xen-netback's interface.c xenvif_start_xmit, xenvif_select_queue
  [[nodiscard]] Accepted receive(TimeNs now, Frame frame, std::span<const std::byte> header);

  // Requires: as poll_tx().
  [[nodiscard]] RxBack::Ran run_rx(std::uint32_t queue, TimeNs now);
  // When run_rx() is due although nobody notifies; kNever.
  [[nodiscard]] TimeNs rx_timer_ns(std::uint32_t queue) const noexcept {
    return vif_.fault == Fault::kNone ? rx_[queue].timer_ns() : kNever;
  }
  [[nodiscard]] const RxBack& rx(std::uint32_t queue) const noexcept { return rx_[queue]; }

  // ---- the control ring

  [[nodiscard]] CtrlBack::Polled poll_control();
  // Requires: connected with a control ring.
  [[nodiscard]] const HashConfig& hash() const noexcept { return *hash_; }

 private:
  void wait_for_credit(std::uint32_t queue) noexcept;
  [[nodiscard]] Waiters take_waiters() noexcept;
  [[nodiscard]] HashConfig::Steering steer(std::span<const std::byte> header) const noexcept;
  [[nodiscard]] bool passes_filter(std::span<const std::byte> header) const noexcept;

  VifState vif_;
  GrantCopier& grants_;
  FrameBuffers& buffers_;
  TxBatch& tx_batch_;
  bool multicast_control_ = false;
  std::uint32_t stalled_queues_ = 0;
  Waiters waiters_;
  OwnedList<TxBack, kMaxQueues> tx_;
  OwnedList<RxBack, kMaxQueues> rx_;
  std::unique_ptr<HashConfig> hash_;  // what the control ring sets; none without one
  std::unique_ptr<CtrlBack> control_;
};

}  // namespace ringback
