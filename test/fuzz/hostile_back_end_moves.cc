// What the hostile back end does to the rings and to the pages that it is granted.
#include <algorithm>
#include <cstring>

#include "fuzz/check.h"
#include "fuzz/hostile_back_end.h"
#include "fuzz/machine.h"
#include "ring/layout.h"

namespace ringback::fuzz {
namespace {

using abi::netif_rx_request;
using abi::netif_rx_response;
using abi::netif_tx_request;
using abi::netif_tx_response;

constexpr std::uint32_t kEntries = 256;  // of a TX or RX ring of one page
constexpr std::uint32_t kControlEntries = 128;
constexpr std::uint32_t kMostParts = 22;

template <class R>
std::byte* slot_of(std::span<std::byte> ring, abi::RING_IDX index, std::uint32_t entries) noexcept {
  return ring.data() + kRingHeaderBytes + (index & (entries - 1)) * kSlotBytes<R>;
}

abi::sring_header& header_of(std::span<std::byte> ring) noexcept {
  return *reinterpret_cast<abi::sring_header*>(ring.data());
}

// An extra's request: nothing that any data slot can be.
bool is_extra(const netif_tx_request& request) noexcept { return request.size == 0xffff && request.gref == 0; }
constexpr netif_tx_request kExtra{.gref = 0, .offset = 0, .flags = 0, .id = 0, .size = 0xffff};

// One thing that is wrong with a packet's responses.
void mutate(const Operation& operation, std::span<netif_rx_response> responses) noexcept {
  netif_rx_response& response = responses[operation.u8(9) % responses.size()];
  const std::uint16_t value = operation.u16(10);
  switch (operation.u8(8) % 8) {
    case 0:
      response.id = value;
      return;
    case 1:
      response.offset = value;
      return;
    case 2:
      response.status = static_cast<std::int16_t>(value);
      return;
    case 3:
      response.flags = value;
      return;
    case 4:
      response.status = abi::XEN_NETIF_RSP_ERROR;
      return;
    case 5:
      responses.back().flags |= abi::XEN_NETRXF_more_data;
      return;
    case 6:
      responses.back().flags |= abi::XEN_NETRXF_extra_info;
      return;
    case 7:
      ++response.id;
      return;
  }
}

}  // namespace

std::span<std::byte> HostileBackEnd::ring(std::uint32_t number) const {
  number %= rings();
  if (number == queues_ * 2) return front_->control()->ring_memory();
  return number % 2 == 0 ? front_->tx(number / 2).ring_memory() : front_->rx(number / 2).ring_memory();
}

void HostileBackEnd::write_ring_bytes(const Operation& operation) {
  const auto bytes = operation.bytes(8).first(1 + operation.u8(1) % 8);
  const auto memory = ring(operation.u8(2));
  std::memcpy(memory.data() + operation.u16(3) % (memory.size() - bytes.size() + 1), bytes.data(), bytes.size());
}

void HostileBackEnd::write_header_word(const Operation& operation) {
  abi::sring_header& at = header_of(ring(operation.u8(1)));
  const std::array words = {&at.req_event, &at.rsp_event, &at.rsp_prod, &at.req_prod};
  abi::RING_IDX& word = *words[operation.u8(2) % words.size()];
  switch (operation.u8(3) % 4) {
    case 0:
      word = operation.u32(4);
      return;
    case 1:
      word += operation.u8(4);
      return;
    case 2:
      word -= operation.u8(4);
      return;
    case 3:
      word = at.req_prod + operation.u16(4) % 514;
      return;
  }
}

void HostileBackEnd::remember(abi::grant_ref_t ref) { remembered_[remembered_count_++ % kRemembered] = ref; }

// Copies requests off the ring, as a back end does, and knows which of them are extras.
void HostileBackEnd::take_tx(Peer& peer, std::uint32_t queue) {
  const auto memory = front_->tx(queue).ring_memory();
  const std::uint32_t waiting = std::min(header_of(memory).req_prod - peer.tx_cons, kEntries);
  for (std::uint32_t i = 0; i < waiting; ++i) {
    netif_tx_request request;
    std::memcpy(&request, slot_of<TxRing>(memory, peer.tx_cons++, kEntries), sizeof request);
    if (peer.extras_out > 0) {
      const bool more = (request.gref >> 8 & abi::XEN_NETIF_EXTRA_FLAG_MORE) != 0;
      if (!more) peer.extras_out = 0;
      peer.out.push_back(kExtra);
      continue;
    }
    remember(request.gref);
    if ((request.flags & abi::XEN_NETTXF_extra_info) != 0) peer.extras_out = 1;
    peer.out.push_back(request);
  }
  if (peer.out.size() > 4 * kEntries) peer.out.clear();
}

// Answers some of what was taken, in another order now and then.
void HostileBackEnd::answer_tx(const Operation& operation, std::uint32_t queue) {
  Peer& peer = peers_[queue];
  take_tx(peer, queue);
  const auto memory = front_->tx(queue).ring_memory();
  std::size_t count = std::min<std::size_t>(peer.out.size(), 1 + operation.u8(2) % 48);
  if (count == 0) return;
  if (operation.chance(3, 64)) std::reverse(peer.out.begin(), peer.out.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    netif_tx_response response{peer.out[i].id, abi::XEN_NETIF_RSP_OKAY};
    if (is_extra(peer.out[i])) response = {0, abi::XEN_NETIF_RSP_NULL};
    if (operation.chance(4, 10) && i == operation.u8(5) % count) response.id = operation.u16(6);
    if (operation.chance(4, 40) && i == operation.u8(5) % count)
      response.status = static_cast<std::int16_t>(operation.u8(8) % 4 - 2);
    std::memcpy(slot_of<TxRing>(memory, peer.tx_prod++, kEntries), &response, sizeof response);
  }
  if (!operation.chance(9, 4)) peer.out.erase(peer.out.begin(), peer.out.begin() + static_cast<std::ptrdiff_t>(count));
  header_of(memory).rsp_prod = peer.tx_prod;
}

bool HostileBackEnd::copy_to(abi::grant_ref_t ref, std::uint32_t bytes) {
  abi::gnttab_copy copy{};
  copy.source.domid = abi::DOMID_SELF;
  copy.dest = {{ref}, guest_->domid, 0};
  copy.len = static_cast<std::uint16_t>(bytes);
  copy.flags = abi::GNTCOPY_dest_gref;
  grant_copy(domains_, kDriverDomain, {&copy, 1}, Payload::kCopy);
  return copy.status == abi::GNTST_okay;
}

// A frame over as many posted pages as it has parts, with the extras that it has.
void HostileBackEnd::deliver(const Operation& operation, std::uint32_t queue) {
  Peer& peer = peers_[queue];
  const auto memory = front_->rx(queue).ring_memory();
  const std::uint32_t parts = operation.chance(2, 240) ? 1 + operation.u8(3) % 3 : 1 + operation.u8(3) % kMostParts;
  const std::uint32_t extras = operation.chance(4, 64) ? 1 + operation.u8(4) % 2 : 0;
  const std::uint32_t waiting = std::min(header_of(memory).req_prod - peer.rx_cons, kEntries);
  if (parts + extras > waiting && !operation.chance(5, 4)) return;
  std::array<netif_rx_response, kMostParts + 2> responses{};
  for (std::uint32_t i = 0; i < parts + extras; ++i) {
    netif_rx_request request;
    std::memcpy(&request, slot_of<RxRing>(memory, peer.rx_cons + i, kEntries), sizeof request);
    remember(request.gref);
    if (i > 0 && i <= extras) {
      abi::netif_extra_info extra{};
      extra.type = static_cast<std::uint8_t>(operation.chance(6, 16) ? operation.u8(7) : 1 + 3 * (i % 2));
      extra.flags = i < extras ? abi::XEN_NETIF_EXTRA_FLAG_MORE : std::uint8_t{0};
      if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_GSO && !operation.chance(12, 16)) {
        extra.u.gso.size = 1448;
        extra.u.gso.type = abi::XEN_NETIF_GSO_TYPE_TCPV4;
      } else {
        extra.u.hash.type = static_cast<std::uint8_t>(operation.u8(7) % 5);
        extra.u.hash.algorithm = 1;
      }
      std::memcpy(&responses[i], &extra, sizeof extra);
      continue;
    }
    const std::uint32_t size = operation.chance(12, parts > 15 ? 200 : 128) ? 14u + operation.u8(13)
                               : parts > 15                                 ? abi::XEN_PAGE_SIZE
                                                                            : operation.u16(13) % 4097u;
    const bool is_written = operation.chance(14, 200) && copy_to(request.gref, std::max(size, 1u));
    const std::uint32_t status = is_written || !operation.chance(15, 16) ? size : 0;
    responses[i] = {request.id, 0, i + 1 < parts + extras ? abi::XEN_NETRXF_more_data : std::uint16_t{0},
                    static_cast<std::int16_t>(status)};
    if (i == 0 && parts == 1) responses[0].flags = 0;
    if (i == 0 && extras > 0) responses[0].flags |= abi::XEN_NETRXF_extra_info;
  }
  if (operation.chance(5, 14)) mutate(operation, std::span(responses).first(parts + extras));
  for (std::uint32_t i = 0; i < parts + extras; ++i)
    std::memcpy(slot_of<RxRing>(memory, peer.rx_cons + i, kEntries), &responses[i], sizeof responses[i]);
  peer.rx_cons += parts + extras;
  header_of(memory).rsp_prod = peer.rx_cons;
}

