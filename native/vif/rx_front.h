// The guest's receive direction of one queue, as Linux's netfront: posts a granted page a slot, takes frames back.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "abi/grant_table.h"
#include "memory/domain.h"
#include "ring/front_ring.h"
#include "vif/fault.h"
#include "vif/frame.h"
#include "vif/rx_packet.h"

namespace ringback {

// A frame in the guest's pages, which nobody else can write any more.
struct RxFrame {
  std::uint32_t size_bytes = 0;
  Checksum checksum = Checksum::kUnknown;
  std::uint8_t gso_type = 0;         // XEN_NETIF_GSO_TYPE_*
  std::uint16_t gso_size_bytes = 0;  // 0: no segmentation
  std::uint8_t hash_type = 0;        // XEN_NETIF_CTRL_HASH_TYPE_*'s number + 1; 0: no hash
  std::uint32_t hash_value = 0;
  std::span<const std::span<const std::byte>> parts;  // its bytes in order; a part may be empty
};

// Where a guest's frames go. The parts are good until the call returns; it may not call the queue.
class RxConsumer {
 public:
  virtual ~RxConsumer() = default;
  virtual void received(const RxFrame& frame) = 0;
};

// The back end is trusted with the pages it is granted until it answers and with nothing else: what it answers is
// checked, and no byte is looked at while the back end could still write it.
//
// Threads: one.
//
// Invariants:
// 1. Ring position p, an index modulo entries, is posted with id p and with page p: an extra's response carries no id.
// 2. A page is granted, writable, exactly from its post to its response.
class RxFront {
 public:
  struct Options {
    Domain& guest;                 // its memory gives the ring and the pages, its grant table the references
    abi::domid_t back_end;         // who may write the pages
    std::uint32_t ring_order = 0;  // the ring has 2^order pages
    bool shared_page = false;      // all slots post one page: for worlds that move no payload
    bool always_notify = false;    // of each request published, whether the back end asked to be or not
    abi::RING_IDX ring_start = 0;  // both producers' first index; Xen starts at 0
  };

  // Allocates and initialises the ring and its pages; posts nothing.
  //
  // Requires: pages_needed() free pages, of which some 2^ring_order are contiguous.
  explicit RxFront(const Options& options);
  RxFront(const RxFront&) = delete;
  RxFront& operator=(const RxFront&) = delete;
  // Ends all grants and frees all pages but those that somebody still uses, which are never used again.
  //
  // Requires: the ring is used by nobody.
  ~RxFront();

  [[nodiscard]] static std::uint32_t entries(std::uint32_t ring_order) noexcept;
  [[nodiscard]] static std::uint32_t pages_needed(std::uint32_t ring_order, bool shared_page) noexcept;

  [[nodiscard]] std::span<std::byte> ring_memory() noexcept { return ring_memory_; }

  // Grants, puts and pushes as many pages as there is room and references for; returns whether the back end must be
  // notified.
  [[nodiscard]] bool post() { return post(ring_.entries()); }

  // At most so many.
  //
  // Requires: not from inside a consumer.
  [[nodiscard]] bool post(std::uint32_t most);

  // Takes all responses and asks to be notified of the next one. Of each whole frame first all grants are ended, then
  // the consumer gets it. Its slots are free to be posted afterwards. Returns whether there was any response.
  //
  // Errors: fault() when the back end did what cannot be valid; nothing is taken or posted any more then.
  bool receive(RxConsumer& consumer);

  // Slots that are posted and not answered yet.
  [[nodiscard]] std::uint32_t posted() const noexcept { return ring_.entries() - ring_.free_requests(); }
  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  // Frames that the back end could not deliver whole.
  [[nodiscard]] std::uint64_t error_frames() const noexcept { return error_frames_; }

 private:
  static constexpr abi::grant_ref_t kNotGranted = 0;  // a reserved reference: never given out

  [[nodiscard]] std::uint32_t page_of(std::uint32_t position) const noexcept {
    return pages_[shared_page_ ? 0 : position];
  }
  void take_responses(std::span<const abi::netif_rx_response> responses, abi::RING_IDX first, RxConsumer& consumer);
  [[nodiscard]] bool end_grants(abi::RING_IDX first, std::uint32_t slots);
  void deliver(const RxPacket& packet, abi::RING_IDX first, RxConsumer& consumer);

  Domain& guest_;
  abi::domid_t back_end_;
  bool shared_page_;
  bool always_notify_;
  bool receiving_ = false;
  Fault fault_ = Fault::kNone;
  std::span<std::byte> ring_memory_;
  FrontRing<RxRing> ring_;
  std::uint64_t error_frames_ = 0;
  std::vector<std::uint32_t> pages_;               // by position: a frame of the guest's; with a shared page only one
  std::vector<abi::grant_ref_t> granted_;          // by position
  std::vector<abi::netif_rx_response> responses_;  // copied off the ring; as many as it holds
};

}  // namespace ringback
