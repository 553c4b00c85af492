// The guest's side of one TX queue, as Linux's netfront: puts frames on the ring, a granted page a slot.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "abi/grant_table.h"
#include "memory/domain.h"
#include "ring/front_ring.h"
#include "vif/extra_info.h"
#include "vif/fault.h"
#include "vif/frame.h"
#include "vif/multicast_list.h"

namespace ringback {

// The back end is trusted with the frames it is granted and with nothing else: what it answers is checked.
//
// Threads: one.
//
// Invariants:
// 1. A slot's id names the page that it sends and is not given out again before its response.
// 2. A page is granted, readonly, exactly while its id is out.
class TxFront {
 public:
  struct Options {
    Domain& guest;                 // its memory gives the ring and the pages, its grant table the references
    abi::domid_t back_end;         // who may read the pages
    std::uint32_t ring_order = 0;  // the ring has 2^order pages
    bool shared_page = false;      // all ids send one page: for worlds that move no payload
    bool always_notify = false;    // of each request published, whether the back end asked to be or not
    std::uint32_t slots = 0;       // data slots that may wait for responses, up to all of the ring's; 0: all
  };
  // The largest frame's data slots.
  static constexpr std::uint32_t kLeastSlots = 17;

  // Allocates and initialises the ring, and a page an id.
  //
  // Requires: the guest has pages_needed() free pages, of which some 2^ring_order are contiguous; kLeastSlots <= slots
  //           unless 0.
  explicit TxFront(const Options& options);
  TxFront(const TxFront&) = delete;
  TxFront& operator=(const TxFront&) = delete;
  // Ends all grants and frees all pages but those that somebody still uses, which are never used again.
  //
  // Requires: the ring is used by nobody.
  ~TxFront();

  // How many ids there are, and grants at once.
  [[nodiscard]] static std::uint32_t ids(std::uint32_t ring_order, std::uint32_t slots = 0) noexcept;
  [[nodiscard]] static std::uint32_t pages_needed(std::uint32_t ring_order, bool shared_page,
                                                  std::uint32_t slots = 0) noexcept;

  [[nodiscard]] std::span<std::byte> ring_memory() noexcept { return ring_memory_; }

  // Whether the frame fits on the ring now.
  [[nodiscard]] bool has_room(const Frame& frame) const noexcept {
    const std::uint32_t data = data_slots(frame);
    return fault_ == Fault::kNone && data <= free_ids_.size() && data + extra_slots(frame) <= ring_.free_requests();
  }
  [[nodiscard]] bool has_control_room() const noexcept;

  // The page that data slot `i` of the next frame will send: whoever transmits writes the frame there first.
  //
  // Requires: has_room() for a frame with that slot; no shared page.
  [[nodiscard]] std::span<std::byte> next_page(std::uint32_t i) noexcept {
    RB_ASSERT(!shared_page_ && i < free_ids_.size());
    return guest_.arena.page(page_of(free_ids_[free_ids_.size() - 1 - i]));
  }

  // Puts a frame's slots on the ring: its first slot, an extra for segmentation and one for the hash where the frame
  // has them, then a slot for each further page. Returns the first slot's id. frame.buffer and frame.id mean nothing
  // here.
  //
  // Units:    size_bytes 14 .. 65535.
  // Requires: has_room(frame).
  std::uint16_t transmit(const Frame& frame);

  // Asks the back end to pass (or no longer to pass) frames to a group address.
  //
  // Requires: has_control_room().
  void request_multicast(bool add, const MulticastList::Address& address);

  // Publishes what was put; returns whether the back end must be notified.
  [[nodiscard]] bool push() noexcept {
    const bool published = always_notify_ && ring_.has_unpublished_requests();
    return ring_.push_requests_and_check_notify() || published;
  }

  // The ids of the next slots, in the order in which they are given out. As many as are free, up to `most`.
  template <class Each>
  void for_next_ids(std::size_t most, Each&& each) const noexcept {
    const std::size_t count = std::min(most, free_ids_.size());
    for (std::size_t i = 1; i <= count; ++i) each(free_ids_[free_ids_.size() - i]);
  }

  // Whether a push may notify the back end.
  [[nodiscard]] bool is_notification_wanted() const noexcept {
    return always_notify_ || ring_.is_notification_wanted();
  }

  // Takes all responses and asks to be notified of the next one. Revokes the grants and frees the ids.
  //
  // Errors: fault() when the back end answered what it was not asked; the vif is dead then.
  void reap();

  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  // Slots that were answered with anything but OKAY.
  [[nodiscard]] std::uint64_t error_responses() const noexcept { return error_responses_; }

 private:
  static constexpr abi::grant_ref_t kNotGranted = 0;  // a reserved reference: never given out

  [[nodiscard]] static std::uint32_t data_slots(const Frame& frame) noexcept {
    return (frame.size_bytes + abi::XEN_PAGE_SIZE - 1) >> abi::XEN_PAGE_SHIFT;
  }
  [[nodiscard]] std::uint32_t page_of(std::uint16_t id) const noexcept { return pages_[shared_page_ ? 0u : id]; }
  std::uint16_t put_slot(std::uint32_t size_bytes, std::uint16_t flags);
  void put_extra(const abi::netif_extra_info& extra);
  void take_response(const abi::netif_tx_response& response);

  Domain& guest_;
  abi::domid_t back_end_;
  bool shared_page_;
  bool always_notify_;
  std::span<std::byte> ring_memory_;
  FrontRing<TxRing> ring_;
  Fault fault_ = Fault::kNone;
  std::uint32_t extras_out_ = 0;  // extra-info slots that are not answered yet
  std::uint64_t error_responses_ = 0;
  std::vector<std::uint32_t> pages_;       // by id: a frame of the guest's; with a shared page only one
  std::vector<std::uint16_t> free_ids_;    // a stack: the page used last is the hottest
  std::vector<abi::grant_ref_t> granted_;  // by id
};

}  // namespace ringback
