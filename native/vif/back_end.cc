#include "vif/back_end.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace ringback {

bool BackEnd::connect(TimeNs now, std::span<const Queue> queues, const Control* control) {
  RB_ASSERT(!is_connected() && !queues.empty() && queues.size() <= kMaxQueues);
  vif_.fault = Fault::kNone;
  vif_.multicast = {};
  bool attached = true;
  for (const Queue& queue : queues) {
    const auto tx_ring = BackRing<TxRing>::attach(queue.tx_ring);
    const auto rx_ring = BackRing<RxRing>::attach(queue.rx_ring);
    attached = attached && tx_ring && rx_ring;
    if (!attached) break;
    tx_.emplace(*tx_ring, vif_, grants_, buffers_, queue.sink, tx_batch_);
    rx_.emplace(*rx_ring, vif_.guest, grants_, buffers_, queue.rx_sink, now, vif_.batch_frames, vif_.always_notify);
  }
  if (attached && control) {
    const auto ring = BackRing<CtrlRing>::attach(control->ring);
    attached = ring.has_value();
    hash_ = std::make_unique<HashConfig>(static_cast<std::uint32_t>(queues.size()));
    if (attached) control_ = std::make_unique<CtrlBack>(*ring, vif_.guest, control->grants, control->scratch, *hash_);
  }
  if (!attached) {
    disconnect(now);
    vif_.disable(Fault::kBadAttach);
  }
  return attached;
}

void BackEnd::disconnect(TimeNs now) {
  for (const auto& rx : rx_) rx->flush(now);
  control_.reset();
  hash_.reset();
  rx_.clear();
  tx_.clear();
  waiters_ = {};
  vif_.shaper.rest(now);
  stalled_queues_ = 0;
}

TxBack::Polled BackEnd::poll_tx(std::uint32_t queue, TimeNs now) {
  const TxBack::Polled polled = tx_[queue].poll(now);
  if (polled.next == TxBack::Next::kWaitForCredit)
    wait_for_credit(queue);
  else if (polled.next == TxBack::Next::kDisabled || (polled.next == TxBack::Next::kIdle && waiters_.count == 0))
    vif_.shaper.rest(now);
  return polled;
}

void BackEnd::wait_for_credit(std::uint32_t queue) noexcept {
  if (!waits_for_credit(queue)) waiters_.queues[waiters_.count++] = static_cast<std::uint8_t>(queue);
}

BackEnd::Waiters BackEnd::on_credit_timer() noexcept {
  vif_.shaper.credit().on_timer();
  return take_waiters();
}

BackEnd::Waiters BackEnd::resume() noexcept {
  vif_.shaper.resume();
  return take_waiters();
}

// The first of them used the credit up, and would do so again: it goes last.
BackEnd::Waiters BackEnd::take_waiters() noexcept {
  if (waiters_.count > 1) {
    const auto waiting = std::span(waiters_.queues).first(waiters_.count);
    std::rotate(waiting.begin(), waiting.begin() + 1, waiting.end());
  }
  return std::exchange(waiters_, {});
}

BackEnd::Accepted BackEnd::receive(TimeNs now, Frame frame, std::span<const std::byte> header) {
  if (!has_carrier()) return {Received::kNoCarrier, 0};
  if (!passes_filter(header)) return {Received::kFiltered, 0};
  const HashConfig::Steering steering = steer(header);
  frame.hash_type =
      steering.hash.type == PacketHash::kNone ? std::uint8_t{0} : static_cast<std::uint8_t>(steering.hash.type + 1);
  frame.hash_value = steering.hash.value;
  return {rx_[steering.queue].queue(now, frame) ? Received::kQueued : Received::kFull, steering.queue};
}

HashConfig::Steering BackEnd::steer(std::span<const std::byte> header) const noexcept {
  if (hash_) return hash_->steer(header);
  return {.queue = queues() == 1 ? 0 : flow_hash(header) % queues(), .hash = {}};
}

bool BackEnd::passes_filter(std::span<const std::byte> header) const noexcept {
  MulticastList::Address to;
  if (!multicast_control_ || header.size() < to.size()) return true;
  std::memcpy(to.data(), header.data(), to.size());
  const bool is_group = (to[0] & 1) != 0;
  const bool is_broadcast = std::ranges::all_of(to, [](std::uint8_t byte) { return byte == 0xff; });
  return !is_group || is_broadcast || vif_.multicast.contains(to);
}

RxBack::Ran BackEnd::run_rx(std::uint32_t queue, TimeNs now) {
  RxBack& rx = rx_[queue];
  if (vif_.fault != Fault::kNone) {
    const std::uint32_t packets = rx.queued_packets();
    rx.flush(now);
    return {RxBack::Next::kDisabled, false, false, packets};
  }
  const bool was_stalled = rx.stalled();
  const RxBack::Ran ran = rx.run(now);
  if (rx.stalled() != was_stalled) stalled_queues_ += was_stalled ? ~std::uint32_t{0} : 1u;
  if (ran.next == RxBack::Next::kDisabled) vif_.disable(rx.fault());
  return ran;
}

CtrlBack::Polled BackEnd::poll_control() {
  if (vif_.fault != Fault::kNone || !control_) return {CtrlBack::Next::kDisabled, false, 0};
  const CtrlBack::Polled polled = control_->poll();
  if (polled.next == CtrlBack::Next::kDisabled) vif_.disable(control_->fault());
  return polled;
}

}  // namespace ringback
