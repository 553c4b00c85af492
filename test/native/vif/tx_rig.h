// A back end with a guest that a test plays slot by slot: the one mock peer for unit tests and hostile runs.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "memory/domain.h"
#include "memory/grant_copy.h"
#include "ring/front_ring.h"
#include "vif/frame.h"
#include "vif/tx_back.h"

namespace ringback {

struct TxRigOptions {
  Credit credit = {};
  Payload payload = Payload::kCopy;
  std::uint32_t buffer_pages = 2048;
  std::uint32_t ring_order = 0;
  abi::RING_IDX start = 0;
  Sharing sharing = Sharing::kOneThread;  // of the guest's grants
};

// What a hostile guest does while its pages are copied.
class TxRigCopier final : public GrantCopier {
 public:
  explicit TxRigCopier(LocalGrantCopier copier) : copier_(copier) {}
  void copy(std::span<abi::gnttab_copy> operations) override {
    if (meanwhile) meanwhile();
    copier_.copy(operations);
  }
  std::function<void()> meanwhile;

 private:
  LocalGrantCopier copier_;
};

class TxRig final : public FrameSink {
 public:
  static constexpr abi::domid_t kDriverDomain = 0;
  static constexpr abi::domid_t kGuest = 1;
  static constexpr std::uint32_t kGuestPages = 64;

  using Options = TxRigOptions;

  explicit TxRig(Options options = {})
      : ring_memory_(1u << options.ring_order),
        guest(std::make_shared<Domain>(kGuest, PageArena(kGuestPages), GrantTable(512, options.sharing))),
        driver_domain(std::make_shared<Domain>(kDriverDomain, PageArena(options.buffer_pages),
                                               GrantTable(8, Sharing::kOneThread))),
        copier(LocalGrantCopier(domains_, kDriverDomain, options.payload)),
        buffers(driver_domain->arena, options.payload),
        ring((init_shared_ring(ring_memory_.memory(), options.start), ring_memory_.memory()), options.start),
        vif{.guest = kGuest, .shaper = CreditShaper(options.credit), .multicast = {}},
        back_end(*BackRing<TxRing>::attach(ring_memory_.memory()), vif, copier, buffers, *this, batch) {
    static_cast<void>(domains_.add(guest) && domains_.add(driver_domain));
    static const std::vector<std::byte> bytes = guest_bytes();
    std::ranges::copy(bytes, guest->arena.memory().data());
    for (std::uint32_t frame = 0; frame < kGuestPages; ++frame)
      refs[frame] = *guest->grants.grant_foreign_access(kDriverDomain, frame, true);
  }
  ~TxRig() { release_frames(); }

  // What the guest's pages hold: bytes that tell their page and their place.
  [[nodiscard]] static std::vector<std::byte> guest_bytes() {
    std::vector<std::byte> bytes(kGuestPages * abi::XEN_PAGE_SIZE);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const std::size_t i = at % abi::XEN_PAGE_SIZE;
      bytes[at] = static_cast<std::byte>(at / abi::XEN_PAGE_SIZE * 31 + i * 7 + (i >> 8));
    }
    return bytes;
  }

  // A slot that sends part of the guest's page `frame`; its id is free for the test to choose.
  [[nodiscard]] abi::netif_tx_request slot(std::uint32_t frame, std::uint32_t size, std::uint16_t flags = 0,
                                           std::uint32_t offset = 0, std::uint16_t id = 0) const {
    return {refs[frame], static_cast<std::uint16_t>(offset), flags, id, static_cast<std::uint16_t>(size)};
  }

  [[nodiscard]] std::span<std::byte> ring_bytes() const { return ring_memory_.memory(); }
  [[nodiscard]] abi::sring_header& header() const { return *reinterpret_cast<abi::sring_header*>(ring_bytes().data()); }

  void push(std::span<const abi::netif_tx_request> requests) {
    static_cast<void>(ring.put_requests(requests));
    static_cast<void>(ring.push_requests_and_check_notify());
  }

  // All responses that wait.
  std::vector<abi::netif_tx_response> responses() {
    std::vector<abi::netif_tx_response> all(ring.entries());
    all.resize(ring.consume_responses(all).count);
    return all;
  }

  // The bytes that a frame's buffer holds.
  [[nodiscard]] std::vector<std::byte> bytes_of(const Frame& frame) const {
    std::vector<std::byte> bytes;
    for (BufferRef page = frame.buffer; bytes.size() < frame.size_bytes; page = buffers.next(page)) {
      const std::span<const std::byte> all = buffers.bytes(page);
      const auto part = all.first(std::min<std::size_t>(all.size(), frame.size_bytes - bytes.size()));
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return bytes;
  }
  void append_guest_bytes(std::vector<std::byte>& to, std::uint32_t frame, std::size_t offset, std::size_t size) const {
    const auto page = guest->arena.page(frame);
    to.insert(to.end(), page.begin() + static_cast<std::ptrdiff_t>(offset),
              page.begin() + static_cast<std::ptrdiff_t>(offset + size));
  }
  void release_frames() {
    for (const Frame& frame : frames) buffers.release(frame.buffer);
    frames.clear();
  }

  void transmit(TimeNs, std::span<const Frame> sent) override { frames.insert(frames.end(), sent.begin(), sent.end()); }
  void dropped(TimeNs, const Frame& frame) override { drops.push_back(frame); }

 private:
  PageArena ring_memory_;
  DomainTable domains_;

 public:
  std::shared_ptr<Domain> guest;
  std::shared_ptr<Domain> driver_domain;
  TxRigCopier copier;
  FrameBuffers buffers;
  FrontRing<TxRing> ring;
  VifState vif;
  TxBatch batch;
  TxBack back_end;
  std::array<abi::grant_ref_t, kGuestPages> refs{};
  std::vector<Frame> frames;
  std::vector<Frame> drops;
};

}  // namespace ringback
