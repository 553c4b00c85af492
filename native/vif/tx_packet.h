// One packet's slots on the TX ring, checked: the raw requests in, a verdict that cannot be misread out.
#pragma once
#include <cstdint>
#include <span>

#include "abi/netif.h"
#include "abi/page.h"
#include "vif/fault.h"

namespace ringback {

// Linux takes one data slot more than the 18 that every back end must take.
inline constexpr std::uint32_t kMaxDataSlots = abi::XEN_NETIF_NR_SLOTS_MIN + 1;
// Up to here a guest may be an old driver and only loses the packet; beyond it is malicious (fatal_skb_slots + 1).
inline constexpr std::uint32_t kMaxToleratedSlots = 21;

struct TxPacket {
  enum class Verdict : std::uint8_t {
    kFrame,      // data to copy
    kMulticast,  // an addition to or removal from the multicast list, no data
    kError,      // every slot is answered with ERROR
    kFatal,      // the vif is disabled: `fault`
  };
  Verdict verdict = Verdict::kFrame;
  Fault fault = Fault::kNone;
  std::uint32_t ring_slots = 1;        // taken from the ring: data slots and extras
  std::uint32_t extra_slots = 0;       // these follow the first data slot
  std::uint32_t first_size_bytes = 0;  // the first slot's own fragment: the total less the other fragments
  abi::netif_extra_info gso{};         // type 0 when absent
  abi::netif_extra_info multicast{};   // type 0 when absent
  abi::netif_extra_info hash{};        // type 0 when absent

  [[nodiscard]] std::uint32_t data_slots() const noexcept { return ring_slots - extra_slots; }
  // Where data slot `i` lies among the packet's ring slots.
  [[nodiscard]] std::uint32_t data_index(std::uint32_t i) const noexcept { return i == 0 ? 0 : i + extra_slots; }

  [[nodiscard]] bool has_bad_gso() const noexcept {
    if (gso.type == abi::XEN_NETIF_EXTRA_TYPE_NONE) return false;
    return gso.u.gso.size == 0 ||
           (gso.u.gso.type != abi::XEN_NETIF_GSO_TYPE_TCPV4 && gso.u.gso.type != abi::XEN_NETIF_GSO_TYPE_TCPV6);
  }

  void fail(Fault why) noexcept {
    verdict = Verdict::kFatal;
    fault = why;
  }
};

// What follows the first slot of a packet that has extras or fragments: checks 4 to 6.
void parse_tx_chain(std::span<const abi::netif_tx_request> requests, TxPacket& packet) noexcept;

// Reads one packet from the front of `requests`, which are private copies of every request that the producer vouches
// for; a chain that runs past them is fatal. Never reads or writes anything else.
//
// Requires: at least one request; a new packet, which is where it is made: to return it costs as much as to read it.
// Source:   netback.c xenvif_get_extras, xenvif_count_requests, xenvif_tx_build_gops; xen.md checks 4 to 9
inline void parse_tx_packet(std::span<const abi::netif_tx_request> requests, TxPacket& packet) noexcept {
  constexpr std::uint32_t kEthernetHeaderBytes = 14;
  const abi::netif_tx_request& first = requests.front();
  packet.first_size_bytes = first.size;
  if ((first.flags & (abi::XEN_NETTXF_extra_info | abi::XEN_NETTXF_more_data)) != 0) {
    parse_tx_chain(requests, packet);
    if (packet.verdict != TxPacket::Verdict::kFrame) return;
  }
  if (packet.first_size_bytes < kEthernetHeaderBytes)
    packet.verdict = TxPacket::Verdict::kError;
  else if (first.offset + packet.first_size_bytes > abi::XEN_PAGE_SIZE)
    packet.fail(Fault::kCrossesPage);
  else if (packet.has_bad_gso())
    packet.fail(Fault::kBadGso);
}

}  // namespace ringback
