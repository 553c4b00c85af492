#include "memory/page_arena.h"

#include <new>

namespace ringback {

PageArena::PageArena(std::uint32_t pages) {
  // calloc, unlike aligned_alloc, gets large blocks zeroed for free; one spare page makes room to align.
  const std::size_t bytes = (std::size_t{pages} + 1) * kPageBytes;
  owned_.reset(std::calloc(bytes, 1));
  if (!owned_) throw std::bad_alloc();
  void* aligned = owned_.get();
  std::size_t room = bytes;
  base_ = static_cast<std::byte*>(std::align(kPageBytes, std::size_t{pages} * kPageBytes, aligned, room));
  chain_pages(pages);
}

PageArena::PageArena(std::span<std::byte> memory) : base_(memory.data()) {
  RB_ASSERT(reinterpret_cast<std::uintptr_t>(memory.data()) % 8 == 0);
  RB_ASSERT(memory.size() % kPageBytes == 0);
  chain_pages(memory.size() / kPageBytes);
}

void PageArena::chain_pages(std::size_t pages) {
  RB_ASSERT(pages < kHandedOut);
  next_free_.resize(pages);
  free_pages_ = static_cast<std::uint32_t>(pages);
  for (std::uint32_t frame = 0; frame < free_pages_; ++frame) next_free_[frame] = frame + 1;
  if (free_pages_ == 0) return;
  next_free_.back() = kNone;
  first_free_ = 0;
}

}  // namespace ringback
