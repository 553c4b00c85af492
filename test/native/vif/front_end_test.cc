#include "vif/front_end.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "native/vif/header_fixture.h"
#include "vif/back_end.h"

using namespace ringback;

namespace {

constexpr abi::domid_t kBack = 0;

std::shared_ptr<Domain> guest_for(const FrontEnd::Layout& layout, std::uint32_t more_pages = 0) {
  return std::make_shared<Domain>(
      abi::domid_t{1}, PageArena(FrontEnd::pages_needed(layout) + more_pages),
      GrantTable(abi::GNTTAB_NR_RESERVED_ENTRIES + FrontEnd::grants_needed(layout), Sharing::kOneThread));
}

const std::vector<FrontEnd::Layout> kLayouts = {
    {},
    {.queues = 3, .ring_order = 1},
    {.queues = 2, .control_ring = true},
    {.queues = 4, .ring_order = 2, .shared_page = true, .control_ring = true},
};

}  // namespace

TEST_CASE("front end: takes all of the pages that it asks for, and gives them all back") {
  for (const FrontEnd::Layout& layout : kLayouts) {
    const auto guest = guest_for(layout);
    for (int again = 0; again < 3; ++again) {
      FrontEnd front(*guest, kBack, layout);
      CHECK(front.queues() == layout.queues);
      CHECK((front.control() != nullptr) == layout.control_ring);
      CHECK(guest->arena.free_pages() == 0);
    }
    CHECK(guest->arena.free_pages() == guest->arena.pages());
  }
}

TEST_CASE("front end: the references that it asks for are enough for full rings") {
  for (const FrontEnd::Layout& layout : kLayouts) {
    const auto guest = guest_for(layout);
    FrontEnd front(*guest, kBack, layout);
    for (std::uint32_t queue = 0; queue < layout.queues; ++queue) {
      static_cast<void>(front.rx(queue).post());
      CHECK(front.rx(queue).posted() == RxFront::entries(layout.ring_order));
      while (front.tx(queue).has_room({.size_bytes = 60}))
        static_cast<void>(front.tx(queue).transmit({.size_bytes = 60}));
    }
    if (front.control()) static_cast<void>(front.control()->set_key(kDefaultHashKey));
    CHECK(guest->grants.in_use() == FrontEnd::grants_needed(layout));
  }
}

TEST_CASE("front end: the fault of any queue and of the control ring is the vif's") {
  const FrontEnd::Layout layout{.queues = 2, .control_ring = true};
  for (int ring = 0; ring < 3; ++ring) {
    const auto guest = guest_for(layout);
    FrontEnd front(*guest, kBack, layout);
    CHECK(front.fault() == Fault::kNone);
    struct Nobody final : RxConsumer {
      void received(const RxFrame&) override {}
    } nobody;
    const auto memory = ring == 0   ? front.tx(1).ring_memory()
                        : ring == 1 ? front.rx(1).ring_memory()
                                    : front.control()->ring_memory();
    reinterpret_cast<abi::sring_header*>(memory.data())->rsp_prod = 1;  // an answer that nobody asked for
    front.tx(1).reap();
    static_cast<void>(front.rx(1).receive(nobody));
    static_cast<void>(front.control()->poll());
    CHECK(fault_name(front.fault()) == fault_name(Fault::kResponseOverflow));
  }
}

namespace {

// Takes frames from both sides of a vif.
struct Ends final : FrameSink, RxSink, RxConsumer {
  explicit Ends(FrameBuffers& frame_buffers) : buffers(frame_buffers) {}
  void transmit(TimeNs, std::span<const Frame> frames) override {
    for (const Frame& frame : frames) {
      const auto page = buffers.bytes(frame.buffer);
      sent.emplace_back(page.begin(), page.begin() + frame.size_bytes);
      buffers.release(frame.buffer);
    }
  }
  void dropped(TimeNs, const Frame&) override { ++drops; }
  void placed(TimeNs, const Frame&) override {}
  void lost(TimeNs, const Frame&, RxDrop) override { ++drops; }
  void received(const RxFrame& frame) override {
    std::vector<std::byte>& bytes = taken.emplace_back();
    for (const auto part : frame.parts) bytes.insert(bytes.end(), part.begin(), part.end());
  }
  FrameBuffers& buffers;
  std::vector<std::vector<std::byte>> sent;
  std::vector<std::vector<std::byte>> taken;
  int drops = 0;
};

}  // namespace

TEST_CASE("front end and back end together: two queues, both directions, a mapping that the guest set") {
  const FrontEnd::Layout layout{.queues = 2, .control_ring = true};
  const auto guest = guest_for(layout);
  const auto driver = std::make_shared<Domain>(kBack, PageArena(64), GrantTable(8, Sharing::kOneThread));
  DomainTable domains;
  REQUIRE(domains.add(guest));
  REQUIRE(domains.add(driver));
  LocalGrantCopier copier(domains, kBack, Payload::kCopy);
  const std::uint32_t scratch = driver->arena.allocate().value();
  FrameBuffers buffers(driver->arena, Payload::kCopy);
  FrontEnd front(*guest, kBack, layout);
  Ends ends(buffers);
  TxBatch batch;
  BackEnd back({.guest = 1, .shaper = CreditShaper(), .grants = copier, .buffers = buffers, .tx_batch = batch});
  std::vector<BackEnd::Queue> queues;
  for (std::uint32_t queue = 0; queue < 2; ++queue)
    queues.push_back({front.tx(queue).ring_memory(), front.rx(queue).ring_memory(), ends, ends});
  const BackEnd::Control control{front.control()->ring_memory(), copier, {scratch, driver->arena.page(scratch)}};
  REQUIRE(back.connect(0, queues, &control));

  static_cast<void>(front.control()->configure({.mapping = {1}}));  // everything to queue 1
  auto next = CtrlFront::Next::kWaiting;
  for (int i = 0; i < 10 && next == CtrlFront::Next::kWaiting; ++i) {
    static_cast<void>(back.poll_control());
    next = front.control()->poll().next;
  }
  CHECK(next == CtrlFront::Next::kConfigured);

  for (std::uint32_t queue = 0; queue < 2; ++queue) {
    std::memset(front.tx(queue).next_page(0).data(), static_cast<int>(queue + 1), 100);
    static_cast<void>(front.tx(queue).transmit({.size_bytes = 100}));
    CHECK(front.tx(queue).push());
    CHECK(back.poll_tx(queue, 0).notify);
    front.tx(queue).reap();
    static_cast<void>(front.rx(queue).post());
  }
  REQUIRE(ends.sent.size() == 2);
  CHECK(ends.sent[1] == std::vector<std::byte>(100, std::byte{2}));

  const auto header = test::make_header({test::ipv4(10, 0, 0, 1), test::ipv4(10, 0, 1, 1), 1000, 80});
  const auto size_bytes = static_cast<std::uint32_t>(header.size());
  const BufferRef buffer = buffers.allocate(size_bytes);
  std::memcpy(buffers.writable_bytes(buffer).data(), header.data(), header.size());
  const auto accepted = back.receive(0, {.size_bytes = size_bytes, .buffer = buffer}, header);
  CHECK(accepted.result == BackEnd::Received::kQueued);
  CHECK(accepted.queue == 1);
  CHECK(back.run_rx(1, 0).notify);
  CHECK(front.rx(1).receive(ends));
  REQUIRE(ends.taken.size() == 1);
  CHECK(ends.taken[0] == header);
  CHECK(ends.drops == 0);
  CHECK(front.fault() == Fault::kNone);
  back.disconnect(0);
  CHECK(driver->arena.free_pages() == 63);
}
