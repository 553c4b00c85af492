// Which member is the active one.
#pragma once
#include <cstdint>

#include "net/bond/bond_config.h"
#include "net/bond/members.h"

namespace ringback {

// Of what there is now. `updelay` is in ticks of the link monitor.
//
// Without a primary that is up the first member that is takes its part. A link that is back and whose updelay runs is
// better than none: of several the one that has waited longest, if it has waited at all.
//
// Returns: a member; kNoMember.
// Source:  Linux bond_main.c bond_find_best_slave, bond_choose_primary_or_current
[[nodiscard]] std::uint32_t find_best_nic(const Members& members, const BondConfig& config, std::uint32_t updelay,
                                          std::uint32_t active) noexcept;

}  // namespace ringback
