// A whole vif's back end with a guest that a test plays slot by slot, on every ring.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "memory/domain.h"
#include "memory/grant_copy.h"
#include "ring/front_ring.h"
#include "vif/back_end.h"

namespace ringback {

struct VifRigOptions {
  std::uint32_t queues = 2;
  Credit credit = {};
  bool control = false;
  Sharing sharing = Sharing::kOneThread;  // of the guest's grants
};

class VifRig {
 public:
  static constexpr abi::domid_t kDriverDomain = 0;
  static constexpr abi::domid_t kGuest = 1;
  static constexpr std::uint32_t kGuestPages = 64;

  struct Queue final : FrameSink, RxSink {
    explicit Queue(FrameBuffers& frame_buffers)
        : buffers(frame_buffers),
          tx((init_shared_ring(memory.page(0)), memory.page(0))),
          rx(new_ring(memory.page(1))) {}
    static std::span<std::byte> new_ring(std::span<std::byte> page) {
      init_shared_ring(page);
      return page;
    }
    void transmit(TimeNs, std::span<const Frame> sent) override {
      for (const Frame& frame : sent) {
        ++frames;
        bytes += frame.size_bytes;
        buffers.release(frame.buffer);
      }
    }
    void dropped(TimeNs, const Frame&) override { ++drops; }
    void placed(TimeNs, const Frame& frame) override { placements.push_back(frame); }
    void lost(TimeNs, const Frame&, RxDrop cause) override { losses.push_back(cause); }

    FrameBuffers& buffers;
    PageArena memory{2};
    FrontRing<TxRing> tx;
    FrontRing<RxRing> rx;
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
    std::uint64_t drops = 0;
    std::vector<Frame> placements;
    std::vector<RxDrop> losses;
  };

  using Options = VifRigOptions;

  explicit VifRig(Options options = {})
      : guest(std::make_shared<Domain>(kGuest, PageArena(kGuestPages), GrantTable(512, options.sharing))),
        driver_domain(std::make_shared<Domain>(kDriverDomain, PageArena(2048), GrantTable(8, Sharing::kOneThread))),
        copier_(domains_, kDriverDomain, Payload::kCopy),
        scratch_(driver_domain->arena.allocate().value()),
        buffers(driver_domain->arena, Payload::kCopy),
        all_pages(driver_domain->arena.free_pages()),
        has_control_(options.control),
        control((init_shared_ring(control_memory_.page(0)), control_memory_.page(0))),
        back_end({.guest = kGuest,
                  .shaper = CreditShaper(options.credit),
                  .grants = copier_,
                  .buffers = buffers,
                  .tx_batch = batch_}) {
    static_cast<void>(domains_.add(guest) && domains_.add(driver_domain));
    for (std::uint32_t page = 0; page < kGuestPages; ++page)
      refs[page] = *guest->grants.grant_foreign_access(kDriverDomain, page, false);
    for (std::uint32_t i = 0; i < options.queues; ++i) queues.push_back(std::make_unique<Queue>(buffers));
  }

  // Connects to the rings as they are.
  [[nodiscard]] bool connect(TimeNs now = 0) {
    std::vector<BackEnd::Queue> rings;
    for (const auto& queue : queues)
      rings.push_back(
          {.tx_ring = queue->memory.page(0), .rx_ring = queue->memory.page(1), .sink = *queue, .rx_sink = *queue});
    const BackEnd::Control ctrl{
        .ring = control_memory_.page(0), .grants = copier_, .scratch = {scratch_, driver_domain->arena.page(scratch_)}};
    return back_end.connect(now, rings, has_control_ ? &ctrl : nullptr);
  }

  // The guest sends `count` frames of one slot each, or as many as there is room for.
  void send(std::uint32_t queue, std::uint32_t count, std::uint16_t size = 1000, std::uint16_t offset = 0) {
    for (std::uint32_t i = 0; i < count && queues[queue]->tx.free_requests() > 0; ++i)
      queues[queue]->tx.put_request({refs[i % kGuestPages], offset, 0, static_cast<std::uint16_t>(i), size});
    static_cast<void>(queues[queue]->tx.push_requests_and_check_notify());
  }
  // A frame of one slot that crosses its page: fatal.
  void send_fatal(std::uint32_t queue) { send(queue, 1, 100, 4000); }
  // All responses that wait, taken off the ring so that its slots are free again.
  std::vector<abi::netif_tx_response> answers(std::uint32_t queue) {
    std::vector<abi::netif_tx_response> all(queues[queue]->tx.entries());
    all.resize(queues[queue]->tx.consume_responses(all).count);
    return all;
  }

  void post(std::uint32_t queue, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
      queues[queue]->rx.put_request({.id = static_cast<std::uint16_t>(i), .pad = 0, .gref = refs[i % kGuestPages]});
    queues[queue]->rx.push_requests();
  }
  // A frame for the guest, whose header is its first bytes. What is not taken is released.
  BackEnd::Accepted receive(TimeNs now, std::uint32_t size, std::span<const std::byte> header) {
    const Frame frame{.size_bytes = size, .buffer = buffers.allocate(size)};
    const BackEnd::Accepted accepted = back_end.receive(now, frame, header);
    if (accepted.result != BackEnd::Received::kQueued) buffers.release(frame.buffer);
    return accepted;
  }
  void push_control(std::uint16_t type, std::uint32_t data) {
    control.put_request({1, type, {data}});
    control.push_requests();
  }

  [[nodiscard]] static abi::sring_header& header_of(std::span<std::byte> ring) {
    return *reinterpret_cast<abi::sring_header*>(ring.data());
  }
  [[nodiscard]] abi::sring_header& tx_header(std::uint32_t queue) { return header_of(queues[queue]->memory.page(0)); }
  [[nodiscard]] abi::sring_header& rx_header(std::uint32_t queue) { return header_of(queues[queue]->memory.page(1)); }
  [[nodiscard]] abi::sring_header& control_header() { return header_of(control_memory_.page(0)); }

  [[nodiscard]] bool leaks() const {
    return driver_domain->arena.free_pages() != all_pages || guest->grants.pins() != 0;
  }

 private:
  DomainTable domains_;
  PageArena control_memory_{1};

 public:
  std::shared_ptr<Domain> guest;
  std::shared_ptr<Domain> driver_domain;

 private:
  LocalGrantCopier copier_;
  TxBatch batch_;
  std::uint32_t scratch_;

 public:
  FrameBuffers buffers;
  std::uint32_t all_pages;

 private:
  bool has_control_;

 public:
  FrontRing<CtrlRing> control;
  std::vector<std::unique_ptr<Queue>> queues;
  std::array<abi::grant_ref_t, kGuestPages> refs{};
  BackEnd back_end;
};

}  // namespace ringback
