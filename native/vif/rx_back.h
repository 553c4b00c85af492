// The receive direction of one queue in the back end, as Linux's netback: puts frames into the pages a guest posted.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "abi/grant_table.h"
#include "base/fifo.h"
#include "base/time.h"
#include "memory/grant_copier.h"
#include "ring/back_ring.h"
#include "vif/extra_info.h"
#include "vif/fault.h"
#include "vif/frame.h"

namespace ringback {

// Why a queued frame did not reach its guest.
enum class RxDrop : std::uint8_t {
  kExpired,   // it waited too long for pages
  kGrant,     // a copy into a posted page failed
  kDisabled,  // the vif died or was disconnected
};

// Who counts a queue's frames. The buffer is the queue's until the call returns, and is released then.
// Neither call may call the queue.
class RxSink {
 public:
  virtual ~RxSink() = default;
  // The frame's bytes are in the guest's pages and its responses are on the ring, published.
  virtual void placed(TimeNs now, const Frame& frame) = 0;
  virtual void lost(TimeNs now, const Frame& frame, RxDrop cause) = 0;
};

// The guest is hostile: each posted request is copied, and only the copy that is consumed is used; work a run is
// bounded; what is queued is bounded in bytes and in time; a page that cannot be written loses one frame of that guest
// and nothing else.
//
// Threads:    one.
// Invariants:
// 1. Each frame that queue() took is reported once, as placed or as lost, and its buffer is released once; the
//    destructor releases what still waits without a report.
// 2. All requests consumed are answered when a call returns.
// 3. After a run that returned kIdle the next request wakes this queue if a frame waits, and timer_ns() > now.
// Source:     netback's rx.c xenvif_rx_action, xenvif_kthread_guest_rx
class RxBack {
 public:
  // Frames a run places at most, and frames it drops at most (RX_BATCH_SIZE).
  static constexpr std::uint32_t kRunFrames = 64;
  // Bytes: a frame is taken as long as fewer than these wait (XENVIF_RX_QUEUE_BYTES).
  static constexpr std::uint32_t kMaxQueuedBytes = 512 * 1024;
  // A frame that has waited so long is dropped (rx_drain_timeout_msecs).
  static constexpr TimeNs kDrainNs = 10 * kNsPerSecond;
  // A queue that placed nothing for so long, and cannot, is stalled (rx_stall_timeout_msecs).
  static constexpr TimeNs kStallNs = 60 * kNsPerSecond;

  enum class Next : std::uint8_t {
    kIdle,      // nothing to do before the guest notifies, a frame is queued or timer_ns() comes
    kRunAgain,  // more work, or a bound was reached
    kDisabled,  // dead until it reconnects: fault()
  };
  struct Ran {
    Next next;
    bool notify;      // the guest must be notified of responses
    bool found_work;  // there were pages for a waiting frame, or stalled() or fault() changed: no spurious event
    std::uint32_t packets = 0;  // taken off the queue, lost ones included
  };

  // Units:    `now` is when the queue connects; a stall is counted from here until a frame was placed.
  // Requires: 1 <= run_frames <= kRunFrames. always_notify: of each response published, as VifState has it.
  RxBack(BackRing<RxRing> rx_ring, abi::domid_t guest, GrantCopier& grants, FrameBuffers& buffers, RxSink& sink,
         TimeNs now, std::uint32_t run_frames = kRunFrames, bool always_notify = false) noexcept
      : ring_(rx_ring),
        guest_(guest),
        run_frames_(run_frames),
        always_notify_(always_notify),
        last_placed_ns_(now),
        grants_(grants),
        buffers_(buffers),
        sink_(sink) {}
  RxBack(const RxBack&) = delete;
  RxBack& operator=(const RxBack&) = delete;
  ~RxBack();

  // Takes a frame and its buffer; run() comes next. False: too much waits already, or the queue is disabled, and the
  // caller keeps the buffer.
  //
  // Units:    size_bytes 1 .. 65535.
  // Requires: a frame with segments or a hash is for a guest that asked for such extras; calls' times don't go back.
  // Source:   netback's rx.c xenvif_rx_queue_tail
  [[nodiscard]] bool queue(TimeNs now, const Frame& frame);

