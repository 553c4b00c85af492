// A peer that changes the shared pages while they are used. Not under ThreadSanitizer: such a peer races by design, and
// what must hold is that nothing but its own state changes. AddressSanitizer and the leak counts judge it.
#if !defined(__SANITIZE_THREAD__)
#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "base/random.h"
#include "native/vif/vif_rig.h"
#include "vif/front_end.h"

using namespace ringback;

namespace {

// So much the attacker does; its victim works meanwhile, however the two are scheduled.
constexpr int kAttacks = 20'000;

void flip(Random& random, std::span<std::byte> memory) {
  std::byte& at = memory[random.below(memory.size())];
  std::atomic_ref<std::byte>(at).store(static_cast<std::byte>(random.next()), std::memory_order_relaxed);
}

// Plausible slots, then a producer that vouches for them: without these the back end would only see faults.
void push_slots(Random& random, const VifRig& rig, std::span<std::byte> tx, std::span<std::byte> rx) {
  for (int i = 0; i < 4; ++i) {
    const auto page = static_cast<std::uint32_t>(random.below(VifRig::kGuestPages));
    const abi::netif_tx_request request{
        rig.refs[page], 0, random.below(8) == 0 ? abi::XEN_NETTXF_more_data : std::uint16_t{0},
        static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(60 + random.below(1400))};
    std::memcpy(tx.data() + kRingHeaderBytes + 12 * random.below(256), &request, sizeof request);
    const abi::netif_rx_request posted{.id = static_cast<std::uint16_t>(i), .pad = 0, .gref = rig.refs[page]};
    std::memcpy(rx.data() + kRingHeaderBytes + 8 * random.below(256), &posted, sizeof posted);
  }
  for (const auto ring : {tx, rx}) {
    std::atomic_ref<std::uint32_t> producer(VifRig::header_of(ring).req_prod);
    const std::uint32_t answered = std::atomic_ref(VifRig::header_of(ring).rsp_prod).load();
    producer.store(answered + static_cast<std::uint32_t>(random.below(256)));
  }
}

// Until the victim has done something: an attacker that has a processor for itself would be over before it began.
void wait_for_victim(const std::atomic<std::uint32_t>& rounds) {
  const std::uint32_t seen = rounds;
  while (rounds == seen) std::this_thread::yield();
}

void attack(VifRig& rig, const std::atomic<std::uint32_t>& rounds) {
  Random random(39);
  for (int attacks = 0; attacks < kAttacks; ++attacks) {
    if (attacks % 8 == 0) wait_for_victim(rounds);
    const auto& queue = rig.queues[random.below(rig.queues.size())];
    const auto tx = queue->memory.page(0);
    const auto rx = queue->memory.page(1);
    for (int i = 0; i < 8; ++i) {
      push_slots(random, rig, tx, rx);
      const auto ref = rig.refs[random.below(VifRig::kGuestPages)];
      const auto frame = static_cast<std::uint32_t>(random.below(VifRig::kGuestPages));
      rig.guest->grants.store(ref, {abi::GTF_permit_access, VifRig::kDriverDomain, frame});
    }
    flip(random, random.below(2) == 0 ? tx : rx);
    flip(random, rig.guest->arena.memory());
    if (random.below(16) == 0)
      rig.guest->grants.store(rig.refs[random.below(VifRig::kGuestPages)],
                              {static_cast<std::uint16_t>(random.next()), static_cast<abi::domid_t>(random.below(3)),
                               static_cast<std::uint32_t>(random.below(100))});
  }
}

struct Consumer final : RxConsumer {
  void received(const RxFrame& frame) override {
    std::size_t size = 0;
    for (const auto part : frame.parts) size += part.size();
    wrong += size == frame.size_bytes && size <= 65535 ? 0 : 1;
    ++frames;
  }
  int frames = 0;
  int wrong = 0;
};

}  // namespace

