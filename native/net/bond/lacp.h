// 802.3ad: the host's LACP, that of the switches at the other end, and the LACPDUs between them.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "net/bond/bond_config.h"
#include "net/bond/lacp_system.h"
#include "net/bond/members.h"

namespace ringback {

// It begins 100 s before time 0, so that at time 0 everything is settled: the links are then what they were all along.
//
// A LACPDU takes its bytes' time on the wire and the propagation, and does not wait behind other frames: LACP's frames
// are few and small, and a full queue must not end an aggregation. Those that are under way when the link goes are
// lost. Both ends' ticks are at k * 100 ms; at one time LACPDUs arrive first, then the host has its tick, then the
// switches.
class Lacp {
 public:
  static constexpr TimeNs kTickNs = kNsPerSecond / 10;

  Lacp(const BondConfig& config, const Members& members);

  [[nodiscard]] const LacpSystem& host() const noexcept { return host_; }
  // Whether the switch's port takes part in an aggregation and sends.
  [[nodiscard]] bool is_sending_to(std::uint32_t member) const noexcept {
    return partner_ && partner_->is_sending(member) && members_has_link(member);
  }

  [[nodiscard]] TimeNs next_ns() const noexcept;
  // What is due at `now`, which is next_ns().
  void run(const Members& members, TimeNs now);

  // The bond takes the member's link to be up or down now.
  void set_link(const Members& members, std::uint32_t member) noexcept;
  // A member's NIC has another link or rate.
  void nic_changed(const Members& members, std::uint32_t member) noexcept;

 private:
  // Its clock is ahead of the world's.
  static constexpr TimeNs kSettlingNs = 100 * kNsPerSecond;

  struct UnderWay {
    TimeNs arrival_ns;
    std::uint32_t member;
    bool is_to_host;
    LacpPdu pdu;
  };

  [[nodiscard]] bool members_has_link(std::uint32_t member) const noexcept { return (links_ >> member & 1) != 0; }
  [[nodiscard]] TimeNs next_own_ns() const noexcept;
  void run_own(const Members& members, TimeNs now);
  void send(const Members& members, TimeNs now, std::uint32_t member, bool is_to_host, const LacpPdu& pdu);

  LacpSystem host_;
  std::optional<LacpSystem> partner_;
  std::uint32_t links_ = 0;          // NICs with a link, by bit
  std::vector<UnderWay> under_way_;  // by arrival
  TimeNs next_tick_ns_ = 0;
};

}  // namespace ringback
