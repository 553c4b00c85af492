// balance-tlb and balance-alb: who sends a frame, what clients and switches are told, and when.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "net/bond/alb_clients.h"
#include "net/bond/bond_config.h"
#include "net/bond/bond_frames.h"
#include "net/bond/members.h"
#include "net/bond/tlb_table.h"
#include "net/bond/usable_nics.h"

namespace ringback {

// Each member has an address of its own; the active one has the bond's, and swaps with whoever becomes active after it.
// A frame that goes on another member has that one's address as its source, so that switches don't move the bond's.
//
// Source: Linux bond_alb.c bond_tlb_xmit, bond_alb_xmit, bond_do_alb_xmit, bond_alb_monitor,
//         bond_alb_handle_link_change, bond_alb_handle_active_change, alb_fasten_mac_swap
class LoadBalancer {
 public:
  static constexpr TimeNs kTickNs = kNsPerSecond / 10;

  // What it looks at to choose.
  struct View {
    const Members& members;
    const UsableNics& usable;
    std::uint32_t active;
  };

  explicit LoadBalancer(const BondConfig& config) noexcept;

  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }

  // The member for a frame of this host; kNoMember: it is lost.
  [[nodiscard]] std::uint32_t choose(const View& view, std::span<const std::byte> header,
                                     std::uint32_t size_bytes) noexcept;
  // The address to which whoever sent a frame to this host has sent it, numbered as in FarSwitch.
  [[nodiscard]] std::uint32_t inbound_mac(const View& view, std::span<const std::byte> header) noexcept;
  // The number of a member's address.
  [[nodiscard]] std::uint32_t mac_of(std::uint32_t member) const noexcept { return macs_[member]; }

  // The bond takes the member's link to be up or down now.
  void link_changed(const View& view, std::uint32_t member, bool is_up, BondSender& sender);
  // `view.active` is the active member now; `before` was it, or kNoMember. Without a sender nothing is told: at time 0.
  void active_changed(const View& view, std::uint32_t before, BondSender* sender);
  // Requires: now is next_ns().
  void tick(const View& view, BondSender& sender);

 private:
  [[nodiscard]] std::uint32_t choose_tlb(const View& view, std::span<const std::byte> header,
                                         std::uint32_t size_bytes) noexcept;
  [[nodiscard]] std::uint32_t choose_alb(const View& view, std::span<const std::byte> header,
                                         std::uint32_t size_bytes) noexcept;
  [[nodiscard]] std::uint32_t choose_arp(const View& view, std::span<const std::byte> arp) noexcept;
  [[nodiscard]] std::uint32_t send_balanced(const View& view, std::span<const std::byte> header, std::uint32_t bucket,
                                            std::uint32_t size_bytes) noexcept;
  void learn(std::uint32_t member, std::uint32_t mac, BondSender& sender);

  BondConfig config_;
  bool is_alb_;
  TlbTable table_;
  AlbClients clients_;
  AlbClients::Macs macs_{};
  TimeNs next_ns_ = 0;
  std::uint32_t rebalance_ticks_;
  std::uint32_t learning_ticks_ = 0;
};

}  // namespace ringback
