// A guest and its back end on threads of their own, both directions and two queues at once. ThreadSanitizer runs this.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "memory/domain.h"
#include "memory/grant_copy.h"
#include "native/ring/doorbell.h"
#include "net/packet_header.h"
#include "sim/payload.h"
#include "vif/back_end.h"
#include "vif/front_end.h"

using namespace ringback;
using ringback::test::Doorbell;

namespace {

constexpr std::uint32_t kFrames = 6000;
constexpr std::uint32_t kFlows = 16;
constexpr std::uint32_t kQueues = 2;
constexpr std::uint32_t kMostOnTheWay = 300'000;  // bytes: below what a queue to the guest takes
constexpr FrontEnd::Layout kLayout{.queues = kQueues};

// Frame n, the same for both threads: its flow's header, its number, then bytes that follow from the number.
std::uint32_t size_of(std::uint32_t n) { return 100 + (n * 2654435761u >> 19); }  // up to 8291
std::vector<std::byte> frame_bytes(std::uint32_t n) {
  std::vector<std::byte> bytes(size_of(n));
  const FlowHeader header =
      make_header({.from = {1}, .to = {}, .flow = n % kFlows, .size_bytes = static_cast<std::uint32_t>(bytes.size())});
  std::memcpy(bytes.data(), header.bytes.data(), header.size_bytes);
  std::memcpy(bytes.data() + header.size_bytes, &n, sizeof n);
  fill_payload(n, 0, std::span(bytes).subspan(header.size_bytes + sizeof n));
  return bytes;
}

// Whether the frame is a whole one, the next of its flow.
class Sequence {
 public:
  [[nodiscard]] bool accepts(std::span<const std::byte> bytes) {
    std::uint32_t n = 0;
    if (bytes.size() < kUdpHeaderBytes + sizeof n) return false;
    std::memcpy(&n, bytes.data() + kUdpHeaderBytes, sizeof n);
    if (n >= kFrames || n != next_[n % kFlows]) return false;
    next_[n % kFlows] += kFlows;
    const auto wanted = frame_bytes(n);
    return std::ranges::equal(bytes, wanted);
  }

 private:
  std::array<std::uint32_t, kFlows> next_ = [] {
    std::array<std::uint32_t, kFlows> first{};
    for (std::uint32_t flow = 0; flow < kFlows; ++flow) first[flow] = flow;
    return first;
  }();
};

// The driver domain sends every frame back to where it came from.
struct Echo final : FrameSink, RxSink {
  Echo(BackEnd& vif, FrameBuffers& frame_buffers) : back_end(vif), buffers(frame_buffers) {}

  void transmit(TimeNs now, std::span<const Frame> frames) override {
    for (const Frame& frame : frames) {
      std::vector<std::byte> bytes;
      for (BufferRef page = frame.buffer; bytes.size() < frame.size_bytes; page = buffers.next(page)) {
        const auto part = buffers.bytes(page);
        const auto count = std::min<std::size_t>(part.size(), frame.size_bytes - bytes.size());
        bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
      }
      wrong += sequence.accepts(bytes) ? 0 : 1;
      const auto header = std::span<const std::byte>(bytes).first(std::min<std::size_t>(bytes.size(), 128));
      if (back_end.receive(now, frame, header).result == BackEnd::Received::kQueued) continue;
      ++wrong;
      buffers.release(frame.buffer);
    }
  }
  void dropped(TimeNs, const Frame&) override { ++wrong; }
  void placed(TimeNs, const Frame&) override {}
  void lost(TimeNs, const Frame&, RxDrop) override { ++wrong; }

  BackEnd& back_end;
  FrameBuffers& buffers;
  Sequence sequence;
  std::uint32_t wrong = 0;
};

struct Guest final : RxConsumer {
  void received(const RxFrame& frame) override {
    std::vector<std::byte> bytes;
    for (const auto part : frame.parts) bytes.insert(bytes.end(), part.begin(), part.end());
    wrong += sequence.accepts(bytes) ? 0 : 1;
    on_the_way -= static_cast<std::uint32_t>(bytes.size());
    ++done;
  }

