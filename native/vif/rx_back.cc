#include "vif/rx_back.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "vif/extra_info.h"

namespace ringback {

using abi::gnttab_copy;
using abi::netif_rx_request;
using abi::netif_rx_response;

namespace {

std::uint16_t flags_of(Checksum checksum) noexcept {
  switch (checksum) {
    case Checksum::kBlank:
      return abi::XEN_NETRXF_csum_blank | abi::XEN_NETRXF_data_validated;
    case Checksum::kValidated:
      return abi::XEN_NETRXF_data_validated;
    case Checksum::kUnknown:
      return 0;
  }
  return 0;
}

}  // namespace

RxBack::~RxBack() {
  while (!queue_.empty()) buffers_.release(dequeue().buffer);
}

bool RxBack::queue(TimeNs now, const Frame& frame) {
  RB_ASSERT(frame.size_bytes > 0 && frame.size_bytes <= abi::XEN_NETIF_MAX_TX_SIZE);
  if (fault_ != Fault::kNone || queued_bytes_ >= kMaxQueuedBytes) return false;
  queue_.push({frame, now});
  queued_bytes_ += frame.size_bytes;
  return true;
}

RxBack::Ran RxBack::run(TimeNs now) {
  if (fault_ != Fault::kNone) return {Next::kDisabled, false, false};
  const std::size_t waiting = queue_.size();
  Ran ran = run_connected(now);
  ran.packets = static_cast<std::uint32_t>(waiting - queue_.size());
  return ran;
}

RxBack::Ran RxBack::run_connected(TimeNs now) {
  bool notify = false;
  const std::uint32_t placed = place(now, notify);
  if (fault_ != Fault::kNone) {
    flush(now);
    return {Next::kDisabled, notify, true};
  }
  const bool found_work = update_stall(now) || placed > 0;
  // A frame that was dropped may have kept others from pages that are there, or the queue from being ready.
  const bool dropped = drop_expired(now) > 0;
  const bool again = dropped || (!queue_.empty() && ring_.final_check_for_requests(needed_slots()));
  return {again ? Next::kRunAgain : Next::kIdle, notify, found_work};
}

TimeNs RxBack::timer_ns() const noexcept {
  if (queue_.empty()) return kNever;
  const TimeNs expiry_ns = queue_.front().queued_ns + kDrainNs;
  return stalled_ ? expiry_ns : std::min(expiry_ns, last_placed_ns_ + kStallNs);
}

void RxBack::flush(TimeNs now) {
  while (!queue_.empty()) lose(now, dequeue(), RxDrop::kDisabled);
}

// Places frames while there are pages for the first one; returns how many, lost ones included.
std::uint32_t RxBack::place(TimeNs now, bool& notify) {
  if (ring_.has_overflow()) fault_ = Fault::kRingOverflow;
  std::array<netif_rx_request, kMaxSlots> requests;
  std::uint32_t frames = 0;
  while (frames < run_frames_ && !queue_.empty() && take_requests(std::span(requests).first(needed_slots()))) {
    if (copy_count_ + data_slots(queue_.front().frame) > kMaxCopies) notify = submit(now) || notify;
    build(dequeue(), requests);
    last_placed_ns_ = now;
    ++frames;
  }
  // Also after a fault: what came before it was valid and is answered.
  if (frame_count_ > 0) notify = submit(now) || notify;
  return frames;
}

// All of the requests or none: a frame is never begun without the pages for its end.
bool RxBack::take_requests(std::span<netif_rx_request> requests) noexcept {
  if (fault_ != Fault::kNone) return false;
  const Taken taken = ring_.peek_requests(requests);
  if (taken.overflow) fault_ = Fault::kRingOverflow;
  if (taken.count < requests.size()) return false;
  ring_.advance(taken.count);
  return true;
}

// The chain is filled without gaps, so each of its pages fills one posted page.
void RxBack::build(const Frame& frame, std::span<const netif_rx_request> requests) {
  frames_[frame_count_++] = frame;
  BufferRef page = frame.buffer;
  std::uint32_t left = frame.size_bytes;
  for (std::uint32_t slot = 0; left > 0; slot += slot == 0 ? 1 + extra_slots(frame) : 1) {
    const std::uint32_t length = std::min(left, abi::XEN_PAGE_SIZE);
    ids_[copy_count_] = requests[slot].id;
    gnttab_copy& copy = copies_[copy_count_++];
    copy.source.u.gmfn = page;
    copy.source.domid = abi::DOMID_SELF;
    copy.source.offset = 0;
    copy.dest = {{requests[slot].gref}, guest_, 0};
    copy.len = static_cast<std::uint16_t>(length);
    copy.flags = abi::GNTCOPY_dest_gref;
    page = buffers_.next(page);
    left -= length;
  }
}

// Copies the batch, answers its slots and reports its frames; returns whether the guest must be notified.
bool RxBack::submit(TimeNs now) {
  grants_.copy(std::span(copies_).first(copy_count_));
  std::array<bool, kMaxCopies> complete;
  std::uint32_t copy = 0;
  for (std::uint32_t i = 0; i < frame_count_; ++i) {
    complete[i] = respond(frames_[i], copy);
    copy += data_slots(frames_[i]);
  }
  const bool published = always_notify_ && ring_.has_unpublished_responses();
  const bool notify = ring_.push_responses_and_check_notify() || published;
  for (std::uint32_t i = 0; i < frame_count_; ++i) {
    if (!complete[i]) {
      lose(now, frames_[i], RxDrop::kGrant);
      continue;
    }
    sink_.placed(now, frames_[i]);
    buffers_.release(frames_[i].buffer);
  }
  frame_count_ = copy_count_ = 0;
  return notify;
}

// Answers a frame's slots in the order of its requests. A slot whose copy failed carries that status, the others go out
// as they are; returns whether there was none.
bool RxBack::respond(const Frame& frame, std::uint32_t first_copy) {
  const ExtraInfos extras(frame);
  bool complete = true;
  std::uint16_t flags = flags_of(frame.checksum);
  if (extra_slots(frame) > 0) flags |= abi::XEN_NETRXF_extra_info;
  const std::uint32_t last_copy = first_copy + data_slots(frame) - 1;
  for (std::uint32_t i = first_copy; i <= last_copy; ++i) {
    const gnttab_copy& copy = copies_[i];
    const bool okay = copy.status == abi::GNTST_okay;
    complete = complete && okay;
    if (i < last_copy) flags |= abi::XEN_NETRXF_more_data;
    ring_.put_response({ids_[i], 0, flags, okay ? static_cast<std::int16_t>(copy.len) : copy.status});
    if (i == first_copy)
      for (const auto& extra : extras.all()) ring_.put_response(std::bit_cast<netif_rx_response>(extra));
    flags = 0;
  }
  return complete;
}

// Returns whether stalled() changed.
//
// Source: netback's rx.c xenvif_rx_queue_stalled, xenvif_rx_queue_ready
bool RxBack::update_stall(TimeNs now) noexcept {
  const bool short_of_pages = ring_.unconsumed_requests() < needed_slots();
  if (short_of_pages == stalled_) return false;
  if (short_of_pages && now < last_placed_ns_ + kStallNs) return false;
  stalled_ = short_of_pages;
  if (!stalled_) last_placed_ns_ = now;
  return true;
}

std::uint32_t RxBack::drop_expired(TimeNs now) {
  std::uint32_t dropped = 0;
  for (; dropped < run_frames_ && !queue_.empty() && now >= queue_.front().queued_ns + kDrainNs; ++dropped)
    lose(now, dequeue(), RxDrop::kExpired);
  return dropped;
}

Frame RxBack::dequeue() noexcept {
  const Frame frame = queue_.front().frame;
  queue_.pop();
  queued_bytes_ -= frame.size_bytes;
  return frame;
}

void RxBack::lose(TimeNs now, const Frame& frame, RxDrop cause) {
  sink_.lost(now, frame, cause);
  buffers_.release(frame.buffer);
}

}  // namespace ringback
