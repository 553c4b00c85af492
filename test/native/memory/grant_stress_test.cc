// The granting domain on one thread, the copying one on another. Under TSan a page that is written while somebody still
// copies it is a reported race; without it, a torn copy.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/random.h"
#include "native/memory/memory_fixture.h"

using namespace ringback;
using namespace ringback::abi;
using namespace ringback::test;

namespace {

constexpr int kRounds = 20'000;

// Grants a page, takes it back as soon as it can and rewrites it; the copier must see each page whole.
// Now and then it waits for a copy, so that the two do meet.
void run_guest(Domain& guest, std::atomic<grant_ref_t>& offered, const std::atomic<std::uint64_t>& copies,
               std::atomic<bool>& done) {
  const std::uint32_t frame = *guest.arena.allocate();
  for (int round = 1; round <= kRounds; ++round) {
    std::memset(guest.arena.page(frame).data(), round & 0xff, 256);
    const grant_ref_t ref = *guest.grants.grant_foreign_access(Neighbours::kBack, frame, true);
    offered.store(ref, std::memory_order_relaxed);
    const std::uint64_t before = copies.load(std::memory_order_relaxed);
    while (round % 8 == 0 && copies.load(std::memory_order_relaxed) == before) std::this_thread::yield();
    while (!guest.grants.try_end_foreign_access(ref)) std::this_thread::yield();
  }
  done = true;
}

}  // namespace

TEST_CASE("stress: a page is never rewritten while it is copied") {
  Neighbours world;
  std::atomic<grant_ref_t> offered{0};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> copies{0};
  std::thread guest([&] { run_guest(*world.guest, offered, copies, done); });
  std::uint64_t torn = 0;
  std::uint64_t strange = 0;
  const auto page = world.back->arena.page(0);
  while (!done) {
    const std::int16_t status = world.copy(
        from_grant(by_reference(Neighbours::kGuest, offered.load(std::memory_order_relaxed)), by_frame(0), 256));
    if (status == GNTST_okay) {
      copies.fetch_add(1, std::memory_order_relaxed);
      torn += std::ranges::any_of(page.first<256>(), [&](std::byte byte) { return byte != page[0]; });
    } else {
      strange += status != GNTST_general_error;
    }
  }
  guest.join();
  CHECK(copies >= kRounds / 8);
  CHECK(torn == 0);
  CHECK(strange == 0);
  CHECK(world.guest->grants.pins() == 0);
  CHECK(world.guest->grants.in_use() == 0);
}

TEST_CASE("stress: a domain that rewrites an entry all the time gains nothing") {
  Neighbours world;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> undone{0};
  std::thread guest([&] {
    Random random(7);
    while (!done) {
      const std::uint64_t bits = random.next();
      const auto frame = static_cast<std::uint32_t>(bits >> 60);
      world.guest->grants.store(
          9, {static_cast<std::uint16_t>(bits & 0x1d), bits & 32 ? Neighbours::kBack : domid_t{3}, frame});
      // What a domain wrote stays written: a release clears its two flags and nothing else.
      for (int looks = 0; looks < 8; ++looks) undone += world.guest->grants.load(9).frame != frame;
    }
  });
  std::array<std::uint64_t, 3> seen{};
  for (int i = 0; i < 200'000; ++i) {
    const std::int16_t status = world.copy(from_grant(by_reference(Neighbours::kGuest, 9), by_frame(0), 64));
    REQUIRE((status == GNTST_okay || status == GNTST_general_error || status == GNTST_bad_page));
    ++seen[status == GNTST_okay ? 0 : status == GNTST_general_error ? 1 : 2];
    if (status != GNTST_okay) continue;
    // Some whole page of the guest's, and nothing else.
    bool found = false;
    for (std::uint32_t frame = 0; frame < 4; ++frame)
      found |= same_bytes(*world.back, 0, 0, *world.guest, frame, 0, 64);
    REQUIRE(found);
  }
  done = true;
  guest.join();
  CHECK(seen[1] > 0);
  CHECK(undone == 0);
  CHECK(world.guest->grants.pins() == 0);
}
