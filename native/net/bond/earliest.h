// Beyond Linux: the NIC on which a frame arrives first.
#pragma once
#include <cstdint>

#include "base/time.h"
#include "net/bond/members.h"
#include "net/bond/usable_nics.h"

namespace ringback {

struct Path {
  std::uint32_t member = kNoMember;
  TimeNs arrival_ns = kNever;
};

// find_earliest() for NICs whose last frames had another size.
[[nodiscard]] Path find_earliest_of_any_size(const Members& members, const UsableNics& usable, TimeNs now,
                                             std::uint32_t size_bytes, TimeNs not_before_ns) noexcept;

// Earliest delivery path first: of the usable NICs the one on which the frame's last bit would be at the far end first,
// but not before `not_before_ns`; of equal ones the first. Without a usable one: kNoMember.
//
// Whether there is room is not asked: a full NIC drops the frame, and that is how its sender learns of congestion. A
// slower NIC with a longer queue would take it instead, and deliver it late.
[[nodiscard]] inline Path find_earliest(const Members& members, const UsableNics& usable, TimeNs now,
                                        std::uint32_t size_bytes, TimeNs not_before_ns = 0) noexcept {
  Path best;
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const std::uint32_t member = usable[i];
    const Nic& nic = *members[member].nic;
    // Frames of one size come in a row. The rest is elsewhere, so that this loop needs few registers.
    if (!nic.is_last_size(size_bytes)) [[unlikely]]
      return find_earliest_of_any_size(members, usable, now, size_bytes, not_before_ns);
    const TimeNs arrival_ns = nic.arrival_of_last_size_ns(now);
    if (arrival_ns < best.arrival_ns && arrival_ns >= not_before_ns) best = {member, arrival_ns};
  }
  return best;
}

}  // namespace ringback
