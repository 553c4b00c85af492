#include "net/bond/earliest.h"

#include <algorithm>

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

}  // namespace

Path find_earliest_of_any_size(const Members& members, const UsableNics& usable, TimeNs now, std::uint32_t size_bytes,
                               TimeNs not_before_ns) noexcept {
  Path best;
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const Nic& nic = *members[usable[i]].nic;
    const TimeNs arrival_ns = nic.arrival_ns(now, size_bytes);
    if (arrival_ns < best.arrival_ns && arrival_ns >= not_before_ns && nic.has_room(size_bytes))
      best = {usable[i], arrival_ns};
  }
  return best;
}

Path find_without_room(const Members& members, const UsableNics& usable, TimeNs now, std::uint32_t size_bytes,
                       TimeNs not_before_ns) noexcept {
  Path best;
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const TimeNs arrival_ns = members[usable[i]].nic->arrival_ns(now, size_bytes);
    if (arrival_ns < best.arrival_ns && arrival_ns >= not_before_ns) best = {usable[i], arrival_ns};
  }
  return best;
}

std::uint32_t Flowlets::choose(const Members& members, const UsableNics& usable, TimeNs now, std::uint64_t flow,
                               std::uint32_t size_bytes) noexcept {
  Place& place = places_[flow % kPlaces];
  const Settled& settled = settled_[place.member];
  const TimeNs last_ns = place.settlements == settled.count ? place.last_arrival_ns
                                                            : std::max(settled.arrival_ns, place.others_arrival_ns);
  Path path = find_earliest(members, usable, now, size_bytes, last_ns);
  if (path.member == kNoMember) {
    const bool has_lost_its_nic = place.member != kUnused && !members[place.member].can_send();
    if (has_lost_its_nic) path = find_latest(members, usable, now, size_bytes);
    if (path.member == kNoMember)
      path = find_without_room(members, usable, now, size_bytes, has_lost_its_nic ? 0 : last_ns);
  }
  if (path.member == kNoMember) return kNoMember;
  // A frame that will be dropped is nobody's last one.
  if (!members[path.member].nic->has_room(size_bytes)) return path.member;
  if (path.member != place.member) place.others_arrival_ns = last_ns;
  place.last_arrival_ns = path.arrival_ns;
  place.member = path.member;
  place.settlements = settled_[path.member].count;
  return path.member;
}

void Flowlets::nic_changed(const Nic& nic, std::uint32_t member, TimeNs now) noexcept {
  settled_[member] = {nic.arrival_ns(now, 0), settled_[member].count + 1};
}

}  // namespace ringback
