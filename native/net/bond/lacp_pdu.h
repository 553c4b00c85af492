// What LACP's two ends tell each other.
#pragma once
#include <cstdint>

namespace ringback {

// Bits of a port's state. Source: IEEE 802.1AX 5.4.2.2
namespace lacp_state {
inline constexpr std::uint8_t kActivity = 0x01;         // begins by itself
inline constexpr std::uint8_t kTimeout = 0x02;          // wants to hear each second
inline constexpr std::uint8_t kAggregation = 0x04;      // may be one of several
inline constexpr std::uint8_t kSynchronization = 0x08;  // is in the aggregator that it belongs to
inline constexpr std::uint8_t kCollecting = 0x10;
inline constexpr std::uint8_t kDistributing = 0x20;
inline constexpr std::uint8_t kDefaulted = 0x40;  // knows nothing of its partner
inline constexpr std::uint8_t kExpired = 0x80;    // has not heard from it for too long
}  // namespace lacp_state

// A port as one end knows it. Priorities are left out: all are equal here.
struct LacpParams {
  std::uint64_t system = 0;  // its MAC address; 0: nobody
  std::uint32_t key = 0;     // ports of one system and key may be aggregated
  std::uint16_t port = 0;
  std::uint8_t state = 0;

  [[nodiscard]] bool has(std::uint8_t bits) const noexcept { return (state & bits) != 0; }
  void set(std::uint8_t bits, bool on) noexcept {
    state = static_cast<std::uint8_t>(on ? state | bits : state & ~bits);
  }
};

// Whether they are the same port, but for the state's bits outside `state_mask`.
[[nodiscard]] constexpr bool are_alike(const LacpParams& a, const LacpParams& b, std::uint8_t state_mask) noexcept {
  return a.system == b.system && a.key == b.key && a.port == b.port && ((a.state ^ b.state) & state_mask) == 0;
}

struct LacpPdu {
  static constexpr std::uint32_t kBytes = 124;  // on the wire, without FCS

  LacpParams actor;    // the sender
  LacpParams partner;  // the receiver, as the sender knows it
};

}  // namespace ringback
