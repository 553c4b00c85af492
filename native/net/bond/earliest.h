// Beyond Linux: the NIC on which a frame arrives first.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "net/bond/members.h"
#include "net/bond/usable_nics.h"

namespace ringback {

struct Path {
  std::uint32_t member = kNoMember;
  TimeNs arrival_ns = kNever;
};

// The first one as find_earliest() says, whatever sizes the NICs' clocks know.
[[nodiscard]] Path find_earliest_of_any_size(const Members& members, const UsableNics& usable, TimeNs now,
                                             std::uint32_t size_bytes) noexcept;
// The same among NICs without room.
[[nodiscard]] Path find_without_room(const Members& members, const UsableNics& usable, TimeNs now,
                                     std::uint32_t size_bytes) noexcept;

// Earliest delivery path first: of the usable NICs with room the one on which the frame's last bit is at the far end
// first; of equal ones the first. With no room anywhere the same of those without.
// Requires: Nic::collect(now) was called for all of them.
[[nodiscard]] inline Path find_earliest(const Members& members, const UsableNics& usable, TimeNs now,
                                        std::uint32_t size_bytes) noexcept {
  Path best;
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const std::uint32_t member = usable[i];
    const Nic& nic = *members[member].nic;
    // Frames of one size come in a row. The rest is elsewhere, so that this loop needs few registers.
    if (!nic.is_last_size(size_bytes)) [[unlikely]]
      return find_earliest_of_any_size(members, usable, now, size_bytes);
    const TimeNs arrival_ns = nic.arrival_of_last_size_ns(now);
    if (arrival_ns < best.arrival_ns && nic.has_room(size_bytes)) best = {member, arrival_ns};
  }
  if (best.member == kNoMember) [[unlikely]]
    return find_without_room(members, usable, now, size_bytes);
  return best;
}

// When each flow's last frame arrives, so that the next one may go by another NIC if it arrives later there. Flows that
// share a place in the table are taken for one: they change NICs less often than they could.
//
// A frame goes where it arrives first of the NICs on which it does not arrive before the last one of its flow; its
// flow's own NIC is always one of them, for a NIC keeps the order. Full queues are what that could founder on:
// - The frame would arrive still earlier, out of order, on a NIC that is full: it is dropped, as anything that is more
//   than the NICs carry. Else flows would be tied to slow NICs, whose queues hold more time, and would stay there.
// - The NIC that keeps the order is full, and on another one, that is not, it would take less than half of the time:
//   rather early than lost. So flows come back from what was the only NIC for a while.
//
// A NIC whose link or rate changes settles its flows: what it has queued until then arrives by a time that is known
// then, and counts for all of them.
//
// Invariant: no frame overtakes another one of its flow, as long as queues have room. But for what no choice can help:
//            where a NIC has lost its link and no other one is late enough, a frame may overtake what was between that
//            NIC and the far end, rather than be lost; and a change of rate may turn frames around that are queued.
class Flowlets {
 public:
  static constexpr std::uint32_t kPlaces = 4096;

  Flowlets() : places_(kPlaces) {}

  [[nodiscard]] std::uint32_t choose(const Members& members, const UsableNics& usable, TimeNs now, std::uint64_t flow,
                                     std::uint32_t size_bytes) noexcept;

  // The NIC's link has gone, or its rate has changed; what it has queued, if anything, is queued at the new one.
  void nic_changed(const Nic& nic, std::uint32_t member, TimeNs now) noexcept;

 private:
  static constexpr std::uint32_t kUnused = UsableNics::kMax;

  struct Place {
    TimeNs last_arrival_ns = 0;
    TimeNs others_arrival_ns = 0;  // of the last frame on another NIC than that of the last frame
    std::uint32_t member = kUnused;
    std::uint32_t settlements = 0;  // of this NIC, when the frame was sent
  };
  struct Settled {
    TimeNs arrival_ns = 0;  // nothing that was queued before arrives later
    std::uint32_t count = 0;
  };

  std::vector<Place> places_;  // by the flow's low bits
  std::array<Settled, kUnused + 1> settled_{};
};

}  // namespace ringback
