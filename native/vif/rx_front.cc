#include "vif/rx_front.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "vif/ring_pages.h"

namespace ringback {

using abi::netif_rx_response;
using Verdict = RxPacket::Verdict;

std::uint32_t RxFront::entries(std::uint32_t ring_order) noexcept {
  return ring_entries<RxRing>(std::size_t{abi::XEN_PAGE_SIZE} << ring_order);
}

std::uint32_t RxFront::pages_needed(std::uint32_t ring_order, bool shared_page) noexcept {
  return (1u << ring_order) + (shared_page ? 1 : entries(ring_order));
}

RxFront::RxFront(const Options& options)
    : guest_(options.guest),
      back_end_(options.back_end),
      shared_page_(options.shared_page),
      always_notify_(options.always_notify),
      ring_memory_(make_ring(options.guest.arena, options.ring_order, options.ring_start)),
      ring_(ring_memory_, options.ring_start),
      pages_(shared_page_ ? 1 : ring_.entries()),
      granted_(ring_.entries(), kNotGranted),
      responses_(ring_.entries()) {
  for (std::uint32_t& page : pages_) {
    const auto frame = guest_.arena.allocate();
    RB_ASSERT(frame.has_value());  // the guest has pages_needed()
    page = *frame;
  }
}

RxFront::~RxFront() {
  // Whoever still writes a page keeps it: it could be anybody's if it were free.
  std::vector<bool> in_use(pages_.size(), false);
  for (std::uint32_t position = 0; position < granted_.size(); ++position)
    if (granted_[position] != kNotGranted && !guest_.grants.try_end_foreign_access(granted_[position]))
      in_use[shared_page_ ? 0 : position] = true;
  for (std::size_t i = pages_.size(); i > 0; --i)
    if (!in_use[i - 1]) guest_.arena.free(pages_[i - 1]);
  free_ring(guest_.arena, ring_memory_);
}

bool RxFront::post(std::uint32_t most) {
  RB_ASSERT(!receiving_);  // a frame's pages are the consumer's until it returns
  if (fault_ != Fault::kNone) return false;
  for (std::uint32_t left = std::min(most, ring_.free_requests()); left > 0; --left) {
    const std::uint32_t position = ring_.req_prod_pvt() & (ring_.entries() - 1);
    const auto ref = guest_.grants.grant_foreign_access(back_end_, page_of(position), false);
    if (!ref) break;
    granted_[position] = *ref;
    ring_.put_request({.id = static_cast<std::uint16_t>(position), .pad = 0, .gref = *ref});
  }
  const bool published = always_notify_ && ring_.has_unpublished_requests();
  return ring_.push_requests_and_check_notify() || published;
}

bool RxFront::receive(RxConsumer& consumer) {
  bool any = false;
  while (fault_ == Fault::kNone) {
    const abi::RING_IDX first = ring_.rsp_cons();
    const Taken taken = ring_.consume_responses(responses_);
    if (taken.overflow) fault_ = Fault::kResponseOverflow;
    receiving_ = true;
    take_responses(std::span(responses_).first(taken.count), first, consumer);
    receiving_ = false;
    any = any || taken.count > 0;
    if (taken.count == 0 && !ring_.final_check_for_responses()) break;
  }
  return any;
}

// `first` is the index of the first response, and so of the request that it answers.
void RxFront::take_responses(std::span<const netif_rx_response> responses, abi::RING_IDX first, RxConsumer& consumer) {
  while (!responses.empty()) {
    const RxPacket packet = parse_rx_packet(responses, first, ring_.entries());
    if (packet.verdict == Verdict::kFatal)
      fault_ = packet.fault;
    else if (!end_grants(first, packet.ring_slots))
      fault_ = Fault::kGrantInUse;
    if (fault_ != Fault::kNone) return;
    if (packet.verdict == Verdict::kFrame)
      deliver(packet, first, consumer);
    else
      ++error_frames_;
    responses = responses.subspan(packet.ring_slots);
    first += packet.ring_slots;
  }
}

// False: a page is still being written.
bool RxFront::end_grants(abi::RING_IDX first, std::uint32_t slots) {
  for (std::uint32_t i = 0; i < slots; ++i) {
    abi::grant_ref_t& ref = granted_[(first + i) & (ring_.entries() - 1)];
    if (!guest_.grants.try_end_foreign_access(ref)) return false;
    ref = kNotGranted;
  }
  return true;
}

void RxFront::deliver(const RxPacket& packet, abi::RING_IDX first, RxConsumer& consumer) {
  std::array<std::span<const std::byte>, kMaxRxDataSlots> parts;
  for (std::uint32_t i = 0; i < packet.data_slots; ++i) {
    const RxPacket::Part& part = packet.all_parts[i];
    const auto page = guest_.arena.page(page_of((first + part.slot) & (ring_.entries() - 1)));
    parts[i] = std::span<const std::byte>(page).subspan(part.offset_bytes, part.size_bytes);
  }
  consumer.received({.size_bytes = packet.size_bytes,
                     .checksum = packet.checksum,
                     .gso_type = packet.gso_type,
                     .gso_size_bytes = packet.gso_size_bytes,
                     .hash_type = packet.hash_type,
                     .hash_value = packet.hash_value,
                     .parts = std::span(parts).first(packet.data_slots)});
}

}  // namespace ringback
