// What a frame says of its flow, read as Linux's bonding driver reads it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringback {

// A frame's Ethernet header, as a bond sees it: Linux takes the outermost VLAN tag off a frame when it comes in from a
// guest or a wire (skb_vlan_untag), and keeps it beside the frame. A second tag stays where it is.
struct LinkKeys {
  bool is_complete = false;  // false: shorter than an Ethernet header; then the rest is zero
  bool is_tagged = false;
  std::uint16_t tag = 0;        // the outermost tag: priority, DEI and VLAN id
  std::uint16_t type = 0;       // what is behind that tag; below 0x600 it is a length
  std::size_t payload_at = 14;  // where what `type` names begins
};

// A frame's flow in Linux's terms. Numbers are as a little-endian kernel loads them from the frame.
struct FlowKeys {
  enum class Addresses : std::uint8_t { kNone, kIpv4, kIpv6 };

  bool is_dissected = false;  // false: Linux gives up, because it knows no more or because bytes are missing
  Addresses addresses = Addresses::kNone;
  bool is_fragment = false;   // of a datagram: no ports, also in the first one
  std::uint8_t protocol = 0;  // IP's number of what is behind the last header that was read
  std::uint32_t ports = 0;    // source, destination << 16; of AH and ESP the SPI; 0: none
  std::uint32_t icmp = 0;     // type, code << 8, identifier << 16 (host order, 0 becomes 1); identifier 0: it has none
  std::array<std::byte, 16> source{};  // IPv4: the first four bytes
  std::array<std::byte, 16> destination{};

  // An address as one number: IPv4's own, or the exclusive or of IPv6's four words; 0 without addresses.
  [[nodiscard]] std::uint32_t source_word() const noexcept { return word_of(source); }
  [[nodiscard]] std::uint32_t destination_word() const noexcept { return word_of(destination); }

 private:
  // IPv4 addresses are followed by zeros.
  static std::uint32_t word_of(const std::array<std::byte, 16>& address) noexcept;
};

// Units:  header: the frame's first bytes; what is not in it is taken for missing.
// Errors: none: any bytes of any length may come.
// Source: Linux net/core/skbuff.c skb_vlan_untag
[[nodiscard]] LinkKeys read_link(std::span<const std::byte> header) noexcept;

// Reads what is behind the Ethernet header.
//
// Not inner: addresses, and the ports right behind them; an IPv6 extension header hides them. An ICMP error counts as
//            what it complains about.
// Inner:     Linux's flow dissector: through VLAN tags, PPPoE, IPv6 extension headers, GRE (versions 0 and 1, Ethernet
//            inside included), IPv4 and IPv6 in either, to the innermost addresses and ports. It does not look into
//            UDP, so of VXLAN and GENEVE the outer ports count. Of ARP, MPLS and the like it knows that they are there.
//            Left out of ours: TIPC, batman-adv, HSR, PRP; they are what Linux does not know.
//
// Units:  header: as above; at most 15 headers of protocols are looked at, as in Linux.
// Errors: none: any bytes of any length may come.
// Source: Linux 6.x drivers/net/bonding/bond_main.c bond_flow_dissect, bond_flow_ip; net/core/flow_dissector.c
//         __skb_flow_dissect with the keys flow_keys_bonding, where NET_IP_ALIGN is 0 (x86, arm64)
[[nodiscard]] FlowKeys dissect(std::span<const std::byte> header, bool inner) noexcept;

}  // namespace ringback
