#include "net/bond/link_monitor.h"

#include "base/assert.h"

namespace ringback {

LinkMonitor::LinkMonitor(const BondConfig& config) noexcept
    : miimon_ns_(config.miimon_ns), next_ns_(config.miimon_ns == 0 ? kNever : config.miimon_ns) {
  if (miimon_ns_ == 0) {
    RB_ASSERT(config.updelay_ns == 0 && config.downdelay_ns == 0);
    return;
  }
  RB_ASSERT(config.updelay_ns % miimon_ns_ == 0 && config.downdelay_ns % miimon_ns_ == 0);
  updelay_ = static_cast<std::uint32_t>(config.updelay_ns / miimon_ns_);
  downdelay_ = static_cast<std::uint32_t>(config.downdelay_ns / miimon_ns_);
}

LinkMonitor::Proposals LinkMonitor::tick(Members& members, bool ignores_updelay) noexcept {
  next_ns_ += miimon_ns_;
  Proposals proposals;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    Member& member = members[i];
    const bool was_up = member.link == LinkState::kUp || member.link == LinkState::kFail;
    proposals[i] = was_up ? inspect_up(member) : inspect_down(member, ignores_updelay);
  }
  return proposals;
}

std::optional<LinkState> LinkMonitor::inspect_up(Member& member) const noexcept {
  std::optional<LinkState> proposal;
  if (member.link == LinkState::kUp) {
    if (member.has_carrier()) return {};
    proposal = LinkState::kFail;
    member.delay = downdelay_;
  } else if (member.has_carrier()) {
    return LinkState::kUp;
  }
  if (member.delay == 0) return LinkState::kDown;
  --member.delay;
  return proposal;
}

std::optional<LinkState> LinkMonitor::inspect_down(Member& member, bool& ignores_updelay) const noexcept {
  std::optional<LinkState> proposal;
  if (member.link == LinkState::kDown) {
    if (!member.has_carrier()) return {};
    proposal = LinkState::kBack;
    member.delay = updelay_;
  } else if (!member.has_carrier()) {
    return LinkState::kDown;
  }
  if (ignores_updelay) member.delay = 0;
  if (member.delay == 0) {
    ignores_updelay = false;
    return LinkState::kUp;
  }
  --member.delay;
  return proposal;
}

}  // namespace ringback
