#include "sim/queue_path.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/payload.h"
#include "sim/vif_path.h"

namespace ringback {

WireFrame to_wire_frame(const Offer& offer, std::uint32_t vif, bool inbound) noexcept {
  return {.frame = frame_of(offer),
          .offered_ns = offer.offered_ns,
          .header = offer.header,
          .header_bytes = static_cast<std::uint8_t>(offer.header_bytes),
          .inbound = inbound,
          .vif = vif,
          .payload_seed = offer.payload_seed,
          .packet = offer.packet};
}

void QueuePath::handle_responses(TimeNs now) {
  tx_front_->reap();
  send(now);
}

void QueuePath::send(TimeNs now) {
  while (!backlog_.empty() && tx_front_->has_room(frame_of(backlog_.front()))) {
    put(now, backlog_.front());
    backlog_tally_.remove(backlog_.front().size_bytes);
    backlog_.pop();
  }
}

QueuePath::QueuePath(VifPath& vif, std::uint32_t queue, std::uint32_t ids, std::uint32_t backlog_packets)
    : vif_(vif),
      capture_(vif.capture(CaptureKind::kVifOut)),
      queue_(queue),
      moves_payload_(vif.moves_payload()),
      backlog_packets_(backlog_packets),
      on_tx_ring_(ids) {}

bool QueuePath::push() { return std::exchange(has_put_, false) && tx_front_->push(); }

bool QueuePath::is_unwatched() const noexcept {
  return vif_.back_end().waits_for_credit(queue_) && !tx_front_->is_notification_wanted();
}

// A forged response has freed the id: what it stands for cannot be told any more.
void QueuePath::lose_under_way(TimeNs now, const Offer& under_way) {
  tx_ring_tally_.remove(under_way.size_bytes);
  vif_.tx().drop(now, Cause::kError, under_way.size_bytes);
  end_packet(vif_.packet_ends(), under_way);
}

void QueuePath::record(TimeNs now, const Offer& offer, PcapWriter& capture) {
  const std::uint32_t included_bytes = vif_.moves_payload() ? offer.size_bytes : offer.header_bytes;
  capture.begin_record(now, included_bytes, offer.size_bytes);
  if (!vif_.moves_payload()) capture.append({offer.header, included_bytes});
  for (std::uint32_t i = 0; capture.missing_bytes() > 0; ++i) {
    const auto page = tx_front_->next_page(i);
    capture.append(page.first(std::min<std::size_t>(page.size(), capture.missing_bytes())));
  }
}

// What follows the header is whatever the pages hold, unless the world makes payload.
void QueuePath::write(const Offer& offer) {
  TxFront& front = *tx_front_;
  std::memcpy(front.next_page(0).data(), offer.header, offer.header_bytes);
  if (!vif_.fills_payload()) return;
  std::uint32_t done = offer.header_bytes;
  while (done < offer.size_bytes) {
    const auto page = front.next_page(done / abi::XEN_PAGE_SIZE).subspan(done % abi::XEN_PAGE_SIZE);
    const auto part = page.first(std::min<std::size_t>(page.size(), offer.size_bytes - done));
    fill_payload(offer.payload_seed, done, part);
    done += static_cast<std::uint32_t>(part.size());
  }
}

bool QueuePath::take(TimeNs now) {
  now_ns_ = now;
  return rx_front_->receive(*this) && rx_front_->post();
}

void QueuePath::abandon(TimeNs now) {
  for (Offer& offer : on_tx_ring_) {
    if (offer.size_bytes > 0) vif_.tx().drop(now, Cause::kDisconnected, offer.size_bytes);
    end_packet(vif_.packet_ends(), offer);
    offer = {};
  }
  tx_ring_tally_ = {};
  for (; !on_rx_ring_.empty(); on_rx_ring_.pop()) {
    vif_.rx().drop(now, Cause::kDisconnected, on_rx_ring_.front().frame.size_bytes);
    end_packet(vif_.packet_ends(), on_rx_ring_.front());
  }
  rx_ring_tally_ = {};
}

// The frame's offer. A frame that was not offered under this id and with this size is the guest's own making: it counts
// as offered now, and what the id stood for is lost.
Offer QueuePath::take_off_ring(TimeNs now, const Frame& frame) {
  if (frame.id < on_tx_ring_.size()) {
    Offer& under_way = on_tx_ring_[frame.id];
    const std::uint32_t size_bytes = std::exchange(under_way.size_bytes, 0);
    if (size_bytes > 0) {
      tx_ring_tally_.remove(size_bytes);
      if (size_bytes == frame.size_bytes) {  // the guest's own may have no bytes
        Offer offer = under_way;
        offer.size_bytes = size_bytes;
        under_way.packet = WireFrame::kNoPacket;
        if (offer.packet != WireFrame::kNoPacket) vif_.packet_ends().left_guest(offer.packet);
        return offer;
      }
      vif_.tx().drop(now, Cause::kError, size_bytes);
      end_packet(vif_.packet_ends(), under_way);
      under_way.packet = WireFrame::kNoPacket;
    }
  }
  vif_.tx().offered.add(frame.size_bytes);
  return {.offered_ns = now, .size_bytes = frame.size_bytes};
}

void QueuePath::transmit(TimeNs now, std::span<const Frame> frames) {
  for (const Frame& frame : frames) {
    const Offer offer = take_off_ring(now, frame);
    vif_.count_shaped(frame.size_bytes);
    vif_.uplinks().transmit(now, vif_,
                            {.frame = frame,
                             .offered_ns = offer.offered_ns,
                             .header = offer.header,
                             .header_bytes = static_cast<std::uint8_t>(offer.header_bytes),
                             .vif = vif_.index(),
                             .payload_seed = offer.payload_seed,
                             .packet = offer.packet});
  }
}

void QueuePath::dropped(TimeNs now, const Frame& frame) {
  const Offer offer = take_off_ring(now, frame);
  vif_.tx().drop(now, Cause::kError, frame.size_bytes);
  end_packet(vif_.packet_ends(), offer);
}

void QueuePath::wait(const WireFrame& frame) {
  rx_waiting_.push(frame);
  rx_waiting_tally_.add(frame.frame.size_bytes);
}

void QueuePath::placed(TimeNs, const Frame& frame) {
  on_rx_ring_.push(rx_waiting_.front());
  rx_waiting_.pop();
  rx_waiting_tally_.remove(frame.size_bytes);
  rx_ring_tally_.add(frame.size_bytes);
}

void QueuePath::lost(TimeNs now, const Frame& frame, RxDrop cause) {
  end_packet(vif_.packet_ends(), rx_waiting_.front());
  rx_waiting_.pop();
  rx_waiting_tally_.remove(frame.size_bytes);
  constexpr std::array kCauseOf = {Cause::kExpired, Cause::kGrant, Cause::kDisconnected};
  vif_.rx().drop(now, kCauseOf[static_cast<std::size_t>(cause)], frame.size_bytes);
}

// The guest's rings are the guest's to write. A frame that it has when the back end placed none is its own making and
// counts for nothing; where it has another one than the back end placed next, that one is lost.
void QueuePath::received(const RxFrame& frame) {
  if (on_rx_ring_.empty()) return;
  const WireFrame sent = on_rx_ring_.front();
  on_rx_ring_.pop();
  rx_ring_tally_.remove(sent.frame.size_bytes);
  if (frame.size_bytes != sent.frame.size_bytes) {
    vif_.rx().drop(now_ns_, Cause::kError, sent.frame.size_bytes);
  } else {
    vif_.received(now_ns_, sent);
    if (PcapWriter* capture = vif_.capture(CaptureKind::kVifIn)) record(sent, frame, *capture);
  }
  end_packet(vif_.packet_ends(), sent);
}

void QueuePath::record(const WireFrame& sent, const RxFrame& frame, PcapWriter& to) {
  if (!vif_.moves_payload()) {
    to.begin_record(now_ns_, sent.header_bytes, frame.size_bytes);
    to.append({sent.header, sent.header_bytes});
    return;
  }
  to.begin_record(now_ns_, frame.size_bytes, frame.size_bytes);
  for (const auto part : frame.parts) to.append(part);
}

Tally QueuePath::tx_queued() const noexcept {
  Tally queued = backlog_tally_;
  return queued += tx_ring_tally_;
}

Tally QueuePath::rx_queued() const noexcept {
  Tally queued = rx_waiting_tally_;
  return queued += rx_ring_tally_;
}

}  // namespace ringback
