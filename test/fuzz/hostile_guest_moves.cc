// What the hostile guest does to its rings, its grant table and its pages.
#include <algorithm>
#include <array>
#include <cstring>

#include "fuzz/check.h"
#include "fuzz/hostile_guest.h"

namespace ringback::fuzz {
namespace {

using abi::netif_extra_info;
using abi::netif_tx_request;

constexpr std::uint32_t kMostSlots = 24;
constexpr std::uint32_t kMostExtras = 5;

// Fills a slot of `Bytes` with what is shorter; the rest is zero.
template <class To, class From>
To as_slot(const From& from) {
  static_assert(sizeof(To) >= sizeof(From));
  To to{};
  std::memcpy(&to, &from, sizeof from);
  return to;
}

std::uint32_t slots_of(const Operation& operation) noexcept {
  if (operation.chance(2, 130)) return 1;
  if (operation.chance(2, 200)) return 1 + operation.u8(3) % 4;
  return operation.chance(2, 250) ? 1 + operation.u8(3) % 19 : operation.u8(3) % (kMostSlots + 1);
}

std::uint32_t fragment_bytes(const Operation& operation, std::uint32_t slot) noexcept {
  const std::uint32_t spread = operation.u16(5) + slot * 397;
  if (operation.chance(4, 110)) return 14 + spread % 1500;
  return operation.chance(4, 220) ? 14 + spread % 4083 : spread % 4097;
}

// The packet's extras by the bits of one byte, most often none.
std::uint32_t make_extras(const Operation& operation, std::array<netif_extra_info, kMostExtras>& extras) noexcept {
  std::uint32_t count = 0;
  const auto add = [&](std::uint8_t type) -> netif_extra_info& {
    netif_extra_info& extra = extras[count++];
    extra = {};
    extra.type = type;
    return extra;
  };
  const std::uint32_t choice = operation.u8(7);
  if (choice < 170) return 0;
  if (choice & 1) {
    netif_extra_info& gso = add(abi::XEN_NETIF_EXTRA_TYPE_GSO);
    gso.u.gso.size = operation.chance(8, 8) ? std::uint16_t{0} : std::uint16_t{1448};
    gso.u.gso.type = static_cast<std::uint8_t>(operation.chance(8, 248) ? 1 + operation.u8(8) % 2 : operation.u8(9));
  }
  if (choice & 2) {
    netif_extra_info& hash = add(abi::XEN_NETIF_EXTRA_TYPE_HASH);
    hash.u.hash.type = static_cast<std::uint8_t>(operation.u8(9) % 6);
    std::memcpy(hash.u.hash.value, operation.bytes(5).data(), 4);
  }
  if ((choice & 12) == 12) {
    netif_extra_info& group =
        add(choice & 16 ? abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD : abi::XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
    group.u.mcast.addr[0] = 1;
    group.u.mcast.addr[5] = static_cast<std::uint8_t>(operation.u8(9) % 4);
  }
  if ((choice & 48) == 48) add(abi::XEN_NETIF_EXTRA_TYPE_MAX);        // XDP
  if (choice > 252) add(static_cast<std::uint8_t>(operation.u8(9)));  // anything
  for (std::uint32_t i = 0; i + 1 < count; ++i) extras[i].flags = abi::XEN_NETIF_EXTRA_FLAG_MORE;
  return count;
}

// One thing that is wrong with a packet.
void mutate(const Operation& operation, std::span<netif_tx_request> data, std::span<netif_extra_info> extras) noexcept {
  netif_tx_request& slot = data[operation.u8(12) % data.size()];
  const std::uint16_t value = operation.u16(13);
  switch (operation.u8(11) % 12) {
    case 0:
      slot.size = value;
      return;
    case 1:
      slot.offset = value;
      return;
    case 2:
      slot.flags = value;
      return;
    case 3:
      slot.gref = value;
      return;
    case 4:
      slot.size = 0;
      return;
    case 5:
      data.front().size = static_cast<std::uint16_t>(value % 64);
      return;
    case 6:
      data.back().flags |= abi::XEN_NETTXF_more_data;
      return;
    case 7:
      data.front().flags |= abi::XEN_NETTXF_extra_info;
      return;
    case 8:
      if (!extras.empty()) extras.back().flags = abi::XEN_NETIF_EXTRA_FLAG_MORE;
      return;
    case 9:
      slot.offset = static_cast<std::uint16_t>(abi::XEN_PAGE_SIZE - slot.size + 1);
      return;
    case 10:
      slot.gref = GuestMemory::kRefs + value;
      return;
    case 11:
      data.front().size = static_cast<std::uint16_t>(data.front().size - 1 - value % 32);
      return;
  }
}

}  // namespace

void HostileGuest::send_packet(const Operation& operation) {
  // A guest that was disabled mostly comes back at once: there is more to see behind a living back end.
  if (fault_ != Fault::kNone && operation.chance(15, 192)) return connect(operation);
  RingWatch<TxRing>& watch = queues_[operation.u8(1) % queues_.size()].tx;
  std::array<netif_tx_request, kMostSlots> data{};
  std::array<netif_extra_info, kMostExtras> extras;
  const std::uint32_t slots = slots_of(operation);
  const std::uint32_t extra_count = make_extras(operation, extras);
  std::uint32_t total = 0;
  for (std::uint32_t i = 0; i < slots; ++i) {
    const std::uint32_t size = fragment_bytes(operation, i);
    total += size;
    data[i] = {.gref = GuestMemory::kFirstReadonly + (operation.u8(8) + i) % GuestMemory::kDataPages,
               .offset = static_cast<std::uint16_t>((operation.u16(9) + i) % (abi::XEN_PAGE_SIZE - size + 1)),
               .flags = i + 1 < slots ? abi::XEN_NETTXF_more_data : std::uint16_t{0},
               .id = next_id_++,
               .size = static_cast<std::uint16_t>(size)};
  }
  if (slots > 0) {
    data[0].size = static_cast<std::uint16_t>(total);  // from 64 KiB on it wraps
    data[0].flags |= static_cast<std::uint16_t>(operation.u8(9) & 3u);
    if (extra_count > 0) data[0].flags |= abi::XEN_NETTXF_extra_info;
    if (operation.chance(10, 20)) mutate(operation, std::span(data).first(slots), std::span(extras).first(extra_count));
  }
  abi::RING_IDX& req_prod = watch.header().req_prod;
  if (slots + extra_count > watch.room() && !operation.chance(15, 4)) return;
  abi::RING_IDX at = req_prod;
  const auto put = [&](const netif_tx_request& slot) { std::memcpy(watch.slot(at++), &slot, sizeof slot); };
  std::uint32_t packets = 1;
  if (!operation.chance(15, 250) && slots > 0) packets = watch.room() / (slots + extra_count);  // as many as fit
  for (; packets > 0; --packets) {
    for (std::uint32_t i = 0; i < slots; ++i) {
      put(data[i]);
      for (std::uint32_t extra = 0; i == 0 && extra < extra_count; ++extra)
        put(as_slot<netif_tx_request>(extras[extra]));
    }
  }
  if (operation.chance(15, 2)) at -= 1;  // pushes less than it wrote
  req_prod = at;
}

abi::sring_header& HostileGuest::header(std::uint32_t ring) const noexcept {
  ring %= rings();
  if (ring == rings() - 1) return control_->header();
  return ring % 2 == 0 ? queues_[ring / 2].tx.header() : queues_[ring / 2].rx.header();
}

void HostileGuest::write_ring_bytes(const Operation& operation) {
  const auto bytes = operation.bytes(8).first(1 + operation.u8(1) % 8);
  const std::size_t at = operation.u32(2) % (memory_.rings().size() - bytes.size() + 1);
  std::memcpy(memory_.rings().data() + at, bytes.data(), bytes.size());
}

void HostileGuest::write_header_word(const Operation& operation) {
  abi::sring_header& at = header(operation.u8(1));
  const std::array words = {&at.req_event, &at.rsp_event, &at.rsp_prod, &at.req_prod};
  abi::RING_IDX& word = *words[operation.u8(2) % words.size()];
  switch (operation.u8(3) % 5) {
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
      word = at.rsp_prod + operation.u16(4) % 514;
      return;
    case 4:
      word += 1u << operation.u8(4) % 32;
      return;
  }
}

void HostileGuest::push(const Operation& operation) { header(operation.u8(1)).req_prod += operation.u8(2) % 40; }

void HostileGuest::write_grant_entry(const Operation& operation) {
  const abi::grant_ref_t ref = operation.u8(1) % GuestMemory::kRefs;
  abi::grant_entry_v1 entry = memory_.domain()->grants.load(ref);
  switch (operation.u8(2) % 16) {
    case 0:
      entry.flags = abi::GTF_invalid;
      break;
    case 1:
      entry.flags |= abi::GTF_readonly;
      break;
    case 2:
      entry.domid = static_cast<abi::domid_t>(operation.u16(4));
      break;
    case 3:
      entry.frame = operation.u32(4);
      break;
    case 4:
      entry.flags = abi::GTF_transitive;
      break;
    case 5:
      entry.flags |= static_cast<std::uint16_t>(operation.u8(4) & (abi::GTF_reading | abi::GTF_writing));
      break;
    case 6:
      entry.flags = operation.u16(4);
      break;
    case 7:
      entry.frame = operation.u8(4) % GuestMemory::kPages;
      break;
    case 8:
      std::memcpy(&entry, operation.bytes(4).data(), sizeof entry);
      break;
    default:  // a run of them is as it should be again
      for (std::uint32_t i = 0; i < 16; ++i) memory_.restore(ref + i);
      return;
  }
  memory_.store(ref, entry);
}

// Half the time what a mapping may hold, so that some are taken.
void HostileGuest::write_page_bytes(const Operation& operation) {
  const auto page = memory_.data_page(operation.u8(1));
  if (operation.chance(2, 128)) {
    for (std::size_t at = 0; at < 512; at += 4) page[at] = static_cast<std::byte>(operation.u8(3 + at / 4 % 8) % 3);
    for (std::size_t at = 0; at < 512; ++at)
      if (at % 4 != 0) page[at] = std::byte{0};
    return;
  }
  std::memcpy(page.data() + operation.u16(3) % (kPageBytes - 8), operation.bytes(5).data(), 8);
}

void HostileGuest::post_rx(const Operation& operation) {
  RingWatch<RxRing>& watch = queues_[operation.u8(1) % queues_.size()].rx;
  const std::uint32_t count = std::min<std::uint32_t>(watch.room(), 1 + operation.u8(2) % 48);
  for (std::uint32_t i = 0; i < count; ++i) {
    abi::netif_rx_request request{
        .id = next_id_++,
        .pad = 0,
        .gref = GuestMemory::kFirstWritable + (operation.u8(3) + i) % GuestMemory::kDataPages};
    if (operation.chance(4, 24) && i == operation.u8(5) % count) request.gref = operation.u16(6) % 512;
    std::memcpy(watch.slot(watch.header().req_prod + i), &request, sizeof request);
  }
  watch.header().req_prod += operation.chance(4, 2) ? count + 300 : count;
}

void HostileGuest::ask_control(const Operation& operation) {
  if (control_->room() == 0 && !operation.chance(15, 16)) return;
  abi::netif_ctrl_request request{.id = operation.u16(1), .type = 0, .data = {}};
  const abi::grant_ref_t ref =
      operation.chance(3, 230) ? GuestMemory::kFirstReadonly + operation.u8(4) % 64 : operation.u8(4);
  const bool is_wild = operation.chance(5, 24);
  request.type = static_cast<std::uint16_t>(is_wild ? operation.u8(6) : operation.u8(6) % 11);
  request.data[0] = operation.u8(7) % 17;
  constexpr std::array<std::uint32_t, 8> kSizes = {0, 1, 4, 64, 128, 129, 1024, 0xffffffff};
  if (request.type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE) request.data[0] = kSizes[operation.u8(7) % 8];
  if (request.type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM)
    request.data[0] = operation.u8(7) < 200 ? 1 : operation.u8(7) % 3;
  if (request.type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_KEY) {
    request.data[0] = ref;
    request.data[1] = operation.u8(8) % 44;
  }
  if (request.type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING) {
    request.data[0] = ref;
    request.data[1] = operation.u8(8) % 130;
    request.data[2] = operation.chance(9, 128) ? 0 : operation.u8(10) % 130;
    if (!operation.chance(9, 232)) request.data[2] = 0u - operation.u8(10) % 130;  // the sum may wrap (XSA-270)
  }
  if (operation.chance(11, 12)) request.data[operation.u8(12) % 3] = operation.u32(12);
  std::memcpy(control_->slot(control_->header().req_prod), &request, sizeof request);
  ++control_->header().req_prod;
}

}  // namespace ringback::fuzz
