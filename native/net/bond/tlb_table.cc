#include "net/bond/tlb_table.h"

#include <limits>
#include <utility>

namespace ringback {

void TlbTable::clear(std::uint32_t member, bool keeps_history) noexcept {
  for (Bucket& bucket : buckets_) {
    if (bucket.member != member) continue;
    bucket.member = kNoMember;
    if (keeps_history) bucket.history = 1 + std::exchange(bucket.bytes, 0) / kRebalanceSeconds;
  }
  loads_[member] = 0;
}

void TlbTable::rebalance(const Members& members, std::uint32_t active) noexcept {
  for (std::uint32_t i = 0; i < members.size(); ++i) clear(i, true);
  if (active != kNoMember) loads_[active] = std::exchange(unbalanced_bytes_, 0) / kRebalanceSeconds;
}

// By what is left of its speed; of equal ones the first.
std::uint32_t TlbTable::least_loaded(const Members& members) const noexcept {
  std::uint32_t best = kNoMember;
  std::int64_t most = std::numeric_limits<std::int64_t>::min();
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    if (!members[i].can_send()) continue;
    // Linux takes 2^20 bits for a megabit.
    const auto gap = static_cast<std::int64_t>(members[i].mbps() << 20) - static_cast<std::int64_t>(loads_[i] << 3);
    if (gap <= most) continue;
    most = gap;
    best = i;
  }
  return best;
}

}  // namespace ringback
