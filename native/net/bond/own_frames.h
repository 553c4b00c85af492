// The frames that a bond makes itself.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "net/packet_header.h"

namespace ringback {

using OwnFrame = std::array<std::byte, 60>;  // the least that Ethernet has, without FCS

// From and to the same address: a switch learns where it is, and nobody takes it.
// Source: Linux bond_alb.c alb_send_lp_vid: Ethernet's loopback type
[[nodiscard]] OwnFrame make_learning_frame(const MacAddress& mac) noexcept;

// Addresses are IPv4's in host order. The target's address is the sender's own where it is gratuitous.
// Source: RFC 826, RFC 5227 3
struct ArpOptions {
  enum class Operation : std::uint16_t { kRequest = 1, kReply = 2 };
  Operation operation = Operation::kRequest;
  MacAddress sender{};
  std::uint32_t sender_ip = 0;
  MacAddress target{};  // of a request: unknown, and it goes to all
  std::uint32_t target_ip = 0;
};
[[nodiscard]] OwnFrame make_arp(const ArpOptions& options) noexcept;

}  // namespace ringback
