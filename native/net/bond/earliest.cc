#include "net/bond/earliest.h"

namespace ringback {
namespace {

Path find_latest(const Members& members, const UsableNics& usable, TimeNs now, std::uint32_t size_bytes) noexcept {
  Path best{.arrival_ns = 0};
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const Nic& nic = *members[usable[i]].nic;
    const TimeNs arrival_ns = nic.arrival_ns(now, size_bytes);
    if (arrival_ns > best.arrival_ns && nic.has_room(size_bytes)) best = {usable[i], arrival_ns};
  }
  return best;
}

template <bool kHasRoom>
Path find_earliest_where(const Members& members, const UsableNics& usable, TimeNs now, std::uint32_t size_bytes,
                         TimeNs not_before_ns) noexcept {
  Path best;
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const Nic& nic = *members[usable[i]].nic;
    const TimeNs arrival_ns = nic.arrival_ns(now, size_bytes);
    if (arrival_ns < best.arrival_ns && arrival_ns >= not_before_ns && nic.has_room(size_bytes) == kHasRoom)
      best = {usable[i], arrival_ns};
  }
  return best;
}

}  // namespace

Path find_earliest_of_any_size(const Members& members, const UsableNics& usable, TimeNs now, std::uint32_t size_bytes,
                               TimeNs not_before_ns) noexcept {
  const Path path = find_earliest_where<true>(members, usable, now, size_bytes, not_before_ns);
  return path.member != kNoMember ? path : find_without_room(members, usable, now, size_bytes, not_before_ns);
}

Path find_without_room(const Members& members, const UsableNics& usable, TimeNs now, std::uint32_t size_bytes,
                       TimeNs not_before_ns) noexcept {
  return find_earliest_where<false>(members, usable, now, size_bytes, not_before_ns);
}

std::uint32_t Flowlets::choose(const Members& members, const UsableNics& usable, TimeNs now, std::uint64_t flow,
                               std::uint32_t size_bytes) noexcept {
  Place& place = places_[flow % kPlaces];
  const Settled& settled = settled_[place.member];
  const TimeNs last_ns = place.settlements == settled.count ? place.last_arrival_ns : settled.arrival_ns;
  Path path = find_earliest(members, usable, now, size_bytes, last_ns);
  if (path.member == kNoMember && !members[place.member].can_send())
    path = find_latest(members, usable, now, size_bytes);
  if (path.member == kNoMember) return kNoMember;
  place = {path.arrival_ns, path.member, settled_[path.member].count};
  return path.member;
}

void Flowlets::nic_changed(const Nic& nic, std::uint32_t member, TimeNs now) noexcept {
  settled_[member] = {nic.arrival_ns(now, 0), settled_[member].count + 1};
}

}  // namespace ringback
