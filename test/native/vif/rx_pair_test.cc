// Both ends of a receive queue: what the back end was given is what the guest gets, bit by bit.
#include <doctest/doctest.h>

#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "base/random.h"
#include "memory/grant_copy.h"
#include "vif/rx_back.h"
#include "vif/rx_front.h"

using namespace ringback;

namespace {

struct PairOptions {
  std::uint32_t ring_order = 0;
  abi::RING_IDX start = 0;
  bool payload = true;
};

// Frames carry their number as id and their bytes depend on it; what comes out is compared with what went in.
struct Pair final : RxSink, RxConsumer {
  static constexpr std::uint32_t kBufferPages = 512;

  explicit Pair(PairOptions options = {})
      : payload(options.payload),
        driver_domain(
            std::make_shared<Domain>(abi::domid_t{0}, PageArena(kBufferPages), GrantTable(8, Sharing::kOneThread))),
        guest(std::make_shared<Domain>(abi::domid_t{1},
                                       PageArena(RxFront::pages_needed(options.ring_order, !options.payload)),
                                       GrantTable(8 + RxFront::entries(options.ring_order), Sharing::kOneThread))),
        copier(domains, 0, kind()),
        buffers(driver_domain->arena, kind()),
        front(std::make_unique<RxFront>(RxFront::Options{.guest = *guest,
                                                         .back_end = 0,
                                                         .ring_order = options.ring_order,
                                                         .shared_page = !options.payload,
                                                         .ring_start = options.start})),
        back(std::make_unique<RxBack>(*BackRing<RxRing>::attach(front->ring_memory()), abi::domid_t{1}, copier, buffers,
                                      *this, TimeNs{0})) {
    REQUIRE(domains.add(driver_domain));
    REQUIRE(domains.add(guest));
  }
  [[nodiscard]] Payload kind() const { return payload ? Payload::kCopy : Payload::kNone; }

  bool queue(TimeNs now, Random& random) {
    Frame frame;
    frame.size_bytes = static_cast<std::uint32_t>(14 + random.below(random.below(3) == 0 ? 65522 : 4100));
    frame.buffer = buffers.allocate(frame.size_bytes);
    if (frame.buffer == kNoBuffer) return false;
    frame.checksum = static_cast<Checksum>(random.below(3));
    if (random.below(3) == 0) {
      frame.gso_size_bytes = static_cast<std::uint16_t>(1 + random.below(65535));
      frame.gso_type = static_cast<std::uint8_t>(1 + random.below(2));
    }
    if (random.below(3) == 0) {
      frame.hash_type = static_cast<std::uint8_t>(1 + random.below(4));
      frame.hash_value = static_cast<std::uint32_t>(random.next());
    }
    std::vector<std::byte> bytes(frame.size_bytes);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random.next());
    std::size_t at = 0;
    for (BufferRef page = frame.buffer; payload && at < bytes.size(); page = buffers.next(page)) {
      const std::size_t part = std::min(bytes.size() - at, kPageBytes);
      std::memcpy(buffers.writable_bytes(page).data(), bytes.data() + at, part);
      at += part;
    }
    if (!back->queue(now, frame)) {
      buffers.release(frame.buffer);
      return false;
    }
    waiting.push_back({frame, std::move(bytes)});
    return true;
  }

  void placed(TimeNs, const Frame& frame) override {
    REQUIRE(frame.size_bytes == waiting.front().frame.size_bytes);
    on_ring.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  void lost(TimeNs, const Frame& frame, RxDrop) override {
    REQUIRE(frame.size_bytes == waiting.front().frame.size_bytes);
    waiting.pop_front();
    ++losses;
  }
  void received(const RxFrame& got) override {
    REQUIRE_FALSE(on_ring.empty());
    const auto& [frame, bytes] = on_ring.front();
    REQUIRE(got.size_bytes == frame.size_bytes);
    REQUIRE(got.checksum == frame.checksum);
    REQUIRE(got.gso_size_bytes == frame.gso_size_bytes);
    REQUIRE(got.gso_type == frame.gso_type);
    REQUIRE(got.hash_type == frame.hash_type);
    REQUIRE(got.hash_value == frame.hash_value);
    std::size_t at = 0;
    for (const auto part : got.parts) {
      REQUIRE(part.size() == std::min(bytes.size() - at, kPageBytes));
      if (payload) REQUIRE(std::memcmp(part.data(), bytes.data() + at, part.size()) == 0);
      at += part.size();
    }
    REQUIRE(at == bytes.size());
    on_ring.pop_front();
    ++deliveries;
  }

  struct Sent {
    Frame frame;
    std::vector<std::byte> bytes;
  };
  bool payload;
  DomainTable domains;
  std::shared_ptr<Domain> driver_domain;
  std::shared_ptr<Domain> guest;
  LocalGrantCopier copier;
  FrameBuffers buffers;
  std::unique_ptr<RxFront> front;
  std::unique_ptr<RxBack> back;
  std::deque<Sent> waiting;  // queued, neither placed nor lost
  std::deque<Sent> on_ring;  // placed, not received
  std::size_t losses = 0;
  std::size_t deliveries = 0;
};

}  // namespace

