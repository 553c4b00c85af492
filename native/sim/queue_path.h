// One queue of a simulated vif: what its guest has to send, and the frames under way in both directions.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "base/fifo.h"
#include "base/time.h"
#include "net/nic.h"
#include "sim/account.h"
#include "sim/source.h"
#include "vif/rx_back.h"
#include "vif/rx_front.h"
#include "vif/tx_back.h"
#include "vif/tx_front.h"

namespace ringback {

class PcapWriter;
class VifPath;

// What a front end or a NIC's DMA knows of the frame.
[[nodiscard]] inline Frame frame_of(const Offer& offer) noexcept {
  Frame frame{.size_bytes = offer.size_bytes};
  if (offer.gso_size_bytes == 0 && offer.packet == WireFrame::kNoPacket) return frame;
  frame.checksum = Checksum::kBlank;
  if (offer.gso_size_bytes == 0) return frame;
  frame.gso_size_bytes = offer.gso_size_bytes;
  frame.gso_type = abi::XEN_NETIF_GSO_TYPE_TCPV4;
  return frame;
}

// The guest's frames wait in its own queue until the ring has room. What is on a ring is known by id or by order, so
// that a frame's time and account need not travel in it: a guest that forges ids or sizes only spoils its own accounts.
class QueuePath final : public FrameSink, public RxSink, public RxConsumer {
 public:
  // Units: backlog_packets is Linux's txqueuelen, a queue.
  QueuePath(VifPath& vif, std::uint32_t queue, std::uint32_t ids, std::uint32_t backlog_packets);

  // The guest has new rings.
  void attach(TxFront& tx, RxFront& rx) noexcept {
    tx_front_ = &tx;
    rx_front_ = &rx;
  }

  void prefetch_self() const noexcept {
    prefetch(this, sizeof *this);
    prefetch(tx_front_, sizeof *tx_front_);
  }

  // ---- the guest

  // Puts a frame on the ring, for push() to publish, or behind those that wait for room there. False: the backlog is
  // full and the frame is dropped.
  [[nodiscard]] bool offer(TimeNs now, const Offer& offer) {
    if (backlog_.empty() && tx_front_->has_room(frame_of(offer))) {
      put(now, offer);
      return true;
    }
    if (backlog_.size() == backlog_packets_) return false;
    backlog_.push(offer);
    backlog_tally_.add(offer.size_bytes);
    return true;
  }
  // Takes the responses and moves what fits from the backlog to the ring.
  void handle_responses(TimeNs now);
  // The same, later: before anything else is done with the queue.
  // Requires: is_unwatched(), until then.
  void defer_responses(TimeNs now) noexcept { responses_ns_ = std::min(responses_ns_, now); }
  void handle_deferred_responses() {
    if (responses_ns_ != kNever) handle_responses(std::exchange(responses_ns_, kNever));
  }
  // Moves what fits from the backlog to the ring.
  void send(TimeNs now);
  // Publishes what was put on the ring. Returns whether the back end must be notified.
  [[nodiscard]] bool push();
  // Whether nobody looks at the transmit ring before credit comes.
  [[nodiscard]] bool is_unwatched() const noexcept;
  // Whether what is offered now need not be told to anybody: it cannot go onto the ring, or nobody looks there.
  [[nodiscard]] bool is_quiet() const noexcept { return !backlog_.empty() || is_unwatched(); }
  // Takes what the back end has placed and posts the pages again. Returns whether the back end must be notified.
  [[nodiscard]] bool take(TimeNs now);
  // The rings are gone: what was on them is lost.
  void abandon(TimeNs now);

  // A frame that the back end's queue to the guest has taken.
  void wait(const WireFrame& frame);

  // Waiting in the guest or on the ring.
  [[nodiscard]] Tally tx_queued() const noexcept;
  // Waiting in the back end or on the ring.
  [[nodiscard]] Tally rx_queued() const noexcept;

  void transmit(TimeNs now, std::span<const Frame> frames) override;
  void dropped(TimeNs now, const Frame& frame) override;
  void placed(TimeNs now, const Frame& frame) override;
  void lost(TimeNs now, const Frame& frame, RxDrop cause) override;
  void received(const RxFrame& frame) override;

 private:
  void put(TimeNs now, const Offer& offer) {
    if (moves_payload_) write(offer);
    if (capture_) record(now, offer, *capture_);
    Offer& under_way = on_tx_ring_[tx_front_->transmit(frame_of(offer))];
    if (under_way.size_bytes > 0) lose_under_way(now, under_way);
    under_way = offer;
    has_put_ = true;
    tx_ring_tally_.add(offer.size_bytes);
  }
  void write(const Offer& offer);
  void record(TimeNs now, const Offer& offer, PcapWriter& capture);
  void record(const WireFrame& sent, const RxFrame& frame, PcapWriter& to);
  void lose_under_way(TimeNs now, const Offer& under_way);
  [[nodiscard]] Offer take_off_ring(TimeNs now, const Frame& frame);

  VifPath& vif_;
  TxFront* tx_front_ = nullptr;
  RxFront* rx_front_ = nullptr;
  PcapWriter* capture_;  // of what the guest sends; null: none
  std::uint32_t queue_;
  bool moves_payload_;
  bool has_put_ = false;          // since the last push()
  TimeNs responses_ns_ = kNever;  // when deferred responses came
  std::size_t backlog_packets_;
  Fifo<Offer> backlog_;
  std::vector<Offer> on_tx_ring_;  // by the first slot's id; without size: nothing
  Tally backlog_tally_;
  Tally tx_ring_tally_;
  Fifo<WireFrame> rx_waiting_;  // as RxBack queues them
  Fifo<WireFrame> on_rx_ring_;
  Tally rx_waiting_tally_;
  Tally rx_ring_tally_;
  TimeNs now_ns_ = 0;  // while frames are received
};

}  // namespace ringback
