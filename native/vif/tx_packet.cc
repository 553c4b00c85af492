#include "vif/tx_packet.h"

#include <cstring>

#include "abi/page.h"

namespace ringback {
namespace {

using abi::netif_extra_info;
using abi::netif_tx_request;
using Verdict = TxPacket::Verdict;

// Linux knows one type more than Xen's header: XDP, which it takes and ignores on TX.
constexpr std::uint8_t kExtraTypeEnd = abi::XEN_NETIF_EXTRA_TYPE_MAX + 1;

netif_extra_info as_extra(const netif_tx_request& slot) noexcept {
  netif_extra_info extra;
  std::memcpy(&extra, &slot, sizeof extra);
  return extra;
}

// Check 4. The extras follow the first slot. False: fatal.
bool read_extras(std::span<const netif_tx_request> requests, TxPacket& packet) noexcept {
  netif_extra_info extra;
  do {
    if (packet.ring_slots == requests.size()) {
      packet.fail(Fault::kMissingExtra);
      return false;
    }
    extra = as_extra(requests[packet.ring_slots]);
    if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_NONE || extra.type >= kExtraTypeEnd) {
      packet.fail(Fault::kUnknownExtra);
      return false;
    }
    if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_GSO) packet.gso = extra;
    if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD || extra.type == abi::XEN_NETIF_EXTRA_TYPE_MCAST_DEL)
      packet.multicast = extra;
    if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_HASH) packet.hash = extra;
    ++packet.extra_slots;
    ++packet.ring_slots;
  } while (extra.flags & abi::XEN_NETIF_EXTRA_FLAG_MORE);
  return true;
}

// Check 6. Walks the chain of fragments, taking each one's size from the first slot's total.
void count_fragments(std::span<const netif_tx_request> requests, TxPacket& packet) noexcept {
  std::uint16_t flags = requests[0].flags;
  bool error = false;
  for (std::uint32_t data_slots = 1; flags & abi::XEN_NETTXF_more_data; ++data_slots) {
    if (packet.ring_slots == requests.size()) {
      packet.fail(Fault::kMissingSlot);
      return;
    }
    if (data_slots >= kMaxToleratedSlots) {
      packet.fail(Fault::kTooManySlots);
      return;
    }
    const netif_tx_request& slot = requests[packet.ring_slots++];
    // A packet of 64 KiB or more wrapped its 16-bit total: its fragments seem larger than the packet.
    error = error || data_slots >= kMaxDataSlots || slot.size > packet.first_size_bytes;
    if (!error) packet.first_size_bytes -= slot.size;
    if (slot.offset + slot.size > static_cast<int>(abi::XEN_PAGE_SIZE)) {
      packet.fail(Fault::kCrossesPage);
      return;
    }
    flags = slot.flags;
  }
  if (error) packet.verdict = Verdict::kError;
}

}  // namespace

void parse_tx_chain(std::span<const netif_tx_request> requests, TxPacket& packet) noexcept {
  if (requests.front().flags & abi::XEN_NETTXF_extra_info && !read_extras(requests, packet)) return;
  if (packet.multicast.type != abi::XEN_NETIF_EXTRA_TYPE_NONE)
    packet.verdict = Verdict::kMulticast;
  else
    count_fragments(requests, packet);
}

}  // namespace ringback
