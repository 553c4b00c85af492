// A domain's memory: pages in one piece, handed out one at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "abi/page.h"
#include "base/assert.h"

namespace ringback {

inline constexpr std::size_t kPageBytes = abi::XEN_PAGE_SIZE;

// Frame numbers count pages from the arena's start: a frame is valid exactly when it is below pages().
//
// Threads: the owning domain's thread allocates and frees; anybody may ask for a page's address.
// Invariants:
//   1. A frame is either in the free list or handed out, never both.
//   2. The arena moves without moving its memory: addresses stay good for its whole life.
class PageArena {
 public:
  // Owns `pages` page-aligned pages that read as zeros; the host commits a page when it is first touched.
  explicit PageArena(std::uint32_t pages);

  // Borrows whole pages, as they are: a SharedArrayBuffer or a mapping, which must outlive the arena.
  // Requires: memory starts at a multiple of 8 bytes and holds whole pages, fewer than 2^32 - 1.
  explicit PageArena(std::span<std::byte> memory);

  // The page freed last, because its bytes are likely in the cache; at first the lowest. Nothing when all are handed
  // out. A page that was used before keeps its old bytes.
  [[nodiscard]] std::optional<std::uint32_t> allocate() noexcept {
    if (first_free_ == kNone) return std::nullopt;
    const std::uint32_t frame = first_free_;
    first_free_ = next_free_[frame];
    next_free_[frame] = kHandedOut;
    --free_pages_;
    return frame;
  }

  // Requires: is_allocated(frame).
  void free(std::uint32_t frame) noexcept {
    RB_ASSERT(is_allocated(frame));
    next_free_[frame] = first_free_;
    first_free_ = frame;
    ++free_pages_;
  }

  [[nodiscard]] bool is_allocated(std::uint32_t frame) const noexcept {
    return frame < pages() && next_free_[frame] == kHandedOut;
  }

  // Requires: frame < pages(). Frames from a peer are checked before they come here.
  [[nodiscard]] std::span<std::byte, kPageBytes> page(std::uint32_t frame) const noexcept {
    RB_ASSERT(frame < pages());
    return std::span<std::byte, kPageBytes>(base_ + std::size_t{frame} * kPageBytes, kPageBytes);
  }

  [[nodiscard]] std::uint32_t pages() const noexcept { return static_cast<std::uint32_t>(next_free_.size()); }
  [[nodiscard]] std::uint32_t free_pages() const noexcept { return free_pages_; }
  [[nodiscard]] std::span<std::byte> memory() const noexcept { return {base_, pages() * kPageBytes}; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kHandedOut = 0xfffffffe;

  struct CFree {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };

  void chain_pages(std::size_t pages);

  std::unique_ptr<void, CFree> owned_;
  std::byte* base_ = nullptr;
  std::vector<std::uint32_t> next_free_;  // by frame: the next free frame, or kHandedOut
  std::uint32_t first_free_ = kNone;
  std::uint32_t free_pages_ = 0;
};

}  // namespace ringback
