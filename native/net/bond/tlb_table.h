// Transmit load balancing: hash buckets, each on the member that was least loaded when the bucket was first used.
#pragma once
#include <array>
#include <cstdint>

#include "net/bond/members.h"

namespace ringback {

// Every kRebalanceSeconds all buckets are free again, and what each has carried is what it is expected to carry.
//
// Units:  loads in bytes a second.
// Source: Linux bond_alb.c tlb_choose_channel, tlb_get_least_loaded_slave, compute_gap, tlb_clear_slave,
//         bond_alb_monitor
class TlbTable {
 public:
  static constexpr std::uint32_t kBuckets = 256;
  static constexpr std::uint32_t kRebalanceSeconds = 10;

  // The member of a bucket; kNoMember when none can send. The member may have lost its link since.
  [[nodiscard]] std::uint32_t choose(const Members& members, std::uint32_t bucket, std::uint32_t size_bytes) noexcept {
    Bucket& entry = buckets_[bucket];
    if (entry.member == kNoMember) {
      entry.member = least_loaded(members);
      if (entry.member == kNoMember) return kNoMember;
      loads_[entry.member] += entry.history;
    }
    entry.bytes += size_bytes;
    return entry.member;
  }
  // A frame that goes on the active member because it is not balanced.
  void add_unbalanced(std::uint32_t size_bytes) noexcept { unbalanced_bytes_ += size_bytes; }

  // The member's buckets are free again. `keeps_history`: what they have carried becomes what they are expected to.
  void clear(std::uint32_t member, bool keeps_history) noexcept;
  void rebalance(const Members& members, std::uint32_t active) noexcept;

 private:
  struct Bucket {
    std::uint32_t member = kNoMember;
    std::uint64_t bytes = 0;    // since the last rebalancing
    std::uint64_t history = 1;  // expected a second: of idle ones 1, as after any rebalancing
  };

  [[nodiscard]] std::uint32_t least_loaded(const Members& members) const noexcept;

  std::array<Bucket, kBuckets> buckets_{};
  std::array<std::uint64_t, 32> loads_{};  // by member
  std::uint64_t unbalanced_bytes_ = 0;
};

}  // namespace ringback
