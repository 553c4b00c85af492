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

// What is known of a frame's transport checksum: each direction has flags of its own for it, with bits 0 and 1 swapped.
enum class Checksum : std::uint8_t {
  kUnknown,    // whoever receives the frame checks it
  kValidated,  // it was checked, or cannot have been damaged
  kBlank,      // only the pseudo header is summed: it is filled in before the frame goes onto a wire
};

struct Frame {
  std::uint32_t size_bytes = 0;
  BufferRef buffer = kNoBuffer;
  std::uint16_t id = 0;              // of the packet's first TX slot
  std::uint16_t gso_size_bytes = 0;  // maximum segment size; 0: no segmentation asked for
  std::uint8_t gso_type = 0;         // XEN_NETIF_GSO_TYPE_*
  Checksum checksum = Checksum::kUnknown;
  std::uint8_t hash_type = 0;  // XEN_NETIF_CTRL_HASH_TYPE_*'s number + 1; 0: no hash
  std::uint32_t hash_value = 0;
};

// Hands out page chains of one arena, each held by one or more. With Payload::kNone all chains are one scratch page
// that is never written.
class FrameBuffers {
 public:
  FrameBuffers(PageArena& arena, Payload payload)
      : arena_(arena), next_(arena.pages(), kNoBuffer), more_holders_(arena.pages(), 0), scratch_(kNoBuffer) {
    if (payload == Payload::kNone) {
      scratch_ = arena.allocate().value();
      next_[scratch_] = scratch_;
    }
  }

  // Whether frames have bytes of their own.
  [[nodiscard]] bool has_payload() const noexcept { return scratch_ == kNoBuffer; }

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

  // One more holder: release() is called once more. A bridge floods a frame so.
  void share(BufferRef head) {
    if (scratch_ == kNoBuffer) ++more_holders_[head];
  }

  // The last holder's gives the pages back.
  void release(BufferRef head) {
    if (scratch_ != kNoBuffer || head == kNoBuffer) return;
    if (more_holders_[head] > 0) {
      --more_holders_[head];
      return;
    }
    while (head != kNoBuffer) {
      const BufferRef next = next_[head];
      arena_.free(head);
      head = next;
    }
  }

  // The page after this one; with Payload::kNone the same page again.
  [[nodiscard]] BufferRef next(BufferRef page) const noexcept { return next_[page]; }
  [[nodiscard]] std::span<const std::byte> bytes(BufferRef page) const noexcept { return arena_.page(page); }
  // For whoever fills a new chain, as a NIC's DMA does. Requires: has_payload().
  [[nodiscard]] std::span<std::byte> writable_bytes(BufferRef page) noexcept { return arena_.page(page); }

 private:
  PageArena& arena_;
  std::vector<BufferRef> next_;
  std::vector<std::uint32_t> more_holders_;  // by a chain's first page
  BufferRef scratch_;
};

}  // namespace ringback
