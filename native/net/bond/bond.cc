#include "net/bond/bond.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/assert.h"
#include "net/bond/active_nic.h"
#include "net/bond/frame_kinds.h"

namespace ringback {

Bond::Bond(const BondConfig& config, std::vector<const Nic*> nics)
    : config_(config), members_(nics), monitor_(config), turns_(members_.size(), config.packets_per_nic, config.seed) {
  RB_ASSERT(!nics.empty() && nics.size() <= kMaxNics);
  RB_ASSERT(config.miimon_ns > 0 || !needs_link_monitor(config.mode));
  RB_ASSERT(config.primary == BondConfig::kNoNic || (uses_primary() && config.primary < members()));
  for (auto i = static_cast<std::uint32_t>(config.nic_macs.size()); i < members(); ++i)
    config_.nic_macs.push_back(mac_of_nic(i));
  begin();
}

bool Bond::uses_primary() const noexcept {
  return config_.mode == BondMode::kActiveBackup || config_.mode == BondMode::kBalanceTlb ||
         config_.mode == BondMode::kBalanceAlb;
}

void Bond::begin() {
  if (config_.mode == BondMode::kBalanceTlb || config_.mode == BondMode::kBalanceAlb) balancer_.emplace(config_);
  if (config_.mode == BondMode::kBalanceFlowlet) flowlets_.emplace();
  for (Member& member : members_) {
    if (config_.miimon_ns > 0 && !member.has_carrier()) member.link = LinkState::kDown;
    if (uses_primary()) set_inactive(member);
  }
  active_ = find_best_nic(members_, config_, monitor_.updelay(), kNone);
  if (is_balancing()) balancer_->active_changed(view(), kNone, nullptr);
  if (active_ != kNone) {
    members_[active_].is_sending = true;
    members_[active_].is_listening = true;
  }
  for (std::uint32_t i = 0; i < members(); ++i)
    if (is_balancing() && members_[i].has_carrier()) far_switch_.heard(balancer_->mac_of(i), i);
  if (active_ != kNone && members_[active_].has_carrier()) far_switch_.heard(0, active_);
  if (config_.mode == BondMode::k8023ad) {
    lacp_.emplace(config_, members_);
    follow_lacp();
  }
  set_carrier();
  refresh();
}

// Linux's bond_set_slave_inactive_flags.
void Bond::set_inactive(Member& member) const noexcept {
  if (!is_balancing()) member.is_sending = false;
  member.is_listening = config_.all_nics_active;
}

// What follows from the members' states.
void Bond::refresh() noexcept {
  const std::uint32_t before = usable_.mask();
  const std::uint32_t allowed = lacp_ ? lacp_->host().active_ports() : ~std::uint32_t{0};
  usable_.clear();
  far_ports_.clear();
  aggregated_ports_.clear();
  for (std::uint32_t i = 0; i < members(); ++i) {
    if (members_[i].can_send() && (allowed >> i & 1) != 0) usable_.add(i);
    if (members_[i].has_carrier()) far_ports_.add(i);
    if (lacp_ && lacp_->is_sending_to(i)) aggregated_ports_.add(i);
  }
  if (usable_.empty()) return;
  if (!uses_primary()) failovers_ += static_cast<std::uint64_t>(std::popcount(before & ~usable_.mask()));
  // Linux's bond_get_slave_by_id: the next one that can, and behind the last one the first that can.
  std::uint32_t heir = usable_[0];
  for (std::uint32_t i = members(); i-- > 0;) {
    if (members_[i].can_send()) heir = i;
    heirs_[i] = static_cast<std::uint8_t>(heir);
  }
}

void Bond::follow_lacp() noexcept {
  for (std::uint32_t i = 0; i < members(); ++i) {
    members_[i].is_sending = lacp_->host().is_sending(i);
    members_[i].is_listening = lacp_->host().is_listening(i) || config_.all_nics_active;
  }
}

void Bond::nic_changed(TimeNs now, std::uint32_t member) {
  if (!members_[member].has_carrier()) far_switch_.forget(member);
  if (flowlets_) flowlets_->nic_changed(*members_[member].nic, member, now);
  if (lacp_) {
    lacp_->nic_changed(members_, member);
    follow_lacp();
  }
  refresh();
}

bool Bond::wants_segments() const noexcept {
  return config_.mode == BondMode::kBalanceEdpf || config_.mode == BondMode::kBalanceFlowlet;
}

bool Bond::can_send(std::uint32_t member) const noexcept { return members_[member].can_send(); }

bool Bond::accepts(std::uint32_t member, std::span<const std::byte> header) const noexcept {
  if (members_[member].is_listening) return true;
  return config_.mode == BondMode::kBalanceAlb && !is_group(header);
}

// ---- for counters

std::uint64_t Bond::capacity_bps() const noexcept {
  if (!has_carrier_) return 0;
  if (config_.mode == BondMode::kActiveBackup) return active_ == kNone ? 0 : members_[active_].nic->rate_bps();
  if (config_.mode == BondMode::kBalanceRr) return turns_capacity_bps();
  std::uint64_t sum_bps = 0;
  std::uint64_t slowest_bps = ~std::uint64_t{0};
  const std::uint32_t allowed = lacp_ ? lacp_->host().active_ports() : ~std::uint32_t{0};
  for (std::uint32_t i = 0; i < members(); ++i) {
    const Member& member = members_[i];
    if (!member.is_up() || !member.is_sending || (allowed >> i & 1) == 0) continue;
    sum_bps += member.nic->rate_bps();
    slowest_bps = std::min(slowest_bps, member.nic->rate_bps());
  }
  if (sum_bps == 0) return 0;
  return config_.mode == BondMode::kBroadcast ? slowest_bps : sum_bps;
}

// Of frames in turns: a NIC that is down leaves its turn to the next one that is up, which may have several then. Who
// is full first decides.
std::uint64_t Bond::turns_capacity_bps() const noexcept {
  std::uint32_t heir = members_.first_up();
  if (heir == kNoMember) return 0;
  std::array<std::uint64_t, kMaxNics> turns{};
  for (std::uint32_t i = members(); i-- > 0;) {
    if (members_[i].is_up()) heir = i;
    ++turns[heir];
  }
  std::uint64_t least_bps = ~std::uint64_t{0};
  for (std::uint32_t i = 0; i < members(); ++i)
    if (turns[i] > 0) least_bps = std::min(least_bps, members_[i].nic->rate_bps() * members() / turns[i]);
  return least_bps;
}

std::uint32_t Bond::up_count() const noexcept {
  return static_cast<std::uint32_t>(std::ranges::count_if(members_, &Member::is_up));
}

MemberState Bond::member(std::uint32_t index) const noexcept {
  const Member& member = members_[index];
  MemberState state{.link = member.link, .is_active = member.is_listening, .link_failures = member.link_failures};
  if (lacp_) {
    const LacpPort& port = lacp_->host().port(index);
    state.aggregator = port.aggregator;
    state.mux = port.mux;
    state.receive = port.receive_state;
  }
  return state;
}

}  // namespace ringback
