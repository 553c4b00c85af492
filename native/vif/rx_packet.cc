#include "vif/rx_packet.h"

#include <bit>
#include <cstring>

#include "abi/page.h"
#include "base/assert.h"
#include "vif/extra_info.h"

namespace ringback {
namespace {

using abi::netif_extra_info;
using abi::netif_rx_response;
using Verdict = RxPacket::Verdict;

constexpr std::uint32_t kEthernetHeaderBytes = 14;

RxPacket fatal(RxPacket packet, Fault fault) noexcept {
  packet.verdict = Verdict::kFatal;
  packet.fault = fault;
  return packet;
}

// As netfront, a blank checksum counts for more than a validated one.
Checksum checksum_of(std::uint16_t rx_flags) noexcept {
  if (rx_flags & abi::XEN_NETRXF_csum_blank) return Checksum::kBlank;
  return rx_flags & abi::XEN_NETRXF_data_validated ? Checksum::kValidated : Checksum::kUnknown;
}

// False: no segments could be made so.
bool read_gso(const netif_extra_info& extra, RxPacket& packet) noexcept {
  const auto& gso = extra.u.gso;
  packet.gso_size_bytes = gso.size;
  packet.gso_type = gso.type;
  return gso.size != 0 && (gso.type == abi::XEN_NETIF_GSO_TYPE_TCPV4 || gso.type == abi::XEN_NETIF_GSO_TYPE_TCPV6);
}

// A hash that we cannot name is no hash.
void read_hash(const netif_extra_info& extra, RxPacket& packet) noexcept {
  const auto& hash = extra.u.hash;
  const bool known = hash.algorithm == abi::XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ && hash.type < kHashTypeEnd;
  packet.hash_type = known ? static_cast<std::uint8_t>(hash.type + 1) : std::uint8_t{0};
  packet.hash_value = 0;
  if (known) std::memcpy(&packet.hash_value, hash.value, sizeof packet.hash_value);
}

// The extras follow the first slot.
Fault read_extras(std::span<const netif_rx_response> responses, RxPacket& packet) noexcept {
  netif_extra_info extra;
  do {
    if (packet.ring_slots == responses.size()) return Fault::kMissingExtra;
    extra = std::bit_cast<netif_extra_info>(responses[packet.ring_slots++]);
    if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_NONE || extra.type >= abi::XEN_NETIF_EXTRA_TYPE_MAX)
      return Fault::kUnknownExtra;
    if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_HASH) read_hash(extra, packet);
    if (extra.type == abi::XEN_NETIF_EXTRA_TYPE_GSO && !read_gso(extra, packet)) return Fault::kBadGso;
  } while (extra.flags & abi::XEN_NETIF_EXTRA_FLAG_MORE);
  return Fault::kNone;
}

// One data slot, the packet's ring slot number `slot`.
Fault add_part(const netif_rx_response& response, std::uint32_t slot, RxPacket& packet) noexcept {
  if (packet.data_slots == kMaxRxDataSlots) return Fault::kTooManySlots;
  if (response.status < 0) {
    packet.verdict = Verdict::kError;
    return Fault::kNone;
  }
  const auto size = static_cast<std::uint16_t>(response.status);
  if (response.offset + size > static_cast<int>(abi::XEN_PAGE_SIZE)) return Fault::kCrossesPage;
  packet.size_bytes += size;
  // No Fault of its own: what is said to have come is more than a frame can be.
  if (packet.size_bytes > abi::XEN_NETIF_MAX_TX_SIZE) return Fault::kBadResponse;
  packet.all_parts[packet.data_slots] = {slot, response.offset, size};
  return Fault::kNone;
}

}  // namespace

RxPacket parse_rx_packet(std::span<const netif_rx_response> responses, std::uint32_t first_id,
                         std::uint32_t entries) noexcept {
  RB_ASSERT(!responses.empty() && std::has_single_bit(entries));
  RxPacket packet;
  const std::uint16_t first_flags = responses[0].flags;
  packet.checksum = checksum_of(first_flags);
  if (first_flags & abi::XEN_NETRXF_extra_info)
    if (const Fault fault = read_extras(responses, packet); fault != Fault::kNone) return fatal(packet, fault);
  for (std::uint32_t slot = 0;; slot = packet.ring_slots++) {
    const netif_rx_response& response = responses[slot];
    if (response.id != ((first_id + slot) & (entries - 1))) return fatal(packet, Fault::kBadResponse);
    if (const Fault fault = add_part(response, slot, packet); fault != Fault::kNone) return fatal(packet, fault);
    ++packet.data_slots;
    if (!(response.flags & abi::XEN_NETRXF_more_data)) break;
    if (packet.ring_slots == responses.size()) return fatal(packet, Fault::kMissingSlot);
  }
  if (packet.size_bytes < kEthernetHeaderBytes) packet.verdict = Verdict::kError;
  return packet;
}

}  // namespace ringback