  // Places what there are pages for, then looks whether the queue is stalled or ready, then drops what waited too long.
  [[nodiscard]] Ran run(TimeNs now);

  // When run() is due although nobody notifies: the first frame expires or the queue becomes stalled.
  [[nodiscard]] TimeNs timer_ns() const noexcept;

  // Whether the guest leaves frames waiting; the carrier is off while any queue is stalled. As in netback a stalled
  // queue is ready again when there are pages for the first frame, and also when all that waited has expired.
  [[nodiscard]] bool stalled() const noexcept { return stalled_; }

  [[nodiscard]] Fault fault() const noexcept { return fault_; }

  // Gives up what waits, as lost to kDisabled: before disconnecting.
  void flush(TimeNs now);

  [[nodiscard]] std::uint32_t queued_packets() const noexcept { return static_cast<std::uint32_t>(queue_.size()); }
  [[nodiscard]] std::uint32_t queued_bytes() const noexcept { return queued_bytes_; }

  // Posted pages that a frame takes: one a page of data, and one an extra.
  //
  // Source: netback's rx.c xenvif_update_needed_slots
  [[nodiscard]] static constexpr std::uint32_t slots_for(const Frame& frame) noexcept {
    return data_slots(frame) + extra_slots(frame);
  }

 private:
  static constexpr std::uint32_t kMaxCopies = 64;
  static constexpr std::uint32_t kMaxDataSlots =
      (abi::XEN_NETIF_MAX_TX_SIZE + abi::XEN_PAGE_SIZE - 1) / abi::XEN_PAGE_SIZE;
  static constexpr std::uint32_t kMaxSlots = kMaxDataSlots + 2;
  static_assert(kMaxCopies >= kMaxDataSlots);

  struct Waiting {
    Frame frame;
    TimeNs queued_ns;
  };

  [[nodiscard]] static constexpr std::uint32_t data_slots(const Frame& frame) noexcept {
    return (frame.size_bytes + abi::XEN_PAGE_SIZE - 1) >> abi::XEN_PAGE_SHIFT;
  }
  [[nodiscard]] std::uint32_t needed_slots() const noexcept {
    return queue_.empty() ? 0 : slots_for(queue_.front().frame);
  }

  [[nodiscard]] Ran run_connected(TimeNs now);
  [[nodiscard]] std::uint32_t place(TimeNs now, bool& notify);
  [[nodiscard]] bool take_requests(std::span<abi::netif_rx_request> requests) noexcept;
  void build(const Frame& frame, std::span<const abi::netif_rx_request> requests);
  [[nodiscard]] bool submit(TimeNs now);
  [[nodiscard]] bool respond(const Frame& frame, std::uint32_t first_copy);
  [[nodiscard]] bool update_stall(TimeNs now) noexcept;
  [[nodiscard]] std::uint32_t drop_expired(TimeNs now);
  Frame dequeue() noexcept;
  void lose(TimeNs now, const Frame& frame, RxDrop cause);

  BackRing<RxRing> ring_;
  abi::domid_t guest_;
  Fault fault_ = Fault::kNone;
  bool stalled_ = false;
  std::uint32_t run_frames_;
  bool always_notify_;
  std::uint32_t queued_bytes_ = 0;
  TimeNs last_placed_ns_;
  Fifo<Waiting> queue_;
  GrantCopier& grants_;
  FrameBuffers& buffers_;
  RxSink& sink_;
  // The batch: whole frames, whose requests are consumed and not yet answered.
  std::uint32_t frame_count_ = 0;
  std::uint32_t copy_count_ = 0;
  std::array<Frame, kMaxCopies> frames_;
  std::array<std::uint16_t, kMaxCopies> ids_;  // by copy: the id of its request
  std::array<abi::gnttab_copy, kMaxCopies> copies_;
};

}  // namespace ringback
