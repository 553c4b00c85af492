#include "memory/grant_table.h"

#include <cstring>

namespace ringback {

GrantTable::GrantTable(std::uint32_t entries, Sharing sharing)
    : owned_(std::make_unique<GrantWord[]>(entries)), words_(owned_.get()), sharing_(sharing) {
  chain_references(entries);
  if (sharing == Sharing::kOneThread) lookable_ = entries;
}

GrantTable::GrantTable(std::span<std::byte> memory, Sharing sharing)
    : words_(reinterpret_cast<GrantWord*>(memory.data())), sharing_(sharing) {
  RB_ASSERT(reinterpret_cast<std::uintptr_t>(memory.data()) % alignof(GrantWord) == 0);
  RB_ASSERT(memory.size() % sizeof(GrantWord) == 0 && memory.size() <= kMaxEntries * sizeof(GrantWord));
  std::memset(memory.data(), 0, memory.size());
  chain_references(static_cast<std::uint32_t>(memory.size() / sizeof(GrantWord)));
}

void GrantTable::chain_references(std::uint32_t entries) {
  RB_ASSERT(entries >= abi::GNTTAB_NR_RESERVED_ENTRIES && entries <= kMaxEntries);
  active_.resize(entries);
  next_free_.assign(entries, kNone);
  if (entries <= abi::GNTTAB_NR_RESERVED_ENTRIES) return;
  for (std::uint32_t ref = abi::GNTTAB_NR_RESERVED_ENTRIES; ref + 1 < entries; ++ref) next_free_[ref] = ref + 1;
  first_free_ = abi::GNTTAB_NR_RESERVED_ENTRIES;
}

Pin GrantTable::pin_again(abi::grant_ref_t ref, abi::domid_t domid, Access access) noexcept {
  Active& active = active_[ref];
  if (active.domid != domid || (active.pins & kTooMany) != 0) return {abi::GNTST_general_error, 0};
  if (access == Access::kWrite && (active.pins & kWriters) == 0 && !try_mark_written(ref))
    return {abi::GNTST_general_error, 0};
  active.pins = static_cast<Pins>(active.pins + pins_of(access));
  return {abi::GNTST_okay, active.frame};
}

std::uint32_t GrantTable::pins() const noexcept {
  std::uint32_t pins = 0;
  for (const Active& active : active_) pins += (active.pins & kReaders) + (active.pins >> 8u);
  return pins;
}

// Type and domid were judged by the first pin; only what writing adds is asked.
bool GrantTable::try_mark_written(abi::grant_ref_t ref) noexcept {
  GrantWord word = load_entry(at(ref));
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if ((to_entry(word).flags & abi::GTF_readonly) != 0) return false;
    if (replace_entry(at(ref), word, word | flags_word(pin_flags(Access::kWrite)), sharing_)) return true;
  }
  return false;
}

}  // namespace ringback
