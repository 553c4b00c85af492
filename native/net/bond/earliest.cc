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

template <bool kHasRoom>
Path find_earliest_where(const Members& members, const UsableNics& usable, TimeNs now,
                         std::uint32_t size_bytes) noexcept {
  Path best;
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const Nic& nic = *members[usable[i]].nic;
    const TimeNs arrival_ns = nic.arrival_ns(now, size_bytes);
    if (arrival_ns < best.arrival_ns && nic.has_room(size_bytes) == kHasRoom) best = {usable[i], arrival_ns};
  }
  return best;
}

}  // namespace

Path find_earliest_of_any_size(const Members& members, const UsableNics& usable, TimeNs now,
                               std::uint32_t size_bytes) noexcept {
  const Path path = find_earliest_where<true>(members, usable, now, size_bytes);
  return path.member != kNoMember ? path : find_without_room(members, usable, now, size_bytes);
}

Path find_without_room(const Members& members, const UsableNics& usable, TimeNs now,
                       std::uint32_t size_bytes) noexcept {
  return find_earliest_where<false>(members, usable, now, size_bytes);
}

std::uint32_t Flowlets::choose(const Members& members, const UsableNics& usable, TimeNs now, std::uint64_t flow,
                               std::uint32_t size_bytes) noexcept {
  if (usable.empty()) return kNoMember;
  Place& place = places_[flow % kPlaces];
  const Settled& settled = settled_[place.member];
  const TimeNs last_ns = place.settlements == settled.count ? place.last_arrival_ns
                                                            : std::max(settled.arrival_ns, place.others_arrival_ns);
  Path first;
  Path in_order;
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const TimeNs arrival_ns = members[usable[i]].nic->arrival_ns(now, size_bytes);
    if (arrival_ns < first.arrival_ns) first = {usable[i], arrival_ns};
    if (arrival_ns < in_order.arrival_ns && arrival_ns >= last_ns) in_order = {usable[i], arrival_ns};
  }
  const auto has_room = [&](const Path& path) { return members[path.member].nic->has_room(size_bytes); };
  Path path = in_order;
  if (path.member == kNoMember) path = find_latest(members, usable, now, size_bytes);
  if (path.member == kNoMember || (path.member != first.member && !has_room(first))) path = first;
  if (!has_room(path) && first.arrival_ns - now < (path.arrival_ns - now) / 2) path = first;
  if (!has_room(path)) return path.member;
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
