// A bond: several NICs as one, in Linux's modes and two of our own. It decides, and owns no frame.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "net/bond/bond_config.h"
#include "net/bond/bond_frames.h"
#include "net/bond/far_switch.h"
#include "net/bond/flowlets.h"
#include "net/bond/lacp.h"
#include "net/bond/link_monitor.h"
#include "net/bond/load_balancer.h"
#include "net/bond/member_state.h"
#include "net/bond/members.h"
#include "net/bond/round_robin.h"
#include "net/bond/usable_nics.h"
#include "net/nic.h"

namespace ringback {

// Its members are numbered as in the constructor. It reads their NICs (link, rate, queue) and never writes to them.
//
// Which modes see at once that a NIC has lost its link, and which only with the next miimon tick, is Linux's: rr,
// broadcast, tlb, alb and the hash modes look at the NIC's carrier; active-backup sends on its active NIC until the
// link monitor has given it up, and those frames are lost.
//
// Requires: time never goes backwards; nic_changed() after each change of a member's link or rate; run() when next_ns()
//           is due; the NICs outlive this and stay where they are.
// Threads:  one.
// Source:   Linux 6.x drivers/net/bonding/bond_main.c, bond_alb.c, bond_3ad.c
class Bond {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};     // no NIC can take it
  static constexpr std::uint32_t kAll = ~std::uint32_t{0} - 1;  // a copy to each member for which can_send()
  static constexpr std::uint32_t kMaxNics = 32;

  // At time 0. The host has been up for long: a NIC with a link is up, whatever updelay says, and LACP has settled.
  // Requires: 1 .. kMaxNics NICs; of the configuration what bond_config.h says.
  Bond(const BondConfig& config, std::vector<const Nic*> nics);

  // ---- frames

  // The member on whose NIC a frame from this host goes; kAll; kNone.
  // The member's NIC may be without a link, where the bond does not know yet: the frame is lost then.
  // Units:    `header` is the frame's start, of any length; `size_bytes` is the whole frame's.
  // Requires: edpf and flowlet: the frame is then offered to that NIC.
  [[nodiscard]] std::uint32_t choose(TimeNs now, std::span<const std::byte> header, std::uint32_t size_bytes) noexcept;
  // Whether a member is up, for the bond and by its NIC's link, and takes part in sending.
  // Source: Linux bond_slave_can_tx
  [[nodiscard]] bool can_send(std::uint32_t member) const noexcept;
  // The mode decides a wire frame at a time (edpf, flowlet): a GSO frame is segmented before choose().
  [[nodiscard]] bool wants_segments() const noexcept;

  // Whether a frame that came in on a member is for the host, or was dropped because that NIC is inactive.
  // Source: Linux bond_should_deliver_exact_match
  [[nodiscard]] bool accepts(std::uint32_t member, std::span<const std::byte> header) const noexcept;
  // The member on whose wire the far end, a switch, sends a frame for this host; kNone: all wires are dead.
  [[nodiscard]] std::uint32_t choose_inbound(TimeNs now, std::span<const std::byte> header) noexcept;

  // ---- time

  // A member's NIC has got or lost its link, or is as fast as it says from now on.
  // Source: Linux bond_slave_netdev_event NETDEV_CHANGE
  void nic_changed(TimeNs now, std::uint32_t member);
  // When run() is due next; kNever.
  [[nodiscard]] TimeNs next_ns() const noexcept;
  // Everything that is due: link monitor, LACP, rebalancing, learning frames.
  void run(TimeNs now, BondFrames& frames);

  // ---- for counters

