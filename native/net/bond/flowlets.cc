#include "net/bond/flowlets.h"

#include <algorithm>

namespace ringback {

std::uint32_t Flowlets::choose(const Members& members, const UsableNics& usable, TimeNs now, std::uint64_t flow,
                               std::uint32_t size_bytes) noexcept {
  const Path first = find_earliest(members, usable, now, size_bytes);
  if (first.member == kNoMember) return kNoMember;
  full_bytes_ = std::max(full_bytes_, size_bytes);
  Place& place = places_[flow % kPlaces];
  const TimeNs last_ns = last_arrival_ns(place);
  if (first.arrival_ns >= last_ns) {
    note_last(place, first, last_ns);
    return first.member;
  }
  Early& early = early_[flow % kPlaces];
  const bool is_near = last_ns - first.arrival_ns < members[place.member].nic->frame_ns(full_bytes_);
  if (is_near && take_early(early, first.arrival_ns, last_ns)) {
    if (first.member != place.member) place.others_arrival_ns = std::max(place.others_arrival_ns, first.arrival_ns);
    return first.member;
  }
  const Path in_order = find_earliest(members, usable, now, size_bytes, last_ns);
  if (in_order.member == kNoMember || in_order.arrival_ns - first.arrival_ns > kPatienceNs) {
    place = {};
    early = {};
    note_last(place, first, 0);
    return first.member;
  }
  note_last(place, in_order, last_ns);
  return in_order.member;
}

TimeNs Flowlets::last_arrival_ns(const Place& place) const noexcept {
  const Settled& settled = settled_[place.member];
  return place.settlements == settled.count ? place.last_arrival_ns
                                            : std::max(settled.arrival_ns, place.others_arrival_ns);
}

void Flowlets::note_last(Place& place, const Path& path, TimeNs last_ns) noexcept {
  if (path.member != place.member) place.others_arrival_ns = last_ns;
  place.last_arrival_ns = path.arrival_ns;
  place.member = path.member;
  place.settlements = settled_[path.member].count;
}

bool Flowlets::take_early(Early& early, TimeNs arrival_ns, TimeNs last_ns) noexcept {
  if (arrival_ns < early.untouched_ns) return false;
  if (arrival_ns >= early.overtaken_ns)
    early = {.overtaken_ns = last_ns, .untouched_ns = early.overtaken_ns, .frames = 1};
  else if (early.frames < kMostEarly)
    early = {.overtaken_ns = last_ns, .untouched_ns = early.untouched_ns, .frames = early.frames + 1};
  else
    return false;
  return true;
}

void Flowlets::nic_changed(const Nic& nic, std::uint32_t member, TimeNs now) noexcept {
  settled_[member] = {nic.arrival_ns(now, 0), settled_[member].count + 1};
}

}  // namespace ringback
