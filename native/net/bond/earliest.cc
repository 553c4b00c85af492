#include "net/bond/earliest.h"

namespace ringback {

Path find_earliest_of_any_size(const Members& members, const UsableNics& usable, TimeNs now, std::uint32_t size_bytes,
                               TimeNs not_before_ns) noexcept {
  Path best;
  for (std::uint32_t i = 0; i < usable.size(); ++i) {
    const TimeNs arrival_ns = members[usable[i]].nic->arrival_ns(now, size_bytes);
    if (arrival_ns < best.arrival_ns && arrival_ns >= not_before_ns) best = {usable[i], arrival_ns};
  }
  return best;
}

}  // namespace ringback
