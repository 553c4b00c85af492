// What both sides of a ring do with the shared pages: copy runs of slots, publish an index, decide on a notification.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "base/prefetch.h"
#include "ring/layout.h"

namespace ringback {

// Slots. Up to here publishing touches the line first: see touch(). Larger batches are slower for it.
inline constexpr std::uint32_t kSmallBatch = 16;

// What a consumer took.
struct Taken {
  std::uint32_t count = 0;
  bool overflow = false;  // the peer's producer is impossible: nothing was taken, and the connection is dead
};

// Whether moving a producer from `previous` to `next` passed the index at which the peer asked to be woken.
//
// Source: xen/io/ring.h RING_PUSH_REQUESTS_AND_CHECK_NOTIFY
[[nodiscard]] constexpr bool passes_event(abi::RING_IDX next, abi::RING_IDX previous, abi::RING_IDX event) noexcept {
  return next - event < next - previous;
}

// GCC 12 cannot relate a run's length to its batch's, and warns of sizes near 2^35 that no caller can reach.
#pragma GCC diagnostic push
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Warray-bounds"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#endif
inline void copy_bytes(void* to, const void* from, std::size_t bytes) noexcept {
  asm("" : "+r"(bytes));  // where GCC sees a small bound it writes rep movs, which starts slower than memcpy is called
  std::memcpy(to, from, bytes);
}
#pragma GCC diagnostic pop

// A view of a ring's pages. Slots are addressed by free-running index; any index is in bounds.
template <class R>
class SharedRing {
 public:
  // Requires: is_ring_memory(memory), which outlives this.
  explicit SharedRing(std::span<std::byte> memory) noexcept
      : header_(reinterpret_cast<abi::sring_header*>(memory.data())),
        slots_(memory.data() + kRingHeaderBytes),
        mask_(ring_entries<R>(memory.size()) - 1) {
    RB_ASSERT(is_ring_memory(memory));
  }

  [[nodiscard]] abi::sring_header& header() const noexcept { return *header_; }
  [[nodiscard]] std::uint32_t entries() const noexcept { return mask_ + 1; }

  // Copies `count` messages into the slots from `index` on, in at most two runs.
  //
  // Requires: count <= entries().
  template <class Message>
  void write(abi::RING_IDX index, const Message* from, std::uint32_t count) const noexcept {
    static_assert(std::has_unique_object_representations_v<Message>, "padding would leak private bytes (XSA-216)");
    const std::uint32_t first = index & mask_;
    if (count == 1) {  // a batch of one spends more on runs than on its bytes
      *reinterpret_cast<Message*>(slot(first)) = *from;
      return;
    }
    const std::uint32_t run = std::min(count, entries() - first);
    write_run(first, from, run);
    if (run < count) write_run(0, from + run, count - run);
  }

  // Copies `count` messages out of the slots from `index` on. What was copied is private afterwards.
  //
  // Requires: count <= entries().
  template <class Message>
  void read(abi::RING_IDX index, Message* to, std::uint32_t count) const noexcept {
    const std::uint32_t first = index & mask_;
    if (count == 1) {
      std::memcpy(to, slot(first), sizeof(Message));
    } else {
      const std::uint32_t run = std::min(count, entries() - first);
      read_run(first, to, run);
      if (run < count) read_run(0, to + run, count - run);
    }
    compiler_barrier();
  }

  void prefetch_slots(abi::RING_IDX index, std::uint32_t count) const noexcept {
    prefetch(slot(index & mask_), count * kSlotBytes<R>);
  }

 private:
  [[nodiscard]] std::byte* slot(std::uint32_t position) const noexcept { return slots_ + position * kSlotBytes<R>; }

  template <class Message>
  void write_run(std::uint32_t position, const Message* from, std::uint32_t count) const noexcept {
    if constexpr (sizeof(Message) == kSlotBytes<R>) {
      if (count > kShortRun) {
        copy_bytes(slot(position), from, count * sizeof(Message));
        return;
      }
    }
    std::byte* to = slot(position);
    for (const Message* const end = from + count; from != end; ++from, to += kSlotBytes<R>)
      std::memcpy(to, from, sizeof(Message));
  }

  template <class Message>
  void read_run(std::uint32_t position, Message* to, std::uint32_t count) const noexcept {
    if constexpr (sizeof(Message) == kSlotBytes<R>) {
      if (count > kShortRun) {
        copy_bytes(to, slot(position), count * sizeof(Message));
        return;
      }
    }
    const std::byte* from = slot(position);
    for (Message* const end = to + count; to != end; ++to, from += kSlotBytes<R>)
      std::memcpy(to, from, sizeof(Message));
  }

  // Slots. Up to here a loop of constant-size moves beats a call of memcpy.
  static constexpr std::uint32_t kShortRun = 4;

  abi::sring_header* header_;
  std::byte* slots_;
  std::uint32_t mask_;
};

}  // namespace ringback
