#include "vif/tx_packet.h"

#include <cstring>

#include "abi/page.h"
#include "base/assert.h"

namespace ringback {
namespace {

using abi::netif_extra_info;
using abi::netif_tx_request;
using Verdict = TxPacket::Verdict;

// Linux knows one type more than Xen's header: XDP, which it takes and ignores on TX.
constexpr std::uint8_t kExtraTypeEnd = abi::XEN_NETIF_EXTRA_TYPE_MAX + 1;
constexpr std::uint32_t kEthernetHeaderBytes = 14;

TxPacket fatal(TxPacket packet, Fault fault) noexcept {
  packet.verdict = Verdict::kFatal;
  packet.fault = fault;
  return packet;
}

netif_extra_info as_extra(const netif_tx_request& slot) noexcept {
  netif_extra_info extra;
  std::memcpy(&extra, &slot, sizeof extra);
  return extra;
}

// Check 4. The extras follow the first slot; false: fatal, with the fault set.
bool read_extras(std::span<const netif_tx_request> requests, TxPacket& packet) noexcept {
  netif_extra_info extra;
  do {
    if (packet.ring_slots == requests.size()) {
      packet.fault = Fault::kMissingExtra;
      return false;
    }
    extra = as_extra(requests[packet.ring_slots]);
    if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_NONE || extra.type >= kExtraTypeEnd) {
      packet.fault = Fault::kUnknownExtra;
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
      packet = fatal(packet, Fault::kMissingSlot);
      return;
    }
    if (data_slots >= kMaxToleratedSlots) {
      packet = fatal(packet, Fault::kTooManySlots);
      return;
    }
    const netif_tx_request& slot = requests[packet.ring_slots++];
    // A packet of 64 KiB or more wrapped its 16-bit total: its fragments seem larger than the packet.
    error = error || data_slots >= kMaxDataSlots || slot.size > packet.first_size_bytes;
    if (!error) packet.first_size_bytes -= slot.size;
    if (slot.offset + slot.size > static_cast<int>(abi::XEN_PAGE_SIZE)) {
      packet = fatal(packet, Fault::kCrossesPage);
      return;
    }
    flags = slot.flags;
  }
  if (error) packet.verdict = Verdict::kError;
}

}  // namespace

TxPacket parse_tx_packet(std::span<const netif_tx_request> requests) noexcept {
  RB_ASSERT(!requests.empty());
  const netif_tx_request& first = requests[0];
  TxPacket packet;
  packet.first_size_bytes = first.size;
  if (first.flags & abi::XEN_NETTXF_extra_info && !read_extras(requests, packet)) return fatal(packet, packet.fault);
  if (packet.multicast.type != abi::XEN_NETIF_EXTRA_TYPE_NONE) {
    packet.verdict = Verdict::kMulticast;
    return packet;
  }
  count_fragments(requests, packet);
  if (packet.verdict != Verdict::kFrame) return packet;
  if (packet.first_size_bytes < kEthernetHeaderBytes) {
    packet.verdict = Verdict::kError;
    return packet;
  }
  if (first.offset + packet.first_size_bytes > abi::XEN_PAGE_SIZE) return fatal(packet, Fault::kCrossesPage);
  if (packet.gso.type != abi::XEN_NETIF_EXTRA_TYPE_NONE &&
      (packet.gso.u.gso.size == 0 || (packet.gso.u.gso.type != abi::XEN_NETIF_GSO_TYPE_TCPV4 &&
                                      packet.gso.u.gso.type != abi::XEN_NETIF_GSO_TYPE_TCPV6)))
    return fatal(packet, Fault::kBadGso);
  return packet;
}

}  // namespace ringback
