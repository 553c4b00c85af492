// The headers of made-up traffic: Ethernet, IPv4 and UDP or TCP, so that hashes, bridges and captures see real flows.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringback {

using MacAddress = std::array<std::byte, 6>;

// A station: the vif of a guest, or the one station outside.
struct Endpoint {
  static constexpr std::uint32_t kOutside = ~std::uint32_t{0};
  std::uint32_t guest = kOutside;  // below 2^24

  bool operator==(const Endpoint&) const = default;
};

enum class Protocol : std::uint8_t { kTcp = 6, kUdp = 17 };  // IPv4's numbers

inline constexpr std::uint32_t kUdpHeaderBytes = 42;
inline constexpr std::uint32_t kTcpHeaderBytes = 54;

// The first size_bytes of `bytes` count; the rest is zero.
struct FlowHeader {
  std::array<std::byte, kTcpHeaderBytes> bytes{};
  std::uint32_t size_bytes = 0;

  [[nodiscard]] std::span<const std::byte> span() const& noexcept { return std::span(bytes).first(size_bytes); }
  void span() const&& = delete;  // it would outlive its bytes
};

struct FlowOptions {
  Endpoint from;
  Endpoint to;
  std::uint32_t flow = 0;  // below 64512
  Protocol protocol = Protocol::kUdp;
  std::uint32_t size_bytes = 0;  // the whole frame without FCS: from its header to 65,535 + 14
};

// Guest n is 10.x.y.z with n = x.y.z, and has Xen's MAC prefix: 00:16:3e, then n.
[[nodiscard]] MacAddress mac_of_guest(std::uint32_t guest) noexcept;
// Outside is 198.18.0.1 (RFC 2544's test network), 02:00:00:00:00:01.
[[nodiscard]] MacAddress mac_of(const Endpoint& endpoint) noexcept;

// NIC n of the host: 02:00:01, then n. Below 2^24.
[[nodiscard]] MacAddress mac_of_nic(std::uint32_t nic) noexcept;

// One frame's header in flow `flow`: from port 1024 + flow to port 5001. The IPv4 checksum is right.
//
// UDP: the checksum is absent (0).
// TCP: an ACK with sequence numbers 1. The checksum is partial: the pseudo-header's sum, folded and not inverted, over
//      the length of the whole frame, as Linux leaves it with CHECKSUM_PARTIAL. A NIC or a receiver of the vif adds the
//      segment; segmentation replaces the length. On a vif such a frame has csum_blank set, and a GSO extra if it is
//      larger than the MTU.
//
// Requires: from and to differ.
// Source:   RFC 791, 768, 9293; Linux tcp_ipv4.c __tcp_v4_send_check
[[nodiscard]] FlowHeader make_header(const FlowOptions& options) noexcept;

}  // namespace ringback
