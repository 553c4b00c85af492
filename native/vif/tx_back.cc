#include "vif/tx_back.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "vif/extra_info.h"

namespace ringback {

using abi::gnttab_copy;
using abi::netif_tx_request;
using Verdict = TxPacket::Verdict;

namespace {

// As netback, a blank checksum counts for more than a validated one.
Checksum checksum_of(std::uint16_t tx_flags) noexcept {
  if (tx_flags & abi::XEN_NETTXF_csum_blank) return Checksum::kBlank;
  return tx_flags & abi::XEN_NETTXF_data_validated ? Checksum::kValidated : Checksum::kUnknown;
}

// A hash that the guest has computed. Of an unknown type it means nothing, as in netback.
void take_hash(Frame& frame, const abi::netif_extra_info& extra) noexcept {
  if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_NONE || extra.u.hash.type >= kHashTypeEnd) return;
  frame.hash_type = static_cast<std::uint8_t>(extra.u.hash.type + 1);
  std::memcpy(&frame.hash_value, extra.u.hash.value, sizeof frame.hash_value);
}

}  // namespace

TxBack::Polled TxBack::poll(TimeNs now) {
  if (vif_.fault != Fault::kNone) return {Next::kDisabled, false};
  build(now);
  if (copy_count_ > 0) grants_.copy(std::span(copies_).first(copy_count_));
  const bool full = batch_full();
  submit(now);
  // Also after a fault: what came before it was valid and is answered.
  const bool notify = ring_.push_responses_and_check_notify();
  if (vif_.fault != Fault::kNone) return {Next::kDisabled, notify};
  const bool waits = window_begin_ != window_end_;
  if (waits && vif_.shaper.blocked()) return {Next::kWaitForCredit, notify};
  if (waits || full || error_ended_poll_) return {Next::kPollAgain, notify};
  return {ring_.final_check_for_requests() ? Next::kPollAgain : Next::kIdle, notify};
}

// Copies requests off the ring behind those that wait. False: there are none, or the producer is impossible.
bool TxBack::refill() {
  std::copy(window_.begin() + window_begin_, window_.begin() + window_end_, window_.begin());
  window_end_ -= window_begin_;
  window_begin_ = 0;
  const auto taken = ring_.consume_requests(std::span(window_).subspan(window_end_));
  if (taken.overflow) {
    vif_.disable(Fault::kRingOverflow);
    return false;
  }
  window_end_ += taken.count;
  return taken.count > 0;
}

void TxBack::build(TimeNs now) {
  built_count_ = slot_count_ = copy_count_ = 0;
  error_ended_poll_ = false;
  for (std::uint32_t looked_at = 0; looked_at < kWindowSlots && !batch_full(); ++looked_at) {
    if (window_begin_ == window_end_ && !refill()) return;
    if (!build_one(now)) return;
  }
}

// One packet off the window. False: the poll ends here.
bool TxBack::build_one(TimeNs now) {
  // Charged before it is judged: a malformed packet costs its sender too.
  if (!vif_.shaper.admit(now, window_[window_begin_].size)) return false;
  const TxPacket packet = parse();
  switch (packet.verdict) {
    case Verdict::kFatal:
      vif_.disable(packet.fault);
      return false;
    case Verdict::kError:
      drop(now, packet);
      return false;
    case Verdict::kMulticast:
      multicast(packet);
      return true;
    case Verdict::kFrame:
      build_frame(now, packet);
      return !error_ended_poll_;
  }
  return false;
}

TxPacket TxBack::parse() {
  const auto waiting = [&] {
    return std::span<const netif_tx_request>(window_).subspan(window_begin_, window_end_ - window_begin_);
  };
  TxPacket packet = parse_tx_packet(waiting());
  // The packet may go on in slots that are pushed but not yet copied.
  if ((packet.fault == Fault::kMissingSlot || packet.fault == Fault::kMissingExtra) && refill())
    packet = parse_tx_packet(waiting());
  else if (vif_.fault != Fault::kNone)
    packet.fault = vif_.fault;
  return packet;
}