void HostileBackEnd::answer_control(const Operation& operation) {
  if (!has_control_) return;
  const auto memory = front_->control()->ring_memory();
  abi::sring_header& header = header_of(memory);
  if (header.rsp_prod == header.req_prod && !operation.chance(1, 16)) return;
  abi::netif_ctrl_request request;
  std::memcpy(&request, slot_of<CtrlRing>(memory, header.rsp_prod, kControlEntries), sizeof request);
  if (request.type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_KEY ||
      request.type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING)
    remember(request.data[0]);
  // And answers another time, or while it reads.
  if (operation.chance(6, 48)) return use(request.data[0], Access::kRead);
  abi::netif_ctrl_response response{request.id, request.type, abi::XEN_NETIF_CTRL_STATUS_SUCCESS, operation.u8(2)};
  if (operation.chance(3, 24)) response.status = operation.u8(4);
  if (operation.chance(5, 6)) response.id ^= 1;
  if (operation.chance(5, 3)) response.type = static_cast<std::uint16_t>(operation.u8(4));
  std::memcpy(slot_of<CtrlRing>(memory, header.rsp_prod, kControlEntries), &response, sizeof response);
  header.rsp_prod += operation.chance(7, 4) ? 2 : 1;
}

// Begins to use a page, as a back end does that maps it.
void HostileBackEnd::pin(const Operation& operation) {
  const std::size_t known = std::min(remembered_count_, kRemembered);
  if (known == 0) return;
  const bool is_recent = operation.chance(10, 192);
  const std::size_t at = is_recent ? (remembered_count_ - 1 - operation.u8(11) % std::min<std::size_t>(known, 8))
                                   : operation.u8(11) % known;
  use(remembered_[at % kRemembered], operation.chance(12, 128) ? Access::kRead : Access::kWrite);
}

void HostileBackEnd::use(abi::grant_ref_t ref, Access access) {
  if (pinned_.size() == kMostPinned) return unpin(0);
  const Pin pinned = guest_->grants.pin(ref, kDriverDomain, access, guest_->arena.pages());
  if (pinned.status != abi::GNTST_okay) return;
  pinned_.push_back({ref, pinned.frame, access});
  outcomes_.count(Outcome::kFrontPins);
}

void HostileBackEnd::unpin(std::size_t at) {
  guest_->grants.unpin(pinned_[at].ref, pinned_[at].access);
  pinned_.erase(pinned_.begin() + static_cast<std::ptrdiff_t>(at));
}

// Every page that it may write now, by whatever right.
void HostileBackEnd::write_pages(std::uint8_t value) {
  std::memset(driver_->arena.page(0).data(), value, kPageBytes);
  for (const Pinned& pin : pinned_)
    if (pin.access == Access::kWrite) std::memset(guest_->arena.page(pin.frame).data(), value, kPageBytes);
  for (const abi::grant_ref_t ref : remembered_) static_cast<void>(copy_to(ref, kPageBytes));
}

}  // namespace ringback::fuzz