  // Puts what there is room for; returns how many frames.
  std::uint32_t send(FrontEnd& front, Doorbell& back_end) {
    std::uint32_t put = 0;
    while (sent < kFrames && on_the_way + size_of(sent) <= kMostOnTheWay) {
      TxFront& tx = front.tx(sent % kFlows % kQueues);  // a flow keeps its queue
      const auto bytes = frame_bytes(sent);
      if (!tx.has_room({.size_bytes = static_cast<std::uint32_t>(bytes.size())})) break;
      for (std::uint32_t at = 0; at < bytes.size(); at += abi::XEN_PAGE_SIZE) {
        const auto count = std::min<std::size_t>(bytes.size() - at, abi::XEN_PAGE_SIZE);
        std::memcpy(tx.next_page(at / abi::XEN_PAGE_SIZE).data(), bytes.data() + at, count);
      }
      tx.transmit({.size_bytes = static_cast<std::uint32_t>(bytes.size())});
      if (tx.push()) back_end.ring();
      on_the_way += static_cast<std::uint32_t>(bytes.size());
      ++sent;
      ++put;
    }
    return put;
  }

  Sequence sequence;
  std::uint32_t sent = 0;
  std::uint32_t done = 0;
  std::uint32_t wrong = 0;
  std::uint32_t on_the_way = 0;
};

}  // namespace

TEST_CASE("two threads: every frame goes to the back end and comes back, bit by bit and in its flow's order") {
  const auto guest_domain =
      std::make_shared<Domain>(abi::domid_t{1}, PageArena(FrontEnd::pages_needed(kLayout)),
                               GrantTable(8 + FrontEnd::grants_needed(kLayout), Sharing::kManyThreads));
  const auto driver = std::make_shared<Domain>(abi::domid_t{0}, PageArena(4096), GrantTable(8, Sharing::kManyThreads));
  DomainTable domains;
  REQUIRE(domains.add(guest_domain));
  REQUIRE(domains.add(driver));
  LocalGrantCopier copier(domains, 0, Payload::kCopy);
  FrameBuffers buffers(driver->arena, Payload::kCopy);
  TxBatch batch;
  BackEnd back_end({.guest = 1, .shaper = CreditShaper(), .grants = copier, .buffers = buffers, .tx_batch = batch});
  Echo echo(back_end, buffers);
  auto front = std::make_unique<FrontEnd>(*guest_domain, abi::domid_t{0}, kLayout);
  std::vector<BackEnd::Queue> queues;
  for (std::uint32_t queue = 0; queue < kQueues; ++queue)
    queues.push_back({front->tx(queue).ring_memory(), front->rx(queue).ring_memory(), echo, echo});
  REQUIRE(back_end.connect(0, queues));

  Doorbell to_back;
  Doorbell to_front;
  std::atomic<bool> over{false};
  std::atomic<bool> hung{false};
  std::thread driver_thread([&] {
    while (!over) {
      bool again = false;
      for (std::uint32_t queue = 0; queue < kQueues; ++queue) {
        const TxBack::Polled polled = back_end.poll_tx(queue, 0);
        const RxBack::Ran ran = back_end.run_rx(queue, 0);
        if (polled.notify || ran.notify) to_front.ring();
        again = again || polled.next == TxBack::Next::kPollAgain || ran.next == RxBack::Next::kRunAgain;
      }
      // A queue that was looked at first may have got frames from one that came after it.
      for (std::uint32_t queue = 0; queue < kQueues; ++queue) {
        const RxBack::Ran ran = back_end.run_rx(queue, 0);
        if (ran.notify) to_front.ring();
        again = again || ran.next == RxBack::Next::kRunAgain;
      }
      if (!again && !over && !to_back.wait()) hung = true;
      if (hung) break;
    }
  });
  Guest guest;
  while (guest.done < kFrames && !hung) {
    const std::uint32_t done = guest.done;
    bool notify = false;
    for (std::uint32_t queue = 0; queue < kQueues; ++queue) {
      front->tx(queue).reap();
      front->rx(queue).receive(guest);
      notify = front->rx(queue).post() || notify;
    }
    if (notify) to_back.ring();
    if (guest.send(*front, to_back) == 0 && guest.done == done && !to_front.wait()) hung = true;
  }
  over = true;
  to_back.ring();
  driver_thread.join();
  CHECK_FALSE(hung);
  CHECK(guest.done == kFrames);
  CHECK(guest.wrong == 0);
  CHECK(echo.wrong == 0);
  CHECK(back_end.fault() == Fault::kNone);
  CHECK(front->fault() == Fault::kNone);
  back_end.disconnect(0);
  CHECK(driver->arena.free_pages() == driver->arena.pages());
  CHECK(guest_domain->grants.pins() == 0);
  front.reset();
  CHECK(guest_domain->grants.in_use() == 0);
  CHECK(guest_domain->arena.free_pages() == guest_domain->arena.pages());
}