  // What the bond can carry as it sees itself, which is not what its NICs could: a dead NIC counts until the bond
  // knows. Of modes that spread frames the sum over members that are used; rr: while nobody gets more in its turns than
  // it can send; active-backup: the active one's rate; broadcast: the slowest one's; 0 without carrier.
  [[nodiscard]] std::uint64_t capacity_bps() const noexcept;
  [[nodiscard]] bool has_carrier() const noexcept { return has_carrier_; }
  // The member that carries in modes with an active NIC; kNone elsewhere, and when there is none.
  [[nodiscard]] std::uint32_t active() const noexcept { return uses_primary() ? active_ : kNone; }
  // Members whose link the bond takes to be up.
  [[nodiscard]] std::uint32_t up_count() const noexcept;
  // Times that traffic had to move: changes of the active NIC in modes that have one, and elsewhere each NIC that was
  // taken out of use while another one went on.
  [[nodiscard]] std::uint64_t failovers() const noexcept { return failovers_; }
  [[nodiscard]] MemberState member(std::uint32_t index) const noexcept;
  [[nodiscard]] std::uint32_t members() const noexcept { return members_.size(); }
  [[nodiscard]] const BondConfig& config() const noexcept { return config_; }
  [[nodiscard]] const MacAddress& mac() const noexcept { return config_.nic_macs[0]; }

 private:
  [[nodiscard]] bool uses_primary() const noexcept;
  [[nodiscard]] bool is_balancing() const noexcept { return balancer_.has_value(); }
  [[nodiscard]] LoadBalancer::View view() const noexcept { return {members_, usable_, active_}; }

  [[nodiscard, gnu::noinline]] std::uint32_t choose_rr(std::span<const std::byte> header) noexcept;
  [[nodiscard, gnu::noinline]] std::uint32_t choose_rr_of_any(std::span<const std::byte> header) noexcept;
  [[nodiscard, gnu::noinline]] std::uint32_t choose_balanced(std::span<const std::byte> header,
                                                             std::uint32_t size_bytes) noexcept;
  [[nodiscard, gnu::noinline]] std::uint32_t choose_hashed(std::span<const std::byte> header) const noexcept;
  [[nodiscard, gnu::noinline]] std::uint32_t choose_earliest(TimeNs now, std::uint32_t size_bytes) const noexcept;
  [[nodiscard, gnu::noinline]] std::uint32_t choose_flowlet(TimeNs now, std::span<const std::byte> header,
                                                            std::uint32_t size_bytes) noexcept;
  [[nodiscard]] std::uint32_t hear(std::uint32_t member, std::uint32_t mac) noexcept;
  [[nodiscard]] std::uint32_t port_of(std::uint32_t mac, bool is_flooded) const noexcept;
  [[nodiscard]] std::uint32_t hash_port(const UsableNics& ports, std::span<const std::byte> header) const noexcept;

  [[nodiscard]] std::uint64_t turns_capacity_bps() const noexcept;

  void begin();
  void refresh() noexcept;
  void follow_lacp() noexcept;
  void check_links(BondSender& sender);
  [[nodiscard]] bool ignores_updelay() const noexcept;
  [[nodiscard]] bool came_up(std::uint32_t member, BondSender& sender);
  [[nodiscard]] bool went_down(std::uint32_t member, BondSender& sender);
  void select_active(BondSender& sender);
  void change_active(std::uint32_t next, BondSender& sender);
  void set_inactive(Member& member) const noexcept;
  void set_carrier() noexcept;
  [[nodiscard]] bool should_announce() const noexcept;
  void announce(BondSender& sender);

  BondConfig config_;
  Members members_;
  LinkMonitor monitor_;
  UsableNics usable_;                           // of what choose() may name
  UsableNics far_ports_;                        // with a link, as the switch sees it
  UsableNics aggregated_ports_;                 // 802.3ad: those of them on which the switch's LACP has agreed
  std::array<std::uint8_t, kMaxNics> heirs_{};  // rr: by whose turn it is, who sends; where anybody can
  RoundRobin turns_;
  FarSwitch far_switch_;
  std::optional<LoadBalancer> balancer_;
  std::optional<Flowlets> flowlets_;
  std::optional<Lacp> lacp_;
  std::uint32_t active_ = kNone;
  bool has_carrier_ = false;
  std::uint32_t announcements_ = 0;  // gratuitous ARPs that are still to be sent
  std::uint64_t failovers_ = 0;
};

}  // namespace ringback
