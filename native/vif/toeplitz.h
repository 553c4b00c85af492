// The Toeplitz hash of receive-side scaling, and the fields of a frame that it is taken over.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "abi/netif.h"
#include "base/assert.h"

namespace ringback {

// Bytes: the largest key that netback takes, and the least that covers the largest input (40 - 4).
inline constexpr std::size_t kHashKeyBytes = 40;
using HashKey = std::array<std::byte, kHashKeyBytes>;

// The key of Microsoft's "Verifying the RSS Hash Calculation", the default of most drivers.
inline constexpr HashKey kDefaultHashKey = [] {
  constexpr std::array<std::uint8_t, kHashKeyBytes> bytes = {
      0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
      0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
      0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
  HashKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = std::byte{bytes[i]};
  return key;
}();

// A key, unrolled for use with every packet: the exclusive or of one table entry a half byte.
//
// The hash is linear: each set bit of the input contributes the 32 bits of the key that start at the bit's own place.
// So the contributions of a half byte at a place are a table of 16.
//
// Threads: const, anybody.
// Source:  xen/io/netif.h "Hash algorithms" (xen_netif_toeplitz_hash)
class Toeplitz final {
 public:
  // Bytes: two IPv6 addresses and two ports.
  static constexpr std::size_t kMaxInputBytes = 36;

  explicit constexpr Toeplitz(const HashKey& key) noexcept {
    for (std::size_t place = 0; place < kPlaces; ++place) {
      auto& sums = table_[place];
      for (std::size_t bit = 0; bit < 4; ++bit) {
        const std::size_t upper = std::size_t{1} << bit;  // bits count from the right, the key from the left
        const std::uint32_t bits = window(key, place * 4 + 3 - bit);
        for (std::size_t lower = 0; lower < upper; ++lower) sums[upper + lower] = sums[lower] ^ bits;
      }
    }
  }

  // Requires: input.size() <= kMaxInputBytes.
  [[nodiscard]] std::uint32_t hash(std::span<const std::byte> input) const noexcept {
    RB_ASSERT(input.size() <= kMaxInputBytes);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < input.size(); ++i) {
      const auto byte = std::to_integer<std::size_t>(input[i]);
      sum ^= table_[2 * i][byte >> 4] ^ table_[2 * i + 1][byte & 15];
    }
    return sum;
  }

 private:
  static constexpr std::size_t kPlaces = 2 * kMaxInputBytes;
  static constexpr std::size_t kValues = 16;
  static_assert(kMaxInputBytes + sizeof(std::uint32_t) <= kHashKeyBytes);

  // The 32 bits of the key from bit `first` on; bit 0 is the leftmost.
  static constexpr std::uint32_t window(const HashKey& key, std::size_t first) noexcept {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      const std::size_t at = first / 8 + i;
      bits = bits << 8 | (at < key.size() ? std::to_integer<std::uint64_t>(key[at]) : 0);
    }
    return static_cast<std::uint32_t>(bits >> (8 - first % 8));
  }

  std::array<std::array<std::uint32_t, kValues>, kPlaces> table_{};
};

// Bytes of a frame that the hash looks at: what a back end keeps contiguous (XSA-423).
inline constexpr std::size_t kHashedHeaderBytes = 128;

// What tells a frame's flow: addresses, and the ports behind them where they could be read.
struct FlowFields {
  enum class Protocol : std::uint8_t { kOther, kTcp, kUdp };

  std::array<std::byte, Toeplitz::kMaxInputBytes> bytes{};  // source, destination, source port, destination port
  std::uint8_t address_bytes = 0;                           // of both: 8 for IPv4, 32 for IPv6, 0: neither
  Protocol ports_of = Protocol::kOther;                     // kOther: no ports

  [[nodiscard]] std::span<const std::byte> addresses() const noexcept { return std::span(bytes).first(address_bytes); }
  // Requires: ports_of is not kOther.
  [[nodiscard]] std::span<const std::byte> addresses_and_ports() const noexcept {
    return std::span(bytes).first(address_bytes + std::size_t{4});
  }
};

// Reads a frame's first bytes: Ethernet, up to two VLAN tags, IPv4 or IPv6, TCP or UDP.
//
// No ports: for a fragment, also the first one, as later ones have none and must hash alike; for what lies behind
// anything but hop-by-hop, routing and destination options; for what lies beyond the header.
//
// Units:  header: at most kHashedHeaderBytes are looked at; a shorter one is what there is of the frame.
// Errors: none; what cannot be read is not IP (address_bytes 0) or has no ports.
// Source: Linux __skb_flow_dissect, which netback uses. Different here: tunnels are not looked into, for Xen's header
//         defines the hash over the outer packet; a TCP header that is cut off has no ports rather than ports 0.
[[nodiscard]] FlowFields read_flow_fields(std::span<const std::byte> header) noexcept;

// What the back end tells the guest about a packet, in an extra-info slot.
struct PacketHash {
  static constexpr std::uint8_t kNone = 0xff;

  std::uint8_t type = kNone;  // XEN_NETIF_CTRL_HASH_TYPE_*_bit
  std::uint32_t value = 0;

  friend bool operator==(const PacketHash&, const PacketHash&) = default;
};

// The largest hash type among `types` that fits the frame; none when no type does.
//
// Units:  types: a set of XEN_NETIF_CTRL_HASH_TYPE_*.
// Source: netback hash.c xenvif_set_skb_hash
[[nodiscard]] PacketHash hash_packet(const Toeplitz& key, std::uint32_t types,
                                     std::span<const std::byte> header) noexcept;

// A number of the frame's flow for those that choose a queue themselves, the same on every machine: over addresses
// and TCP or UDP ports with the default key; 0 for what is not IP.
[[nodiscard]] std::uint32_t flow_hash(std::span<const std::byte> header) noexcept;

}  // namespace ringback
