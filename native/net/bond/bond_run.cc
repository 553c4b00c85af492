// What a bond does by itself as time goes on.
#include <algorithm>
#include <bit>
#include <utility>

#include "net/bond/active_nic.h"
#include "net/bond/bond.h"

namespace ringback {

TimeNs Bond::next_ns() const noexcept {
  if (lacp_) return std::min(monitor_.next_ns(), lacp_->next_ns());
  return std::min(monitor_.next_ns(), balancer_ ? balancer_->next_ns() : kNever);
}

// At one time: the link monitor, then the load balancer or LACP.
void Bond::run(TimeNs now, BondFrames& frames) {
  BondSender sender(members_, far_switch_, frames);
  while (next_ns() <= now) {
    const TimeNs due_ns = next_ns();
    if (monitor_.next_ns() == due_ns) check_links(sender);
    if (balancer_ && balancer_->next_ns() == due_ns) balancer_->tick(view(), sender);
    if (lacp_ && lacp_->next_ns() == due_ns) {
      lacp_->run(members_, due_ns);
      follow_lacp();
      set_carrier();
      refresh();
    }
  }
}

// With nobody to carry the first link that is back does not wait. Round robin and broadcast don't know when that is, as
// in Linux, where only modes that hash keep a list.
bool Bond::ignores_updelay() const noexcept {
  if (config_.mode == BondMode::kActiveBackup) return active_ == kNone;
  if (config_.mode == BondMode::kBalanceRr || config_.mode == BondMode::kBroadcast) return false;
  return usable_.empty();
}

// Source: Linux bond_main.c bond_mii_monitor, bond_miimon_commit
void Bond::check_links(BondSender& sender) {
  const bool announces = should_announce();
  const LinkMonitor::Proposals proposals = monitor_.tick(members_, ignores_updelay());
  if (announcements_ > 0) --announcements_;
  bool has_changed = false;
  for (std::uint32_t i = 0; i < members(); ++i) {
    if (!proposals[i]) continue;
    members_[i].link = *proposals[i];
    has_changed = true;
  }
  if (has_changed) {
    bool must_select = false;
    for (std::uint32_t i = 0; i < members(); ++i) {
      if (proposals[i] == LinkState::kUp && came_up(i, sender)) must_select = true;
      if (proposals[i] == LinkState::kDown && went_down(i, sender)) must_select = true;
    }
    if (must_select) select_active(sender);
    if (lacp_) follow_lacp();
    set_carrier();
    refresh();
  }
  if (announces) announce(sender);
}

// Returns whether the active one is to be chosen anew.
bool Bond::came_up(std::uint32_t member, BondSender& sender) {
  if (config_.mode != BondMode::kActiveBackup) members_[member].is_sending = true;
  if (lacp_) lacp_->set_link(members_, member);
  if (is_balancing()) balancer_->link_changed(view(), member, true, sender);
  return active_ == kNone || member == config_.primary;
}

bool Bond::went_down(std::uint32_t member, BondSender& sender) {
  ++members_[member].link_failures;
  if (config_.mode == BondMode::kActiveBackup) set_inactive(members_[member]);
  if (lacp_) lacp_->set_link(members_, member);
  if (is_balancing()) balancer_->link_changed(view(), member, false, sender);
  return member == active_;
}

void Bond::select_active(BondSender& sender) {
  const std::uint32_t best = find_best_nic(members_, config_, monitor_.updelay(), active_);
  if (best != active_) change_active(best, sender);
}

// Source: Linux bond_main.c bond_change_active_slave
void Bond::change_active(std::uint32_t next, BondSender& sender) {
  if (next != kNone && members_[next].link == LinkState::kBack) {
    members_[next].delay = 0;
    members_[next].link = LinkState::kUp;
    if (lacp_) lacp_->set_link(members_, next);
    if (is_balancing()) balancer_->link_changed(view(), next, true, sender);
  }
  const std::uint32_t before = std::exchange(active_, next);
  if (is_balancing()) balancer_->active_changed(view(), before, &sender);
  if (!uses_primary()) return;
  if (before != kNone) set_inactive(members_[before]);
  if (next == kNone) return;
  members_[next].is_sending = true;
  members_[next].is_listening = true;
  ++failovers_;
  if (config_.mode != BondMode::kActiveBackup) return;
  announcements_ = config_.num_grat_arp;
  if (!should_announce()) return;
  --announcements_;
  announce(sender);
}

// Source: Linux bond_main.c bond_set_carrier, bond_3ad.c bond_3ad_set_carrier
void Bond::set_carrier() noexcept {
  if (!lacp_) {
    has_carrier_ = members_.first_up() != kNone;
    return;
  }
  const auto links = static_cast<std::uint32_t>(std::popcount(lacp_->host().active_ports()));
  has_carrier_ = lacp_->host().has_active() && links >= config_.min_links;
}

// Source: Linux bond_main.c bond_should_notify_peers
bool Bond::should_announce() const noexcept { return announcements_ > 0 && active_ != kNone && has_carrier_; }

// The host has no IPv4 address of its own in the simulated world: 0.0.0.0.
void Bond::announce(BondSender& sender) {
  if (active_ != kNone) sender.send(active_, 0, make_arp({.sender = mac()}));
}

}  // namespace ringback
