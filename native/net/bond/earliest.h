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

// find_earliest() for NICs whose last frames had another size.
[[nodiscard]] Path find_earliest_of_any_size(const Members& members, const UsableNics& usable, TimeNs now,
                                             std::uint32_t size_bytes, TimeNs not_before_ns) noexcept;
// The same without asking for room: on a NIC that has none the frame is dropped.
[[nodiscard]] Path find_without_room(const Members& members, const UsableNics& usable, TimeNs now,
                                     std::uint32_t size_bytes, TimeNs not_before_ns) noexcept;

// Earliest delivery path first: of the usable NICs with room the one on which the frame's last bit is at the far end
// first, but not before `not_before_ns`; of equal ones the first.
// Requires: Nic::collect(now) was called for all of them.
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
    if (arrival_ns < best.arrival_ns && arrival_ns >= not_before_ns && nic.has_room(size_bytes))
      best = {member, arrival_ns};
  }
  return best;
}

// When each flow's last frame arrives, so that the next one may go by another NIC if it arrives later there.
//
// A flow's own NIC always qualifies, as long as it has room: a NIC keeps the order. Flows that share a place in the
// table are taken for one: they change NICs less often than they could, and no frame overtakes another all the same.
//
// A NIC whose link or rate changes settles its flows: what it has queued until then arrives by a time that is known
// then, and counts for all of them.
//
// Invariant: no frame overtakes another one of its flow. But for what no choice can help: where a NIC has lost its link
//            and no other one is late enough, a frame may overtake what was between that NIC and the far end, rather
//            than be lost; and a change of rate may turn frames around that are queued already.
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
