// A frame in the back end's hands, and the pages that hold its bytes.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "abi/page.h"
#include "memory/grant_copy.h"
#include "memory/page_arena.h"

namespace ringback {

// A chain of the back end's pages, filled without gaps.
using BufferRef = std::uint32_t;
inline constexpr BufferRef kNoBuffer = ~BufferRef{0};

struct Frame {
  std::uint32_t size_bytes = 0;
  std::uint16_t id = 0;     // of the packet's first TX slot
  std::uint16_t flags = 0;  // XEN_NETTXF_* of that slot
  BufferRef buffer = kNoBuffer;
  std::uint16_t gso_size_bytes = 0;  // maximum segment size; 0: no segmentation asked for
  std::uint8_t gso_type = 0;
};

// Hands out page chains of one arena. With Payload::kNone all chains are one scratch page that is never written.
class FrameBuffers {
 public:
  FrameBuffers(PageArena& arena, Payload payload)
      : arena_(arena), next_(arena.pages(), kNoBuffer), scratch_(kNoBuffer) {
    if (payload == Payload::kNone) {
      scratch_ = arena.allocate().value();
      next_[scratch_] = scratch_;
    }
  }

  // kNoBuffer when the pages have run out.
  [[nodiscard]] BufferRef allocate(std::uint32_t size_bytes) {
    if (scratch_ != kNoBuffer) return scratch_;
    BufferRef head = kNoBuffer;
    for (std::uint32_t covered = 0; covered < size_bytes; covered += abi::XEN_PAGE_SIZE) {
      const auto page = arena_.allocate();
      if (!page) {
        release(head);
        return kNoBuffer;
      }
      next_[*page] = head;
      head = *page;
    }
    return head;
  }

  void release(BufferRef head) {
    if (scratch_ != kNoBuffer) return;
    while (head != kNoBuffer) {
      const BufferRef next = next_[head];
      arena_.free(head);
      head = next;
    }
  }

  // The page after this one; with Payload::kNone the same page again.
  [[nodiscard]] BufferRef next(BufferRef page) const noexcept { return next_[page]; }
  [[nodiscard]] std::span<const std::byte> bytes(BufferRef page) const noexcept { return arena_.page(page); }

 private:
  PageArena& arena_;
  std::vector<BufferRef> next_;
  BufferRef scratch_;
};

}  // namespace ringback
