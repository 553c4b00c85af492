// The headers of made-up traffic: Ethernet, IPv4 and UDP, so that hashes and captures see real flows.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace ringback {

inline constexpr std::size_t kUdpHeaderBytes = 42;
using UdpHeader = std::array<std::byte, kUdpHeaderBytes>;

// Flow `flow` of guest `guest`: from 10.x.y.z port 1024 + flow to 198.18.0.1 port 5001 (RFC 2544's test network), with
// Xen's MAC prefix 00:16:3e. The IPv4 checksum is right, the UDP checksum absent (0).
//
// Units:    size_bytes: the whole frame without FCS, 42 .. 65535; guest < 2^24; flow < 64512.
[[nodiscard]] UdpHeader make_udp_header(std::uint32_t guest, std::uint32_t flow, std::uint32_t size_bytes) noexcept;

}  // namespace ringback
