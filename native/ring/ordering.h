// Every memory ordering of the rings, each with its reason.
#pragma once
#include <atomic>
#include <cstdint>

namespace ringback {

// The shared words are 32 bits wide, naturally aligned and written by another thread, process or domain.
static_assert(std::atomic_ref<std::uint32_t>::is_always_lock_free);

// Reads the peer's producer index.
//
// Ordering: acquire, so that slots are read after the index that announces them.
[[nodiscard]] inline std::uint32_t load_acquire(std::uint32_t& shared) noexcept {
  return std::atomic_ref(shared).load(std::memory_order_acquire);
}

// Publishes a producer index.
//
// Ordering: release, so that slots are written before the index that announces them.
inline void store_release(std::uint32_t& shared, std::uint32_t value) noexcept {
  std::atomic_ref(shared).store(value, std::memory_order_release);
}

// Reads an index that announces nothing: the peer's event index, or an own producer when attaching.
//
// Ordering: none of its own. Reading an event index is ordered by the full fence before it.
[[nodiscard]] inline std::uint32_t load_relaxed(std::uint32_t& shared) noexcept {
  return std::atomic_ref(shared).load(std::memory_order_relaxed);
}

// Writes an event index.
//
// Ordering: none of its own. The full fence after it orders it before the last look at the peer's producer.
inline void store_relaxed(std::uint32_t& shared, std::uint32_t value) noexcept {
  std::atomic_ref(shared).store(value, std::memory_order_relaxed);
}

// Reads a word that is about to be stored to, for nothing but its cache line: the line then comes as a reader's, and
// the peer that polls it goes on reading until the store. Two cores move more small batches so; docs/performance.md has
// it.
//
// Ordering: none; the value is not used.
inline void touch(std::uint32_t& shared) noexcept {
  static_cast<void>(std::atomic_ref(shared).load(std::memory_order_relaxed));
}

// Orders a store before a later load, which acquire and release do not. The producer stores its index and then reads
// the event; the consumer stores the event and then reads the producer. Without a fence on both sides each may miss
// the other's store: the producer sends no notification, the consumer sleeps, and the ring stands still.
//
// On x86-64 any locked instruction is that fence, and the cheapest is one on the stack: below its pointer, as Xen's and
// Linux's are. GCC's own is at the pointer, where it keeps values that the next line may read: each read then waits.
inline void full_fence() noexcept {
#if defined(__x86_64__)
  asm volatile("lock addl $0, -32(%%rsp)" ::: "memory", "cc");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// Keeps the compiler from reading a slot a second time once it was copied.
//
// The peer can write a slot at any time. A compiler that proves copy and slot equal may drop the copy and read the slot
// again after the check, and the peer changes it in between (XSA-155). It may not assume that memory stays the same
// across this barrier. The processor needs nothing: a copy in private memory cannot change.
inline void compiler_barrier() noexcept { asm volatile("" ::: "memory"); }

}  // namespace ringback
