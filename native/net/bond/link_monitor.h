// The bond's look at its members' links, each miimon.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "net/bond/bond_config.h"
#include "net/bond/members.h"

namespace ringback {

// Ticks are at k * miimon from time 0, k > 0. A link that has gone is kFail for downdelay and then kDown, one that is
// there again kBack for updelay and then kUp; a delay of none takes no tick.
//
// Source: Linux bond_main.c bond_miimon_inspect
class LinkMonitor {
 public:
  // Requires: miimon above 0, or no delays; delays that are whole multiples of it.
  explicit LinkMonitor(const BondConfig& config) noexcept;

  // When the next tick is due; kNever without monitoring.
  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }
  // In ticks.
  [[nodiscard]] std::uint32_t updelay() const noexcept { return updelay_; }

  // A tick: what each member's link state is to become; nothing where it stays. The members' delays run.
  // `ignores_updelay`: the first link that is back is up at once.
  using Proposals = std::array<std::optional<LinkState>, 32>;
  [[nodiscard]] Proposals tick(Members& members, bool ignores_updelay) noexcept;

 private:
  [[nodiscard]] std::optional<LinkState> inspect_up(Member& member) const noexcept;
  [[nodiscard]] std::optional<LinkState> inspect_down(Member& member, bool& ignores_updelay) const noexcept;

  TimeNs miimon_ns_;
  TimeNs next_ns_;
  std::uint32_t updelay_ = 0;  // in ticks
  std::uint32_t downdelay_ = 0;
};

}  // namespace ringback
