// One packet's slots on the RX ring, checked: the raw responses in, a verdict that cannot be misread out.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "abi/netif.h"
#include "vif/fault.h"
#include "vif/frame.h"

namespace ringback {

// netfront's limit: the 18 slots that every front end takes, and one more whose bytes end up in the header.
inline constexpr std::uint32_t kMaxRxDataSlots = abi::XEN_NETIF_NR_SLOTS_MIN + 1;

struct RxPacket {
  enum class Verdict : std::uint8_t {
    kFrame,  // parts() hold its bytes
    kError,  // the frame is lost, its slots can be used again
    kFatal,  // the vif is dead: `fault`
  };
  // A data slot's bytes: in the page of the packet's ring slot number `slot`.
  struct Part {
    std::uint32_t slot;
    std::uint16_t offset_bytes;
    std::uint16_t size_bytes;  // may be 0
  };

  Verdict verdict = Verdict::kFrame;
  Fault fault = Fault::kNone;
  Checksum checksum = Checksum::kUnknown;
  std::uint8_t gso_type = 0;         // XEN_NETIF_GSO_TYPE_*
  std::uint16_t gso_size_bytes = 0;  // 0: no segmentation
  std::uint8_t hash_type = 0;        // XEN_NETIF_CTRL_HASH_TYPE_*'s number + 1; 0: no hash that we know
  std::uint32_t hash_value = 0;
  std::uint32_t size_bytes = 0;  // of all parts
  std::uint32_t ring_slots = 1;  // taken from the ring: data slots and extras
  std::uint32_t data_slots = 0;
  std::array<Part, kMaxRxDataSlots> all_parts{};

  [[nodiscard]] std::span<const Part> parts() const noexcept { return std::span(all_parts).first(data_slots); }
};

// Reads one packet from the front of `responses`, which are private copies of every response that the producer vouches
// for; `first_id` is the id that the first one's request carried, and each next one's is one more, modulo `entries`.
// Never reads or writes anything else.
//
// A negative status in any slot, or less than an Ethernet header in all, loses the frame. Fatal is what no back end
// does that means well: a chain or extras beyond the producer (whole packets are pushed), an id that is not its
// slot's, offset + size beyond the page, 20 or more data slots, more than 65,535 bytes, an extra of type 0 or beyond
// HASH (XDP's was never asked for), segments of size 0 or of no known type. netfront only counts an error for most
// of these. As in netfront a status of 0 is an empty part, extras of multicast are passed over, and the last extra
// of a type counts.
//
// Requires: at least one response; entries is a power of two.
// Source:   netfront.c xennet_get_responses, xennet_get_extras, xennet_set_skb_gso
[[nodiscard]] RxPacket parse_rx_packet(std::span<const abi::netif_rx_response> responses, std::uint32_t first_id,
                                       std::uint32_t entries) noexcept;

}  // namespace ringback