void TxBack::build_frame(TimeNs now, const TxPacket& packet) {
  const netif_tx_request& first = window_[window_begin_];
  const BufferRef buffer = buffers_.allocate(first.size);
  if (buffer == kNoBuffer) return drop(now, packet);
  Built& built = built_[built_count_++];
  built.frame = {.size_bytes = first.size,
                 .buffer = buffer,
                 .id = first.id,
                 .gso_size_bytes = packet.gso.u.gso.size,
                 .gso_type = packet.gso.u.gso.type,
                 .checksum = checksum_of(first.flags)};
  take_hash(built.frame, packet.hash);
  built.extra_slots = static_cast<std::uint16_t>(packet.extra_slots);
  const std::uint32_t first_slot = slot_count_;
  BufferRef page = buffer;
  std::uint32_t filled = 0;
  add_copies(first, packet.first_size_bytes, page, filled);
  for (std::uint32_t i = 1; i < packet.data_slots(); ++i) {
    const netif_tx_request& slot = window_[window_begin_ + packet.data_index(i)];
    if (slot.size == 0)
      respond(slot.id, abi::XEN_NETIF_RSP_OKAY, 0);  // no grant operation: its reference may be anything
    else
      add_copies(slot, slot.size, page, filled);
  }
  built.slots = static_cast<std::uint16_t>(slot_count_ - first_slot);
  window_begin_ += packet.ring_slots;
}

// Appends a data slot's bytes to the chain that has reached `page`, `filled` bytes of it taken.
void TxBack::add_copies(const netif_tx_request& slot, std::uint32_t size_bytes, BufferRef& page,
                        std::uint32_t& filled) {
  Slot& record = slots_[slot_count_++];
  record = {slot.id, 0};
  for (std::uint32_t done = 0; done < size_bytes; ++record.copies) {
    if (filled == abi::XEN_PAGE_SIZE) {
      page = buffers_.next(page);
      filled = 0;
    }
    const std::uint32_t length = std::min(size_bytes - done, abi::XEN_PAGE_SIZE - filled);
    gnttab_copy& copy = copies_[copy_count_++];
    copy.source = {{slot.gref}, vif_.guest, static_cast<std::uint16_t>(slot.offset + done)};
    copy.dest.u.gmfn = page;
    copy.dest.domid = abi::DOMID_SELF;
    copy.dest.offset = static_cast<std::uint16_t>(filled);
    copy.len = static_cast<std::uint16_t>(length);
    copy.flags = abi::GNTCOPY_source_gref;
    filled += length;
    done += length;
  }
}

// The statuses are in: answers each slot and hands on the frames whose bytes all arrived.
void TxBack::submit(TimeNs now) {
  std::array<Frame, kPollFrames> frames;
  std::uint32_t frame_count = 0;
  const Slot* slot = slots_.data();
  const gnttab_copy* copy = copies_.data();
  for (const Built& built : std::span(built_).first(built_count_)) {
    bool complete = true;
    for (std::uint32_t i = 0; i < built.slots; ++i, ++slot) {
      bool okay = true;
      for (std::uint32_t k = 0; k < slot->copies; ++k) okay = (copy++)->status == abi::GNTST_okay && okay;
      respond(slot->id, okay ? abi::XEN_NETIF_RSP_OKAY : abi::XEN_NETIF_RSP_ERROR, i == 0 ? built.extra_slots : 0);
      complete = complete && okay;
    }
    if (complete) {
      frames[frame_count++] = built.frame;
    } else {
      buffers_.release(built.frame.buffer);
      sink_.dropped(now, built.frame);
    }
  }
  if (frame_count > 0) sink_.transmit(now, std::span(frames).first(frame_count));
}

void TxBack::respond(std::uint16_t id, std::int16_t status, std::uint32_t extra_slots) {
  ring_.put_response({id, status});
  for (std::uint32_t i = 0; i < extra_slots; ++i) ring_.put_response({0, abi::XEN_NETIF_RSP_NULL});
}

// Answers every data slot alike and takes the packet off the window.
void TxBack::answer(const TxPacket& packet, std::int16_t status) {
  for (std::uint32_t i = 0; i < packet.data_slots(); ++i)
    respond(window_[window_begin_ + packet.data_index(i)].id, status, i == 0 ? packet.extra_slots : 0);
  window_begin_ += packet.ring_slots;
}

void TxBack::drop(TimeNs now, const TxPacket& packet) {
  const netif_tx_request first = window_[window_begin_];
  answer(packet, abi::XEN_NETIF_RSP_ERROR);
  error_ended_poll_ = true;
  sink_.dropped(now, {.size_bytes = first.size, .id = first.id});
}

void TxBack::multicast(const TxPacket& packet) {
  MulticastList::Address address;
  std::memcpy(address.data(), packet.multicast.u.mcast.addr, address.size());
  bool okay = true;
  if (packet.multicast.type == abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD)
    okay = vif_.multicast.add(address);
  else
    vif_.multicast.remove(address);
  answer(packet, okay ? abi::XEN_NETIF_RSP_OKAY : abi::XEN_NETIF_RSP_ERROR);
}

}  // namespace ringback
