// One grant entry as one 64-bit word: every access to shared entries, each memory ordering with its reason.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>

#include "abi/grant_table.h"

namespace ringback {

// Who touches a grant table while operations on it run.
enum class Sharing : std::uint8_t {
  kOneThread,    // granting and granted domains run on one thread: saves two locked instructions a claim
  kManyThreads,  // the granting domain may run, and write to its entries, at any moment
};

// Flags, domid and frame travel together, so what was checked is what is used.
using GrantWord = std::uint64_t;
static_assert(sizeof(GrantWord) == sizeof(abi::grant_entry_v1) && std::atomic_ref<GrantWord>::is_always_lock_free);

[[nodiscard]] constexpr GrantWord to_word(abi::grant_entry_v1 entry) noexcept {
  return std::bit_cast<GrantWord>(entry);
}
[[nodiscard]] constexpr abi::grant_entry_v1 to_entry(GrantWord word) noexcept {
  return std::bit_cast<abi::grant_entry_v1>(word);
}
[[nodiscard]] constexpr GrantWord flags_word(std::uint16_t flags) noexcept { return to_word({flags, 0, 0}); }

// Ordering: acquire, so that what the granting domain wrote to the page before it granted is seen after this.
[[nodiscard]] inline GrantWord load_entry(GrantWord& word) noexcept {
  return std::atomic_ref(word).load(std::memory_order_acquire);
}

// Ordering: release, so that the page's bytes are there before the grant is.
inline void publish_entry(GrantWord& word, GrantWord value) noexcept {
  std::atomic_ref(word).store(value, std::memory_order_release);
}

// Replaces the entry if it still is `expected`; otherwise `expected` becomes what it is now.
//
// Ordering: acquire. Pinning: no byte of the page is touched before the pin can be seen. Ending: the page is not reused
//           before the last user's accesses, which clear_entry_flags released.
[[nodiscard]] inline bool replace_entry(GrantWord& word, GrantWord& expected, GrantWord value,
                                        Sharing sharing) noexcept {
  std::atomic_ref entry(word);
  if (sharing == Sharing::kManyThreads)
    return entry.compare_exchange_strong(expected, value, std::memory_order_acquire, std::memory_order_acquire);
  const GrantWord now = entry.load(std::memory_order_relaxed);
  if (now != expected) {
    expected = now;
    return false;
  }
  entry.store(value, std::memory_order_relaxed);
  return true;
}

// Ordering: release, so that accesses to the page are over when the granting domain sees the flags gone.
inline void clear_entry_flags(GrantWord& word, std::uint16_t flags, Sharing sharing) noexcept {
  std::atomic_ref entry(word);
  const GrantWord keep = ~flags_word(flags);
  if (sharing == Sharing::kManyThreads)
    entry.fetch_and(keep, std::memory_order_release);
  else
    entry.store(entry.load(std::memory_order_relaxed) & keep, std::memory_order_relaxed);
}

}  // namespace ringback
