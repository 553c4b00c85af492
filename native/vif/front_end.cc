#include "vif/front_end.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "vif/ring_pages.h"

namespace ringback {
std::uint32_t FrontEnd::entries(std::uint32_t ring_order) noexcept {
  return ring_entries<TxRing>(std::size_t{abi::XEN_PAGE_SIZE} << ring_order);
}

std::uint32_t FrontEnd::pages_needed(std::uint32_t ring_order, bool shared_page) noexcept {
  return (1u << ring_order) + (shared_page ? 1 : entries(ring_order));
}

FrontEnd::FrontEnd(const Options& options)
    : guest_(options.guest),
      back_end_(options.back_end),
      shared_page_(options.shared_page),
      first_page_(0),
      ring_memory_(make_ring(options.guest.arena, options.ring_order)),
      ring_(ring_memory_),
      granted_(ring_.entries(), kNotGranted) {
  const std::uint32_t pages = shared_page_ ? 1 : ring_.entries();
  const auto first = allocate_contiguous(guest_.arena, pages);
  RB_ASSERT(first.has_value());  // the guest has pages_needed()
  first_page_ = *first;
  free_ids_.resize(ring_.entries());
  for (std::uint32_t i = 0; i < ring_.entries(); ++i)
    free_ids_[i] = static_cast<std::uint16_t>(ring_.entries() - 1 - i);
}

FrontEnd::~FrontEnd() {
  for (const abi::grant_ref_t ref : granted_)
    if (ref != kNotGranted) static_cast<void>(guest_.grants.try_end_foreign_access(ref));
}

std::uint32_t FrontEnd::slots_for(std::uint32_t size_bytes) noexcept {
  return (size_bytes + abi::XEN_PAGE_SIZE - 1) >> abi::XEN_PAGE_SHIFT;
}

std::uint32_t FrontEnd::frame_of(std::uint16_t id) const noexcept { return first_page_ + (shared_page_ ? 0u : id); }

std::uint16_t FrontEnd::transmit(std::span<const std::byte> header, std::uint32_t size_bytes) {
  RB_ASSERT(has_room(size_bytes) && size_bytes >= 14 && size_bytes <= abi::XEN_NETIF_MAX_TX_SIZE);
  RB_ASSERT(header.size() <= std::min(size_bytes, abi::XEN_PAGE_SIZE));
  const std::uint16_t first = free_ids_.back();
  if (!shared_page_) std::memcpy(guest_.arena.page(frame_of(first)).data(), header.data(), header.size());
  std::uint32_t left = size_bytes;
  for (std::uint32_t i = slots_for(size_bytes); i > 0; --i) {
    const std::uint32_t fragment = std::min(left, abi::XEN_PAGE_SIZE);
    const bool is_first = left == size_bytes;
    left -= fragment;
    put_slot(is_first ? size_bytes : fragment, left > 0 ? abi::XEN_NETTXF_more_data : std::uint16_t{0});
  }
  return first;
}

void FrontEnd::put_slot(std::uint32_t size_bytes, std::uint16_t flags) {
  const std::uint16_t id = free_ids_.back();
  free_ids_.pop_back();
  const auto ref = guest_.grants.grant_foreign_access(back_end_, frame_of(id), true);
  RB_ASSERT(ref.has_value());  // the table has an entry for each id
  granted_[id] = *ref;
  ring_.put_request({*ref, 0, flags, id, static_cast<std::uint16_t>(size_bytes)});
}

void FrontEnd::reap() {
  std::array<abi::netif_tx_response, 64> responses;
  while (fault_ == Fault::kNone) {
    const Taken taken = ring_.consume_responses(responses);
    if (taken.overflow) fault_ = Fault::kResponseOverflow;
    for (const auto& response : std::span(responses).first(taken.count)) take_response(response);
    if (taken.count == 0 && !ring_.final_check_for_responses()) return;
  }
}

void FrontEnd::take_response(const abi::netif_tx_response& response) {
  if (response.status == abi::XEN_NETIF_RSP_NULL) return;  // answers an extra-info slot
  if (response.id >= granted_.size() || granted_[response.id] == kNotGranted) {
    fault_ = Fault::kBadResponse;
    return;
  }
  if (!guest_.grants.try_end_foreign_access(granted_[response.id])) {
    fault_ = Fault::kGrantInUse;
    return;
  }
  granted_[response.id] = kNotGranted;
  free_ids_.push_back(response.id);
  if (response.status != abi::XEN_NETIF_RSP_OKAY) ++error_responses_;
}

}  // namespace ringback