TEST_CASE("bit-exact: random frames, extras and posting, ring orders 0 to 2, indices that wrap") {
  Random random(77);
  for (const std::uint32_t order : {0u, 1u, 2u}) {
    for (const abi::RING_IDX start : {0u, 0xffff'ff00u, 0xffff'fffbu}) {
      Pair pair({.ring_order = order, .start = start});
      TimeNs now = 0;
      std::size_t queued = 0;
      for (int step = 0; step < 400; ++step) {
        for (std::uint64_t i = random.below(5); i > 0; --i) queued += pair.queue(now, random);
        static_cast<void>(pair.front->post(static_cast<std::uint32_t>(random.below(40))));
        if (pair.back->run(now).next == RxBack::Next::kIdle) now += random.below(kNsPerSecond);
        if (random.below(3) == 0) pair.front->receive(pair);
        REQUIRE(queued == pair.deliveries + pair.on_ring.size() + pair.losses + pair.back->queued_packets());
      }
      REQUIRE(pair.back->fault() == Fault::kNone);
      REQUIRE(pair.front->fault() == Fault::kNone);
      for (int step = 0; step < 50; ++step) {
        pair.front->receive(pair);
        static_cast<void>(pair.front->post());
        static_cast<void>(pair.back->run(now));
      }
      pair.front->receive(pair);
      CHECK(pair.waiting.empty());
      CHECK(pair.on_ring.empty());
      CHECK(pair.deliveries + pair.losses == queued);
      CHECK(pair.deliveries > 400);
      CHECK(pair.front->error_frames() == 0);
      CHECK(pair.driver_domain->arena.free_pages() == Pair::kBufferPages);
      pair.front.reset();
      CHECK(pair.guest->grants.in_use() == 0);
      CHECK(pair.guest->grants.pins() == 0);
      CHECK(pair.guest->arena.free_pages() == pair.guest->arena.pages());
    }
  }
}

TEST_CASE("both sides sleep and wake by their events alone: nothing stands still") {
  Random random(78);
  for (const abi::RING_IDX start : {0u, 0xffff'ff80u}) {
    Pair pair({.start = start});
    std::size_t queued = 0;
    bool back_awake = false;
    bool front_awake = false;
    static_cast<void>(pair.front->post(20));
    for (int step = 0; step < 20'000; ++step) {
      if (random.below(4) == 0 && pair.queue(0, random)) {
        ++queued;
        back_awake = true;
      }
      if (back_awake && random.below(2) == 0) {
        const auto ran = pair.back->run(0);
        back_awake = ran.next == RxBack::Next::kRunAgain;
        front_awake = front_awake || ran.notify;
      }
      if (front_awake && random.below(2) == 0) {
        front_awake = false;
        pair.front->receive(pair);
        // Never fewer than the largest frame takes: else it would wait for ever, as it should.
        if (pair.front->post(20 - std::min(20u, pair.front->posted()))) back_awake = true;
      }
      REQUIRE((back_awake || front_awake || (pair.waiting.empty() && pair.on_ring.empty())));
    }
    CHECK(pair.deliveries > 4000);
    CHECK(pair.deliveries + pair.waiting.size() + pair.on_ring.size() == queued);
  }
}

TEST_CASE("without payload sizes, extras and order are the same, from one page to one page") {
  Random random(79);
  Pair pair({.payload = false});
  std::size_t queued = 0;
  for (int step = 0; step < 1000; ++step) {
    queued += pair.queue(0, random);
    static_cast<void>(pair.front->post());
    while (pair.back->run(0).next == RxBack::Next::kRunAgain) continue;
    pair.front->receive(pair);
  }
  CHECK(queued == 1000);
  CHECK(pair.deliveries == 1000);
}

TEST_CASE("a back end that goes away in the middle takes nothing with it, and the next one goes on") {
  Random random(80);
  Pair pair;
  static_cast<void>(pair.front->post(30));
  for (int i = 0; i < 20; ++i) REQUIRE(pair.queue(0, random));
  static_cast<void>(pair.back->run(0));
  pair.back->flush(0);
  pair.back.reset();
  CHECK(pair.driver_domain->arena.free_pages() == Pair::kBufferPages);
  auto ring = BackRing<RxRing>::attach(pair.front->ring_memory());
  REQUIRE(ring.has_value());
  pair.back = std::make_unique<RxBack>(*ring, abi::domid_t{1}, pair.copier, pair.buffers, pair, TimeNs{0});
  static_cast<void>(pair.front->post());
  REQUIRE(pair.queue(0, random));
  static_cast<void>(pair.back->run(0));
  pair.front->receive(pair);
  CHECK(pair.front->fault() == Fault::kNone);
  CHECK(pair.on_ring.empty());
  CHECK(pair.losses + pair.deliveries == 21);
}
