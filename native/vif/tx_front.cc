#include "vif/tx_front.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "vif/ring_pages.h"

namespace ringback {
namespace {

using abi::netif_extra_info;

// As netfront: what is blank counts as validated too.
std::uint16_t checksum_flags(Checksum checksum) noexcept {
  if (checksum == Checksum::kBlank) return abi::XEN_NETTXF_csum_blank | abi::XEN_NETTXF_data_validated;
  return checksum == Checksum::kValidated ? abi::XEN_NETTXF_data_validated : std::uint16_t{0};
}

}  // namespace

std::uint32_t TxFront::ids(std::uint32_t ring_order, std::uint32_t slots) noexcept {
  const std::uint32_t entries = ring_entries<TxRing>(std::size_t{abi::XEN_PAGE_SIZE} << ring_order);
  return slots == 0 ? entries : std::min(slots, entries);
}

std::uint32_t TxFront::pages_needed(std::uint32_t ring_order, bool shared_page, std::uint32_t slots) noexcept {
  return (1u << ring_order) + (shared_page ? 1 : ids(ring_order, slots));
}

TxFront::TxFront(const Options& options)
    : guest_(options.guest),
      back_end_(options.back_end),
      shared_page_(options.shared_page),
      always_notify_(options.always_notify),
      ring_memory_(make_ring(options.guest.arena, options.ring_order)),
      ring_(ring_memory_),
      granted_(ids(options.ring_order, options.slots), kNotGranted) {
  RB_ASSERT(granted_.size() >= kLeastSlots);
  pages_.resize(shared_page_ ? 1 : granted_.size());
  for (std::uint32_t& page : pages_) {
    const auto frame = guest_.arena.allocate();
    RB_ASSERT(frame.has_value());  // the guest has pages_needed()
    page = *frame;
  }
  for (std::size_t id = granted_.size(); id > 0; --id) free_ids_.push_back(static_cast<std::uint16_t>(id - 1));
}

TxFront::~TxFront() {
  // Whoever still reads a page keeps it: it could be anybody's if it were free.
  std::vector<bool> in_use(pages_.size(), false);
  for (std::size_t id = 0; id < granted_.size(); ++id)
    if (granted_[id] != kNotGranted && !guest_.grants.try_end_foreign_access(granted_[id]))
      in_use[shared_page_ ? 0 : id] = true;
  for (std::size_t i = pages_.size(); i > 0; --i)
    if (!in_use[i - 1]) guest_.arena.free(pages_[i - 1]);
  free_ring(guest_.arena, ring_memory_);
}

bool TxFront::has_control_room() const noexcept {
  return fault_ == Fault::kNone && !free_ids_.empty() && ring_.free_requests() >= 2;
}

std::uint16_t TxFront::transmit(const Frame& frame) {
  RB_ASSERT(has_room(frame) && frame.size_bytes >= 14 && frame.size_bytes <= abi::XEN_NETIF_MAX_TX_SIZE);
  const bool has_extras = extra_slots(frame) > 0;
  std::uint32_t left = frame.size_bytes - std::min(frame.size_bytes, abi::XEN_PAGE_SIZE);
  const auto more = [&] { return left > 0 ? abi::XEN_NETTXF_more_data : std::uint16_t{0}; };
  const auto first_flags =
      static_cast<std::uint16_t>(checksum_flags(frame.checksum) | (has_extras ? abi::XEN_NETTXF_extra_info : 0));
  const std::uint16_t first = put_slot(frame.size_bytes, static_cast<std::uint16_t>(first_flags | more()));
  if (has_extras) {
    const ExtraInfos extras(frame);
    for (const netif_extra_info& extra : extras.all()) put_extra(extra);
  }
  while (left > 0) {
    const std::uint32_t fragment = std::min(left, abi::XEN_PAGE_SIZE);
    left -= fragment;
    put_slot(fragment, more());
  }
  return first;
}

std::uint16_t TxFront::put_slot(std::uint32_t size_bytes, std::uint16_t flags) {
  const std::uint16_t id = free_ids_.back();
  free_ids_.pop_back();
  const auto ref = guest_.grants.grant_foreign_access(back_end_, page_of(id), true);
  RB_ASSERT(ref.has_value());  // the table has an entry for each id
  granted_[id] = *ref;
  ring_.put_request({*ref, 0, flags, id, static_cast<std::uint16_t>(size_bytes)});
  return id;
}

// An extra stands in a request's slot; what it leaves of the slot is zero.
void TxFront::put_extra(const netif_extra_info& extra) {
  abi::netif_tx_request slot{};
  std::memcpy(&slot, &extra, sizeof extra);
  ring_.put_request(slot);
  ++extras_out_;
}

void TxFront::request_multicast(bool add, const MulticastList::Address& address) {
  RB_ASSERT(has_control_room());
  netif_extra_info extra{};
  extra.type = add ? abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD : abi::XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
  std::memcpy(extra.u.mcast.addr, address.data(), address.size());
  put_slot(0, abi::XEN_NETTXF_extra_info);
  put_extra(extra);
}

void TxFront::reap() {
  std::array<abi::netif_tx_response, 64> responses;
  while (fault_ == Fault::kNone) {
    const Taken taken = ring_.consume_responses(responses);
    if (taken.overflow) fault_ = Fault::kResponseOverflow;
    for (const auto& response : std::span(responses).first(taken.count)) take_response(response);
    if (taken.count == 0 && !ring_.final_check_for_responses()) return;
  }
}

void TxFront::take_response(const abi::netif_tx_response& response) {
  if (response.status == abi::XEN_NETIF_RSP_NULL && extras_out_ > 0) {  // answers an extra-info slot
    --extras_out_;
    return;
  }
  if (response.status == abi::XEN_NETIF_RSP_NULL || response.id >= granted_.size() ||
      granted_[response.id] == kNotGranted) {
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
