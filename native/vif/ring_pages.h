// Contiguous pages of a guest, as a ring needs them.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "abi/page.h"
#include "base/assert.h"
#include "memory/page_arena.h"
#include "ring/layout.h"

namespace ringback {

// Takes `count` pages in one piece, wherever they lie: the first frame, or nothing, and then nothing is taken.
//
// The arena hands out one page at a time, so what does not continue a run is put aside and given back at the end. A run
// is found only in ascending order: a fresh arena has it at once, and so has one whose pages came back last one first.
//
// Requires: count > 0.
[[nodiscard]] inline std::optional<std::uint32_t> allocate_contiguous(PageArena& arena, std::uint32_t count) {
  RB_ASSERT(count > 0);
  std::vector<std::uint32_t> taken;
  std::uint32_t run = 0;
  while (run < count) {
    const auto frame = arena.allocate();
    if (!frame) break;
    run = run > 0 && *frame == taken.back() + 1 ? run + 1 : 1;
    taken.push_back(*frame);
  }
  const bool found = run == count;
  const std::uint32_t kept = found ? count : 0;
  const std::uint32_t first = found ? taken.back() + 1 - count : 0;
  for (std::size_t i = taken.size() - kept; i > 0; --i) arena.free(taken[i - 1]);
  return found ? std::optional(first) : std::nullopt;
}

// A new ring's pages, initialised.
//
// Units:    `start` is the first index of both producers; Xen starts at 0.
// Requires: the arena has 2^ring_order contiguous pages.
[[nodiscard]] inline std::span<std::byte> make_ring(PageArena& arena, std::uint32_t ring_order,
                                                    abi::RING_IDX start = 0) {
  const auto first = allocate_contiguous(arena, 1u << ring_order);
  RB_ASSERT(first.has_value());
  const std::span<std::byte> memory(arena.page(*first).data(), std::size_t{abi::XEN_PAGE_SIZE} << ring_order);
  init_shared_ring(memory, start);
  return memory;
}

// Gives a ring's pages back, so that the next ring finds them in one piece.
//
// Requires: make_ring() of this arena made it, and nobody uses it any more.
inline void free_ring(PageArena& arena, std::span<const std::byte> memory) noexcept {
  const auto offset = static_cast<std::size_t>(memory.data() - arena.memory().data());
  const auto first = static_cast<std::uint32_t>(offset / kPageBytes);
  for (auto left = static_cast<std::uint32_t>(memory.size() >> abi::XEN_PAGE_SHIFT); left > 0; --left)
    arena.free(first + left - 1);
}

}  // namespace ringback
