// LACP's machines of one port that need nothing but the port: receive, periodic transmission, transmit.
#pragma once
#include <cstdint>
#include <optional>

#include "net/bond/bond_config.h"
#include "net/bond/lacp_pdu.h"
#include "net/bond/member_state.h"

namespace ringback {

// Both ends of a wire have one. Time goes in ticks of 100 ms, as in Linux.
//
// Source: IEEE 802.1AX 5.4.12 to 5.4.16; Linux bond_3ad.c ad_rx_machine, ad_periodic_machine, ad_tx_machine,
//         ad_update_actor_keys. Different from Linux, and as in the standard: nothing is sent while neither end is
//         active.
struct LacpPort {
  static constexpr std::uint32_t kTicksPerSecond = 10;
  static constexpr std::uint32_t kShortTimeoutTicks = 3 * kTicksPerSecond;
  static constexpr std::uint32_t kLongTimeoutTicks = 90 * kTicksPerSecond;

  enum class Periodic : std::uint8_t { kNone, kFast, kSlow, kTransmit };

  LacpPort(std::uint64_t system, std::uint16_t number, LacpRate rate, bool is_active) noexcept;

  // The link is up at a speed, or (0) it is not. Another speed begins all over.
  void set_speed(bool is_up, std::uint64_t mbps) noexcept;

  // A tick without, or a LACPDU.
  void receive(const LacpPdu* pdu) noexcept;
  void tick_periodic() noexcept;
  // What is to be sent now: at most one each 300 ms.
  [[nodiscard]] std::optional<LacpPdu> transmit() noexcept;

  LacpParams actor;
  LacpParams partner;

  bool begins = true;  // its machines are to begin again
  bool is_enabled = false;
  bool is_lacp_enabled = false;
  bool is_selected = false;
  bool must_send = false;  // the standard's NTT
  LacpReceive receive_state = LacpReceive::kInitialize;
  Periodic periodic = Periodic::kNone;

  // For the mux and selection.
  LacpMux mux = LacpMux::kDetached;
  bool is_ready = false;  // its time of waiting is over
  std::uint32_t wait_ticks = 0;
  std::uint32_t aggregator = 0;  // 1 + its number; 0: none

 private:
  [[nodiscard]] LacpReceive next_receive_state(bool has_pdu) noexcept;
  void enter(LacpReceive state, const LacpPdu* pdu) noexcept;
  [[nodiscard]] bool is_anybody_active() const noexcept {
    return actor.has(lacp_state::kActivity) || partner.has(lacp_state::kActivity);
  }
  void record_default() noexcept;
  void record(const LacpPdu& pdu) noexcept;

  std::uint32_t receive_ticks_ = 0;   // until the partner is given up
  std::uint32_t periodic_ticks_ = 0;  // until the next LACPDU
  std::uint32_t hold_ticks_ = 0;      // until one may be sent
};

}  // namespace ringback