TEST_CASE("a guest that rewrites rings, grants and pages while its back end runs changes nothing of the back end's") {
  VifRig rig({.control = true, .sharing = Sharing::kManyThreads});
  REQUIRE(rig.connect());
  std::atomic<bool> over{false};
  std::atomic<std::uint32_t> rounds{0};
  std::thread attacker([&] {
    attack(rig, rounds);
    over = true;
  });
  Random random(40);
  int faults = 0;
  const std::array<std::byte, 14> header{};
  TimeNs now = 0;
  for (; !over; now += 1'000'000) {
    ++rounds;
    std::this_thread::yield();
    if (!rig.back_end.is_connected() || rig.back_end.fault() != Fault::kNone) {
      ++faults;
      rig.back_end.disconnect(now);
      for (const auto& queue : rig.queues)
        for (const std::uint32_t page : {0u, 1u}) init_shared_ring(queue->memory.page(page));
      if (!rig.connect(now)) continue;
    }
    const auto queue = static_cast<std::uint32_t>(random.below(2));
    const TxBack::Polled polled = rig.back_end.poll_tx(queue, now);
    REQUIRE((polled.next != TxBack::Next::kDisabled || rig.back_end.fault() != Fault::kNone));
    static_cast<void>(rig.receive(now, static_cast<std::uint32_t>(14 + random.below(9000)), header));
    static_cast<void>(rig.back_end.run_rx(queue, now));
    static_cast<void>(rig.back_end.poll_control());
  }
  attacker.join();
  std::uint64_t frames = 0;
  std::uint64_t placements = 0;
  for (const auto& queue : rig.queues) {
    frames += queue->frames;
    placements += queue->placements.size();
  }
  CHECK(frames > 100);
  CHECK(placements > 10);
  CHECK(faults > 10);
  rig.back_end.disconnect(now);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("a back end that rewrites rings and pages while its guest runs changes nothing of the guest's") {
  constexpr FrontEnd::Layout kLayout{.queues = 2};
  Domain guest(1, PageArena(FrontEnd::pages_needed(kLayout)),
               GrantTable(8 + FrontEnd::grants_needed(kLayout), Sharing::kManyThreads));
  auto front = std::make_unique<FrontEnd>(guest, abi::domid_t{0}, kLayout);
  std::atomic<bool> over{false};
  // Where the rings are now: they come and go, the guest's memory stays.
  std::atomic<std::byte*> rings[4];
  const auto publish = [&] {
    for (std::uint32_t queue = 0; queue < 2; ++queue) {
      rings[2 * queue] = front->tx(queue).ring_memory().data();
      rings[2 * queue + 1] = front->rx(queue).ring_memory().data();
    }
  };
  publish();
  std::atomic<std::uint32_t> rounds{0};
  std::thread attacker([&] {
    Random random(391);
    for (int attacks = 0; attacks < 10 * kAttacks; ++attacks) {
      if (attacks % 64 == 0) wait_for_victim(rounds);
      std::byte* ring = rings[random.below(4)];
      auto& header = *reinterpret_cast<abi::sring_header*>(ring);
      const std::uint32_t asked = std::atomic_ref(header.req_prod).load();
      // An id that may be out, a status that may be true, a producer that may be.
      const std::size_t at = kRingHeaderBytes + random.below(250) * 8;
      const std::uint16_t words[] = {static_cast<std::uint16_t>(random.below(256)), 0, 0,
                                     static_cast<std::uint16_t>(random.below(4200))};
      std::memcpy(ring + at, words, sizeof words);
      if (random.below(4) == 0)
        std::atomic_ref(header.rsp_prod).store(asked - static_cast<std::uint32_t>(random.below(3)));
      if (random.below(64) == 0) flip(random, {ring, abi::XEN_PAGE_SIZE});
    }
    over = true;
  });
  Consumer consumer;
  int faults = 0;
  while (!over) {
    const std::uint32_t queue = ++rounds % 2;
    std::this_thread::yield();
    if (front->fault() != Fault::kNone) {
      ++faults;
      front.reset();
      REQUIRE(guest.grants.in_use() == 0);
      REQUIRE(guest.arena.free_pages() == guest.arena.pages());
      front = std::make_unique<FrontEnd>(guest, abi::domid_t{0}, kLayout);
      publish();
    }
    if (front->tx(queue).has_room({.size_bytes = 9000})) front->tx(queue).transmit({.size_bytes = 9000});
    static_cast<void>(front->tx(queue).push());
    front->tx(queue).reap();
    static_cast<void>(front->rx(queue).post());
    front->rx(queue).receive(consumer);
  }
  attacker.join();
  CHECK(faults > 10);
  CHECK(consumer.wrong == 0);
  front.reset();
  CHECK(guest.grants.in_use() == 0);
  CHECK(guest.arena.free_pages() == guest.arena.pages());
}
#endif
