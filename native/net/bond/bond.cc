#include "net/bond/bond.h"

#include <utility>

#include "base/assert.h"

namespace ringback {

Bond::Bond(const BondConfig& config, std::vector<const Nic*> nics)
    : config_(config),
      members_(nics),
      turns_(static_cast<std::uint32_t>(nics.size()), config.packets_per_nic, config.seed) {
  RB_ASSERT(!nics.empty() && nics.size() <= kMaxNics);
  for (std::uint32_t i = static_cast<std::uint32_t>(config_.nic_macs.size()); i < members(); ++i)
    config_.nic_macs.push_back(mac_of_nic(i));
  active_ = members_.first_up();
  refresh();
}

std::uint32_t Bond::choose(TimeNs, std::span<const std::byte>, std::uint32_t) noexcept {
  if (config_.mode == BondMode::kActiveBackup) return active_;
  if (config_.mode == BondMode::kBroadcast) return kAll;
  return usable_.empty() ? kNone : heirs_[turns_.next()];
}

void Bond::refresh() noexcept {
  usable_.clear();
  for (std::uint32_t i = 0; i < members(); ++i)
    if (members_[i].can_send()) usable_.add(i);
  std::uint32_t heir = usable_.empty() ? 0 : usable_[0];
  for (std::uint32_t i = members(); i-- > 0;) {
    if (members_[i].can_send()) heir = i;
    heirs_[i] = static_cast<std::uint8_t>(heir);
  }
}

bool Bond::can_send(std::uint32_t member) const noexcept { return members_[member].can_send(); }

bool Bond::wants_segments() const noexcept {
  return config_.mode == BondMode::kBalanceEdpf || config_.mode == BondMode::kBalanceFlowlet;
}

bool Bond::accepts(std::uint32_t member, std::span<const std::byte>) const noexcept {
  return config_.mode != BondMode::kActiveBackup || member == active_;
}

std::uint32_t Bond::choose_inbound(TimeNs, std::span<const std::byte>) noexcept {
  return usable_.empty() ? kNone : usable_[0];
}

void Bond::nic_changed(TimeNs, std::uint32_t) { refresh(); }

TimeNs Bond::next_ns() const noexcept { return kNever; }

void Bond::run(TimeNs, BondFrames&) {}

std::uint64_t Bond::capacity_bps() const noexcept {
  std::uint64_t sum_bps = 0;
  for (const Member& member : members_)
    if (member.is_up()) sum_bps += member.nic->rate_bps();
  return sum_bps;
}

bool Bond::has_carrier() const noexcept { return up_count() > 0; }

std::uint32_t Bond::active() const noexcept { return config_.mode == BondMode::kActiveBackup ? active_ : kNone; }

std::uint32_t Bond::up_count() const noexcept {
  std::uint32_t count = 0;
  for (const Member& member : members_) count += member.is_up() ? 1 : 0;
  return count;
}

std::uint64_t Bond::failovers() const noexcept { return 0; }

MemberState Bond::member(std::uint32_t index) const noexcept {
  const Member& member = members_[index];
  return {.link = member.link, .is_active = member.is_listening, .link_failures = member.link_failures};
}

}  // namespace ringback
