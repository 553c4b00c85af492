// A back end's receive queue with a guest that a test plays slot by slot: the one mock peer for unit tests and hostile
// runs.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "memory/domain.h"
#include "memory/grant_copy.h"
#include "ring/front_ring.h"
#include "vif/rx_back.h"

namespace ringback {

struct RxRigOptions {
  Payload payload = Payload::kCopy;
  std::uint32_t buffer_pages = 1024;
  std::uint32_t ring_order = 0;
  abi::RING_IDX start = 0;
  TimeNs now = 0;
};

class RxRig final : public RxSink {
 public:
  static constexpr abi::domid_t kDriverDomain = 0;
  static constexpr abi::domid_t kGuest = 1;
  static constexpr std::uint32_t kGuestPages = 64;

  using Options = RxRigOptions;
  struct Lost {
    TimeNs now;
    Frame frame;
    RxDrop cause;
  };

  explicit RxRig(Options options = {})
      : ring_memory_(1u << options.ring_order),
        guest(std::make_shared<Domain>(kGuest, PageArena(kGuestPages), GrantTable(512, Sharing::kOneThread))),
        driver_domain(std::make_shared<Domain>(kDriverDomain, PageArena(options.buffer_pages),
                                               GrantTable(8, Sharing::kOneThread))),
        copier_(domains_, kDriverDomain, options.payload),
        buffers(driver_domain->arena, options.payload),
        all_buffer_pages(driver_domain->arena.free_pages()),
        ring((init_shared_ring(ring_memory_.memory(), options.start), ring_memory_.memory()), options.start),
        back(std::make_unique<RxBack>(*BackRing<RxRing>::attach(ring_memory_.memory()), kGuest, copier_, buffers, *this,
                                      options.now)) {
    static_cast<void>(domains_.add(guest) && domains_.add(driver_domain));
    for (std::uint32_t page = 0; page < kGuestPages; ++page)
      refs[page] = *guest->grants.grant_foreign_access(kDriverDomain, page, false);
  }

  // A slot that offers the guest's page; its id is free for the test to choose.
  [[nodiscard]] abi::netif_rx_request slot(std::uint32_t page, std::uint16_t id = 0) const {
    return {.id = id, .pad = 0, .gref = refs[page]};
  }
  void post(std::span<const abi::netif_rx_request> requests) {
    static_cast<void>(ring.put_requests(requests));
    ring.push_requests();
  }
  // Posts `count` pages from `first` on, each with its number + 100 as id.
  void post_pages(std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t page = first; page < first + count; ++page)
      ring.put_request(slot(page, static_cast<std::uint16_t>(page + 100)));
    ring.push_requests();
  }

  [[nodiscard]] std::span<std::byte> ring_bytes() const { return ring_memory_.memory(); }
  [[nodiscard]] abi::sring_header& header() const { return *reinterpret_cast<abi::sring_header*>(ring_bytes().data()); }

  // A frame in a buffer of its own, with whatever bytes are there: for tests that only count.
  [[nodiscard]] Frame blank_frame(std::uint32_t size_bytes, std::uint16_t id = 0) {
    return {.size_bytes = size_bytes, .buffer = buffers.allocate(size_bytes), .id = id};
  }
  // The same, whose bytes tell its id and the place.
  [[nodiscard]] Frame frame(std::uint32_t size_bytes, std::uint16_t id = 0) {
    const Frame made = blank_frame(size_bytes, id);
    if (!buffers.has_payload()) return made;
    std::uint32_t at = 0;
    for (BufferRef page = made.buffer; at < size_bytes; page = buffers.next(page))
      for (std::byte& byte : buffers.writable_bytes(page)) byte = byte_of(id, at++);
    return made;
  }
  [[nodiscard]] static std::byte byte_of(std::uint16_t id, std::uint32_t at) {
    return static_cast<std::byte>(id * 31u + at * 7u + (at >> 8));
  }
  // Queues a plain frame; false: the queue refused it and its buffer is gone again.
  bool queue(TimeNs now, std::uint32_t size_bytes, std::uint16_t id = 0) { return queue(now, frame(size_bytes, id)); }
  bool queue(TimeNs now, const Frame& made) {
    if (back->queue(now, made)) return true;
    buffers.release(made.buffer);
    return false;
  }
  // Whether the guest's page holds `size` bytes of frame `id` from byte `from` on.
  [[nodiscard]] bool holds(std::uint32_t page, std::uint16_t id, std::uint32_t from, std::uint32_t size) const {
    const auto bytes = guest->arena.page(page);
    for (std::uint32_t i = 0; i < size; ++i)
      if (bytes[i] != byte_of(id, from + i)) return false;
    return true;
  }

  // All responses that wait.
  std::vector<abi::netif_rx_response> responses() {
    std::vector<abi::netif_rx_response> all(ring.entries());
    all.resize(ring.consume_responses(all).count);
    return all;
  }

  [[nodiscard]] bool leaks() const {
    return driver_domain->arena.free_pages() != all_buffer_pages || guest->grants.pins() != 0;
  }

  void placed(TimeNs now, const Frame& placed_frame) override { placements.emplace_back(now, placed_frame); }
  void lost(TimeNs now, const Frame& lost_frame, RxDrop cause) override { losses.push_back({now, lost_frame, cause}); }

 private:
  PageArena ring_memory_;
  DomainTable domains_;

 public:
  std::shared_ptr<Domain> guest;
  std::shared_ptr<Domain> driver_domain;

 private:
  LocalGrantCopier copier_;

 public:
  FrameBuffers buffers;
  std::uint32_t all_buffer_pages;
  FrontRing<RxRing> ring;
  std::vector<std::pair<TimeNs, Frame>> placements;
  std::vector<Lost> losses;
  std::array<abi::grant_ref_t, kGuestPages> refs{};
  std::unique_ptr<RxBack> back;
};

}  // namespace ringback
