// What one poll of a TX queue works on.
#pragma once
#include <array>
#include <cstdint>

#include "abi/grant_table.h"
#include "abi/netif.h"
#include "vif/frame.h"

namespace ringback {

// Nothing in it outlives a poll, so all queues that one thread polls work on the same one, and it stays in the cache.
//
// Threads: one.
struct TxBatch {
  static constexpr std::uint32_t kWindowSlots = 256;
  // NAPI's weight: packets a poll.
  static constexpr std::uint32_t kFrames = 64;
  static constexpr std::uint32_t kCopies = 256;

  // A data slot that waits for its copies' statuses.
  struct Slot {
    std::uint16_t id;
    std::uint16_t copies;
  };
  struct Built {
    Frame frame;
    std::uint16_t slots;
    std::uint16_t extra_slots;
  };

  // Requests copied off the ring and not yet looked at: [window_begin, window_end) of window.
  std::uint32_t window_begin = 0;
  std::uint32_t window_end = 0;
  std::uint32_t built_count = 0;
  std::uint32_t slot_count = 0;
  std::uint32_t copy_count = 0;
  std::array<abi::netif_tx_request, kWindowSlots> window;
  std::array<Built, kFrames> built;
  std::array<Slot, kCopies> slots;
  std::array<abi::gnttab_copy, kCopies> copies;
  std::array<Frame, kFrames> frames;  // whose bytes all arrived
};

}  // namespace ringback
