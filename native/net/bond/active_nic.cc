#include "net/bond/active_nic.h"

namespace ringback {
namespace {

// Both are up.
std::uint32_t reselect(const Members& members, PrimaryReselect rule, std::uint32_t primary,
                       std::uint32_t active) noexcept {
  switch (rule) {
    case PrimaryReselect::kAlways:
      return primary;
    case PrimaryReselect::kBetter:
      return members[primary].mbps() > members[active].mbps() ? primary : active;
    case PrimaryReselect::kFailure:
      return active;
  }
  return active;
}

std::uint32_t longest_back(const Members& members, std::uint32_t updelay) noexcept {
  std::uint32_t best = kNoMember;
  std::uint32_t least = updelay;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    const Member& member = members[i];
    if (member.link != LinkState::kBack || !member.has_carrier() || member.delay >= least) continue;
    least = member.delay;
    best = i;
  }
  return best;
}

}  // namespace

std::uint32_t find_best_nic(const Members& members, const BondConfig& config, std::uint32_t updelay,
                            std::uint32_t active) noexcept {
  const std::uint32_t first_up = members.first_up();
  if (first_up == kNoMember) return longest_back(members, updelay);
  const bool has_primary = config.primary != BondConfig::kNoNic && members[config.primary].is_up();
  const std::uint32_t primary = has_primary ? config.primary : first_up;
  if (active == kNoMember || !members[active].is_up()) return primary;
  return reselect(members, config.primary_reselect, primary, active);
}

}  // namespace ringback
