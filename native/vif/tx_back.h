// The back end of one TX queue, as Linux's netback: takes frames off the guest's ring, as many as credit allows.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "abi/grant_table.h"
#include "base/time.h"
#include "memory/grant_copier.h"
#include "ring/back_ring.h"
#include "vif/fault.h"
#include "vif/frame.h"
#include "vif/tx_batch.h"
#include "vif/tx_packet.h"
#include "vif/vif_state.h"

namespace ringback {

// Where a TX queue's frames go: a bridge, a bond, a NIC.
class FrameSink {
 public:
  // Takes the frames and their buffers.
  virtual void transmit(TimeNs now, std::span<const Frame> frames) = 0;
  // A packet that was answered with ERROR; it holds no buffer.
  virtual void dropped(TimeNs now, const Frame& frame) = 0;

 protected:
  // Never deleted through this interface.
  ~FrameSink() = default;
};

// The guest is hostile: each slot is copied once and only the copy is used; work a poll is bounded; what cannot be
// valid disables the vif with a reason and is answered with nothing.
//
// Threads:  one.
// Source:   netback.c xenvif_tx_action; the order of checks is xen.md's "Backend, TX"
class TxBack {
 public:
  // What a poll may take at most: NAPI's weight in packets, and what the batch of copies can hold.
  static constexpr std::uint32_t kPollFrames = TxBatch::kFrames;

  enum class Next : std::uint8_t {
    kIdle,           // nothing to do: the guest will notify
    kPollAgain,      // more work, or the poll's bound was reached
    kWaitForCredit,  // until the vif's shaper lets it go on: then poll()
    kDisabled,       // the vif is dead until it reconnects: its fault
  };
  struct Polled {
    Next next;
    bool notify;                // the guest must be notified of responses
    std::uint32_t packets = 0;  // taken off the ring, dropped ones included
  };

  // Requires: all of them outlive this; nobody else uses the batch during a poll.
  TxBack(const BackRing<TxRing>& ring, VifState& vif, GrantCopier& grants, FrameBuffers& buffers, FrameSink& sink,
         TxBatch& batch) noexcept
      : ring_(ring), vif_(vif), batch_(batch), grants_(grants), buffers_(buffers), sink_(sink) {}
  TxBack(const TxBack&) = delete;
  TxBack& operator=(const TxBack&) = delete;

  [[nodiscard]] Polled poll(TimeNs now);

  // Whether an event had a reason: there are requests that the last poll did not know of, or the ring cannot be.
  [[nodiscard]] bool has_new_requests() noexcept {
    if (ring_.has_overflow()) vif_.disable(Fault::kRingOverflow);
    return vif_.fault != Fault::kNone || ring_.unconsumed_requests() != known_requests_;
  }

  void prefetch_requests() const noexcept { ring_.prefetch_requests(16); }

 private:
  // A packet's copies: a data slot's bytes may straddle two of our pages.
  static constexpr std::uint32_t kMaxCopiesPerFrame = 2 * kMaxDataSlots;
  // Slots are copied off the ring so many at a time: no more than credit for a few packets can use.
  static constexpr std::uint32_t kRefillSlots = 16;

  [[nodiscard]] bool batch_full() const noexcept {
    return batch_.built_count >= vif_.batch_frames || batch_.copy_count + kMaxCopiesPerFrame > TxBatch::kCopies;
  }
  [[nodiscard]] std::span<const abi::netif_tx_request> waiting() const noexcept {
    return std::span(batch_.window).subspan(batch_.window_begin, batch_.window_end - batch_.window_begin);
  }
  bool refill();
  [[nodiscard]] std::span<const abi::netif_tx_request> consume(std::uint32_t slots) noexcept;
  std::uint32_t build(TimeNs now);
  [[nodiscard]] bool build_one(TimeNs now);
  void parse(TxPacket& packet);
  void build_frame(TimeNs now, const TxPacket& packet, std::span<const abi::netif_tx_request> slots);
  void add_copies(const abi::netif_tx_request& slot, std::uint32_t size_bytes, BufferRef& page, std::uint32_t& filled);
  void answer(const TxPacket& packet, std::span<const abi::netif_tx_request> slots, std::int16_t status);
  void drop(TimeNs now, const TxPacket& packet, std::span<const abi::netif_tx_request> slots);
  void multicast(const TxPacket& packet, std::span<const abi::netif_tx_request> slots);
  void submit(TimeNs now);
  void respond(std::uint16_t id, std::int16_t status, std::uint32_t extra_slots);

  BackRing<TxRing> ring_;
  bool error_ended_poll_ = false;
  std::uint32_t known_requests_ = 0;  // that the last poll left waiting for credit
  VifState& vif_;
  TxBatch& batch_;
  GrantCopier& grants_;
  FrameBuffers& buffers_;
  FrameSink& sink_;
};

}  // namespace ringback
