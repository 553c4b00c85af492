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
  known_requests_ = 0;
  const std::uint32_t packets = build(now);
  if (batch_.copy_count > 0) grants_.copy(std::span(batch_.copies).first(batch_.copy_count));
  const bool full = batch_full();
  const bool waits = !waiting().empty();
  submit(now);
  // Also after a fault: what came before it was valid and is answered.
  const bool published = vif_.always_notify && ring_.has_unpublished_responses();
  const bool notify = ring_.push_responses_and_check_notify() || published;
  if (vif_.fault != Fault::kNone) return {Next::kDisabled, notify, packets};
  if (waits && vif_.shaper.waits()) {
    known_requests_ = ring_.unconsumed_requests();
    return {Next::kWaitForCredit, notify, packets};
  }
  if (waits || full || error_ended_poll_) return {Next::kPollAgain, notify, packets};
  return {ring_.final_check_for_requests() ? Next::kPollAgain : Next::kIdle, notify, packets};
}

// Copies requests off the ring behind those that wait, each once. False: there are none, or the producer is impossible.
bool TxBack::refill() {
  const auto window = std::span(batch_.window);
  const std::uint32_t left = batch_.window_end - batch_.window_begin;
  std::copy_n(window.begin() + batch_.window_begin, left, window.begin());
  batch_.window_begin = 0;
  batch_.window_end = left;
  const Taken taken =
      ring_.peek_requests(window.subspan(left).first(std::min<std::size_t>(kRefillSlots, window.size() - left)), left);
  if (taken.overflow) {
    vif_.disable(Fault::kRingOverflow);
    return false;
  }
  batch_.window_end += taken.count;
  return taken.count > 0;
}

// Takes a packet's slots off the ring, where responses may take their place, and returns the copies.
std::span<const netif_tx_request> TxBack::consume(std::uint32_t slots) noexcept {
  const auto packet = waiting().first(slots);
  batch_.window_begin += slots;
  ring_.advance(slots);
  return packet;
}

// Returns how many packets were taken off the ring. Flattened: what it calls for each packet is worth inlining, a tenth
// of a poll (docs/performance.md).
[[gnu::flatten]] std::uint32_t TxBack::build(TimeNs now) {
  batch_.window_begin = batch_.window_end = 0;
  batch_.built_count = batch_.slot_count = batch_.copy_count = 0;
  error_ended_poll_ = false;
  std::uint32_t taken = 0;
  for (; taken < TxBatch::kWindowSlots && !batch_full(); ++taken) {
    if (waiting().empty() && !refill()) return taken;
    if (!build_one(now)) return taken + (error_ended_poll_ ? 1 : 0);  // what was refused has left the ring too
  }
  return taken;
}

// One packet off the window. False: the poll ends here.
bool TxBack::build_one(TimeNs now) {
  // Charged before it is judged: a malformed packet costs its sender too.
  if (!vif_.shaper.admit(now, waiting().front().size)) return false;
  TxPacket packet;
  parse(packet);
  if (packet.verdict == Verdict::kFatal) {
    vif_.disable(packet.fault);
    return false;
  }
  const auto slots = consume(packet.ring_slots);
  switch (packet.verdict) {
    case Verdict::kMulticast:
      multicast(packet, slots);
      return true;
    case Verdict::kFrame:
      build_frame(now, packet, slots);
      return !error_ended_poll_;
    default:
      drop(now, packet, slots);
      return false;
  }
}

void TxBack::parse(TxPacket& packet) {
  parse_tx_packet(waiting(), packet);
  // The packet may go on in slots that are pushed but not yet copied.
  while ((packet.fault == Fault::kMissingSlot || packet.fault == Fault::kMissingExtra) && refill()) {
    packet = {};
    parse_tx_packet(waiting(), packet);
  }
  if (vif_.fault != Fault::kNone) packet.fault = vif_.fault;
}

