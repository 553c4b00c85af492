// The guest's side of one vif, as Linux's netfront: puts frames on the TX ring, a granted page a slot.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "abi/grant_table.h"
#include "memory/domain.h"
#include "ring/front_ring.h"
#include "vif/fault.h"

namespace ringback {

// The back end is trusted with the frames it is granted and with nothing else: what it answers is checked.
//
// Threads: one.
//
// Invariants:
// 1. A slot's id names the page that it sends and is not given out again before its response.
// 2. A page is granted, readonly, exactly while its id is out.
class FrontEnd {
 public:
  struct Options {
    Domain& guest;                 // its memory gives the ring and the pages, its grant table the references
    abi::domid_t back_end;         // who may read the pages
    std::uint32_t ring_order = 0;  // the ring has 2^order pages
    bool shared_page = false;      // all ids send one page: for worlds that move no payload
  };

  // Allocates and initialises the ring, and a page an id.
  //
  // Requires: a fresh guest with pages_needed() contiguous pages, whose lowest frames come first.
  explicit FrontEnd(const Options& options);
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;
  ~FrontEnd();

  [[nodiscard]] static std::uint32_t entries(std::uint32_t ring_order) noexcept;
  [[nodiscard]] static std::uint32_t pages_needed(std::uint32_t ring_order, bool shared_page) noexcept;

  [[nodiscard]] std::span<std::byte> ring_memory() noexcept { return ring_memory_; }

  // Whether a frame of this size fits on the ring now.
  [[nodiscard]] bool has_room(std::uint32_t size_bytes) const noexcept {
    return fault_ == Fault::kNone && slots_for(size_bytes) <= free_ids_.size();
  }

  // Writes the header into the frame's first page and puts its slots on the ring. What follows the header is whatever
  // the pages hold. Returns the first slot's id.
  //
  // Units:    size_bytes 14 .. 65535.
  // Requires: has_room(size_bytes); header.size() <= size_bytes and one page.
  std::uint16_t transmit(std::span<const std::byte> header, std::uint32_t size_bytes);

  // Publishes what was put; returns whether the back end must be notified.
  [[nodiscard]] bool push() noexcept { return ring_.push_requests_and_check_notify(); }

  // Takes all responses and asks to be notified of the next one. Revokes the grants and frees the ids.
  //
  // Errors: fault() when the back end answered what it was not asked; the vif is dead then.
  void reap();

  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  // Slots that were answered with anything but OKAY.
  [[nodiscard]] std::uint64_t error_responses() const noexcept { return error_responses_; }

 private:
  static constexpr abi::grant_ref_t kNotGranted = 0;  // a reserved reference: never given out

  [[nodiscard]] static std::uint32_t slots_for(std::uint32_t size_bytes) noexcept;
  [[nodiscard]] std::uint32_t frame_of(std::uint16_t id) const noexcept;
  void put_slot(std::uint32_t size_bytes, std::uint16_t flags);
  void take_response(const abi::netif_tx_response& response);

  Domain& guest_;
  abi::domid_t back_end_;
  bool shared_page_;
  std::uint32_t first_page_;
  std::span<std::byte> ring_memory_;
  FrontRing<TxRing> ring_;
  Fault fault_ = Fault::kNone;
  std::uint64_t error_responses_ = 0;
  std::vector<std::uint16_t> free_ids_;    // a stack: the page used last is the hottest
  std::vector<abi::grant_ref_t> granted_;  // by id
};

}  // namespace ringback