void TxBack::build_frame(TimeNs now, const TxPacket& packet, std::span<const netif_tx_request> slots) {
  const netif_tx_request& first = slots.front();
  const BufferRef buffer = buffers_.allocate(first.size);
  if (buffer == kNoBuffer) return drop(now, packet, slots);
  TxBatch::Built& built = batch_.built[batch_.built_count++];
  built.frame = {.size_bytes = first.size,
                 .buffer = buffer,
                 .id = first.id,
                 .gso_size_bytes = packet.gso.u.gso.size,
                 .gso_type = packet.gso.u.gso.type,
                 .checksum = checksum_of(first.flags)};
  take_hash(built.frame, packet.hash);
  built.extra_slots = static_cast<std::uint16_t>(packet.extra_slots);
  const std::uint32_t first_slot = batch_.slot_count;
  BufferRef page = buffer;
  std::uint32_t filled = 0;
  add_copies(first, packet.first_size_bytes, page, filled);
  for (std::uint32_t i = 1; i < packet.data_slots(); ++i) {
    const netif_tx_request& slot = slots[packet.data_index(i)];
    if (slot.size == 0)
      respond(slot.id, abi::XEN_NETIF_RSP_OKAY, 0);  // no grant operation: its reference may be anything
    else
      add_copies(slot, slot.size, page, filled);
  }
  built.slots = static_cast<std::uint16_t>(batch_.slot_count - first_slot);
}

// Appends a data slot's bytes to the chain that has reached `page`, `filled` bytes of it taken.
void TxBack::add_copies(const netif_tx_request& slot, std::uint32_t size_bytes, BufferRef& page,
                        std::uint32_t& filled) {
  TxBatch::Slot& record = batch_.slots[batch_.slot_count++];
  record = {slot.id, 0};
  for (std::uint32_t done = 0; done < size_bytes; ++record.copies) {
    if (filled == abi::XEN_PAGE_SIZE) {
      page = buffers_.next(page);
      filled = 0;
    }
    const std::uint32_t length = std::min(size_bytes - done, abi::XEN_PAGE_SIZE - filled);
    gnttab_copy& copy = batch_.copies[batch_.copy_count++];
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
  std::uint32_t frame_count = 0;
  const TxBatch::Slot* slot = batch_.slots.data();
  const gnttab_copy* copy = batch_.copies.data();
  for (const TxBatch::Built& built : std::span(batch_.built).first(batch_.built_count)) {
    bool complete = true;
    for (std::uint32_t i = 0; i < built.slots; ++i, ++slot) {
      bool okay = true;
      for (std::uint32_t k = 0; k < slot->copies; ++k) okay = (copy++)->status == abi::GNTST_okay && okay;
      respond(slot->id, okay ? abi::XEN_NETIF_RSP_OKAY : abi::XEN_NETIF_RSP_ERROR, i == 0 ? built.extra_slots : 0);
      complete = complete && okay;
    }
    if (complete) {
      batch_.frames[frame_count++] = built.frame;
    } else {
      buffers_.release(built.frame.buffer);
      sink_.dropped(now, built.frame);
    }
  }
  if (frame_count > 0) sink_.transmit(now, std::span(batch_.frames).first(frame_count));
}

void TxBack::respond(std::uint16_t id, std::int16_t status, std::uint32_t extra_slots) {
  ring_.put_response({id, status});
  for (std::uint32_t i = 0; i < extra_slots; ++i) ring_.put_response({0, abi::XEN_NETIF_RSP_NULL});
}

// Answers every data slot alike.
void TxBack::answer(const TxPacket& packet, std::span<const netif_tx_request> slots, std::int16_t status) {
  for (std::uint32_t i = 0; i < packet.data_slots(); ++i)
    respond(slots[packet.data_index(i)].id, status, i == 0 ? packet.extra_slots : 0);
}

void TxBack::drop(TimeNs now, const TxPacket& packet, std::span<const netif_tx_request> slots) {
  answer(packet, slots, abi::XEN_NETIF_RSP_ERROR);
  error_ended_poll_ = true;
  sink_.dropped(now, {.size_bytes = slots.front().size, .id = slots.front().id});
}

void TxBack::multicast(const TxPacket& packet, std::span<const netif_tx_request> slots) {
  MulticastList::Address address;
  std::memcpy(address.data(), packet.multicast.u.mcast.addr, address.size());
  bool okay = true;
  if (packet.multicast.type == abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD)
    okay = vif_.multicast.add(address);
  else
    vif_.multicast.remove(address);
  answer(packet, slots, okay ? abi::XEN_NETIF_RSP_OKAY : abi::XEN_NETIF_RSP_ERROR);
}

}  // namespace ringback
