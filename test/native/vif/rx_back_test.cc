#include "vif/rx_back.h"

#include <doctest/doctest.h>

#include <bit>
#include <vector>

#include "base/random.h"
#include "native/vif/rx_rig.h"

using namespace ringback;
using Next = RxBack::Next;

namespace {

constexpr std::uint16_t kMore = abi::XEN_NETRXF_more_data;
constexpr std::uint16_t kExtra = abi::XEN_NETRXF_extra_info;
constexpr TimeNs kSecond = kNsPerSecond;

void check_response(const abi::netif_rx_response& response, std::uint16_t id, std::uint16_t flags,
                    std::int16_t status) {
  CHECK(response.id == id);
  CHECK(response.offset == 0);
  CHECK(response.flags == flags);
  CHECK(response.status == status);
}

// Nothing runs before its time: the owner sets the timer and sleeps.
void check_idle(RxRig& rig, TimeNs now, TimeNs timer_ns) {
  CHECK(rig.back->run(now).next == Next::kIdle);
  CHECK(rig.back->timer_ns() == timer_ns);
}

}  // namespace

TEST_CASE("an empty queue: nothing happens, and posted pages stay posted") {
  RxRig rig;
  rig.post_pages(0, 3);
  const auto ran = rig.back->run(0);
  CHECK(ran.next == Next::kIdle);
  CHECK_FALSE(ran.notify);
  CHECK_FALSE(ran.found_work);
  CHECK(rig.responses().empty());
  CHECK(rig.back->timer_ns() == kNever);
}

TEST_CASE("FreeBSD xnb_rxpkt2gnttab_short: a small frame goes into the start of one page") {
  RxRig rig;
  rig.post_pages(7, 2);
  REQUIRE(rig.queue(5, 60, 3));
  CHECK(rig.back->queued_packets() == 1);
  CHECK(rig.back->queued_bytes() == 60);
  const auto ran = rig.back->run(9);
  CHECK(ran.next == Next::kIdle);
  CHECK(ran.notify);
  CHECK(ran.found_work);
  CHECK(rig.holds(7, 3, 0, 60));
  CHECK(rig.guest->arena.page(7)[60] == std::byte{0});
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 1);
  check_response(responses[0], 107, 0, 60);
  REQUIRE(rig.placements.size() == 1);
  CHECK(rig.placements[0].first == 9);
  CHECK(rig.placements[0].second.id == 3);
  CHECK(rig.back->queued_packets() == 0);
  CHECK(rig.back->queued_bytes() == 0);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("FreeBSD xnb_rxpkt2gnttab_2req, 2 clusters: a large frame fills page after page") {
  RxRig rig;
  rig.post_pages(0, 2);
  REQUIRE(rig.queue(0, 4097, 1));
  CHECK(rig.back->run(0).next == Next::kIdle);
  CHECK(rig.holds(0, 1, 0, 4096));
  CHECK(rig.holds(1, 1, 4096, 1));
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 2);
  check_response(responses[0], 100, kMore, 4096);
  check_response(responses[1], 101, 0, 1);
}

TEST_CASE("slots: those of a frame: one a page, one for segments, one for a hash") {
  const auto slots = [](std::uint32_t size, std::uint16_t gso, std::uint8_t hash) {
    return RxBack::slots_for({.size_bytes = size, .gso_size_bytes = gso, .hash_type = hash});
  };
  CHECK(slots(1, 0, 0) == 1);
  CHECK(slots(4096, 0, 0) == 1);
  CHECK(slots(4097, 0, 0) == 2);
  CHECK(slots(65535, 0, 0) == 16);
  CHECK(slots(65535, 1448, 0) == 17);
  CHECK(slots(4096, 0, 1) == 2);
  CHECK(slots(65535, 1448, 4) == 18);
}

TEST_CASE("FreeBSD xnb_rxpkt2rsp_extra: extras follow the first data slot, segments first, each in a posted slot") {
  RxRig rig;
  rig.post_pages(0, 4);
  Frame frame = rig.frame(8000, 2);
  frame.gso_size_bytes = 1448;
  frame.gso_type = abi::XEN_NETIF_GSO_TYPE_TCPV6;
  frame.hash_type = 2;
  frame.hash_value = 0x11223344;
  REQUIRE(rig.queue(0, frame));
  CHECK(rig.back->run(0).next == Next::kIdle);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 4);
  check_response(responses[0], 100, kMore | kExtra, 4096);
  check_response(responses[3], 103, 0, 3904);
  const auto gso = std::bit_cast<abi::netif_extra_info>(responses[1]);
  CHECK(gso.type == abi::XEN_NETIF_EXTRA_TYPE_GSO);
  CHECK(gso.flags == abi::XEN_NETIF_EXTRA_FLAG_MORE);
  CHECK(gso.u.gso.size == 1448);
  CHECK(gso.u.gso.type == abi::XEN_NETIF_GSO_TYPE_TCPV6);
  const auto hash = std::bit_cast<abi::netif_extra_info>(responses[2]);
  CHECK(hash.type == abi::XEN_NETIF_EXTRA_TYPE_HASH);
  CHECK(hash.flags == 0);
  CHECK(hash.u.hash.type == 1);
  CHECK(hash.u.hash.algorithm == 1);
  std::uint32_t value = 0;
  std::memcpy(&value, hash.u.hash.value, sizeof value);
  CHECK(value == 0x11223344);
  CHECK(rig.holds(0, 2, 0, 4096));
  CHECK(rig.holds(3, 2, 4096, 3904));  // pages 1 and 2 were the extras' and hold nothing
  CHECK(rig.guest->arena.page(1)[0] == std::byte{0});
}

TEST_CASE("each extra alone ends the chain of extras") {
  for (const bool gso : {true, false}) {
    RxRig rig;
    rig.post_pages(0, 2);
    Frame frame = rig.frame(100);
    frame.gso_size_bytes = gso ? 1448 : 0;
    frame.hash_type = gso ? 0 : 1;
    REQUIRE(rig.queue(0, frame));
    CHECK(rig.back->run(0).next == Next::kIdle);
    const auto responses = rig.responses();
    REQUIRE(responses.size() == 2);
    check_response(responses[0], 100, kExtra, 100);
    const auto extra = std::bit_cast<abi::netif_extra_info>(responses[1]);
    CHECK(extra.type == (gso ? abi::XEN_NETIF_EXTRA_TYPE_GSO : abi::XEN_NETIF_EXTRA_TYPE_HASH));
    CHECK(extra.flags == 0);
  }
}

TEST_CASE("what is known of the checksum is said in the first slot") {
  for (const auto& [checksum, flags] :
       {std::pair{Checksum::kUnknown, 0}, std::pair{Checksum::kValidated, 1}, std::pair{Checksum::kBlank, 3}}) {
    RxRig rig;
    rig.post_pages(0, 2);
    Frame frame = rig.frame(5000);
    frame.checksum = checksum;
    REQUIRE(rig.queue(0, frame));
    CHECK(rig.back->run(0).next == Next::kIdle);
    const auto responses = rig.responses();
    REQUIRE(responses.size() == 2);
    CHECK(responses[0].flags == (flags | kMore));
    CHECK(responses[1].flags == 0);
  }
}

TEST_CASE("needed slots: a frame waits until there are pages for all of it, and keeps those behind it waiting") {
  RxRig rig;
  rig.post_pages(0, 2);
  REQUIRE(rig.queue(0, 9000, 1));
  REQUIRE(rig.queue(0, 60, 2));
  const auto short_of_pages = rig.back->run(0);
  CHECK(short_of_pages.next == Next::kIdle);
  CHECK_FALSE(short_of_pages.found_work);
  CHECK(rig.responses().empty());
  CHECK(rig.back->queued_packets() == 2);
  rig.post_pages(2, 2);
  CHECK(rig.back->run(0).next == Next::kIdle);
  CHECK(rig.responses().size() == 4);
  REQUIRE(rig.placements.size() == 2);
  CHECK(rig.placements[0].second.id == 1);
}

TEST_CASE("a waiting queue is woken by the next page that is posted, whatever was posted before") {
  for (const std::uint32_t posted : {0u, 1u, 2u}) {
    RxRig rig({.start = 0xffff'ffffu});
    rig.post_pages(0, posted);
    REQUIRE(rig.queue(0, 9000, 1));
    CHECK(rig.back->run(0).next == Next::kIdle);
    rig.ring.put_request(rig.slot(posted));
    CHECK(rig.ring.push_requests_and_check_notify());
    rig.ring.put_request(rig.slot(posted + 1));
    CHECK_FALSE(rig.ring.push_requests_and_check_notify());  // the wake-up is on its way
  }
}

TEST_CASE("a queue with nothing to place asks for no wake-up") {
  RxRig rig;
  CHECK(rig.back->run(0).next == Next::kIdle);
  rig.post_pages(0, 1);
  REQUIRE(rig.queue(0, 60));
  CHECK(rig.back->run(0).next == Next::kIdle);
  rig.ring.put_request(rig.slot(1));
  CHECK_FALSE(rig.ring.push_requests_and_check_notify());
}

TEST_CASE("bounded work: a run places 64 frames at most and says that there is more") {
  RxRig rig;
  for (std::uint32_t i = 0; i < 200; ++i) rig.ring.put_request(rig.slot(i % 64));
  rig.ring.push_requests();
  for (std::uint16_t i = 0; i < 200; ++i) REQUIRE(rig.queue(0, 60, i));
  for (const std::size_t placed : {64u, 128u, 192u}) {
    CHECK(rig.back->run(0).next == Next::kRunAgain);
    CHECK(rig.placements.size() == placed);
  }
  CHECK(rig.back->run(0).next == Next::kIdle);
  CHECK(rig.placements.size() == 200);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("the largest frames go through a batch of copies that holds four of them") {
  RxRig rig;
  for (std::uint32_t i = 0; i < 162; ++i) rig.ring.put_request(rig.slot(i % 64));
  rig.ring.push_requests();
  for (std::uint16_t i = 0; i < 9; ++i) {
    Frame frame = rig.frame(65535, i);
    frame.gso_size_bytes = 1448;
    frame.hash_type = 1;
    REQUIRE(rig.queue(0, frame));
  }
  CHECK_FALSE(rig.queue(0, 60));  // 9 of them are beyond the cap
  const auto ran = rig.back->run(0);
  CHECK(ran.next == Next::kIdle);
  CHECK(ran.notify);  // the first batch passed the guest's event, the later ones did not
  CHECK(rig.placements.size() == 9);
  CHECK(rig.responses().size() == 162);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("the cap: a frame is taken as long as fewer than 524,288 bytes wait before it") {
  RxRig rig;
  for (int i = 0; i < 127; ++i) REQUIRE(rig.queue(0, 4096));
  REQUIRE(rig.queue(0, 4095));
  CHECK(rig.back->queued_bytes() == 524'287);
  REQUIRE(rig.queue(0, 65535));  // one byte below the cap: taken whole
  CHECK(rig.back->queued_bytes() == 589'822);
  CHECK_FALSE(rig.queue(0, 1));
  rig.post_pages(0, 15);
  CHECK(rig.back->run(0).next == Next::kIdle);
  CHECK(rig.back->queued_bytes() == 528'382);
  CHECK_FALSE(rig.queue(0, 1));
  rig.post_pages(15, 1);
  CHECK(rig.back->run(0).next == Next::kIdle);
  CHECK(rig.back->queued_bytes() == 524'286);
  CHECK(rig.queue(0, 1));
  CHECK(rig.queue(0, 1));
  CHECK(rig.back->queued_bytes() == 524'288);
  CHECK_FALSE(rig.queue(0, 1));
}

TEST_CASE("drain: a frame is lost when it has waited 10 s, to the nanosecond") {
  RxRig rig;
  REQUIRE(rig.queue(7, 60, 1));
  REQUIRE(rig.queue(8, 60, 2));
  check_idle(rig, 8, 7 + 10 * kSecond);
  check_idle(rig, 7 + 10 * kSecond - 1, 7 + 10 * kSecond);
  CHECK(rig.losses.empty());
  const auto ran = rig.back->run(7 + 10 * kSecond);
  CHECK(ran.next == Next::kRunAgain);  // the next one may need fewer pages
  CHECK_FALSE(ran.found_work);
  REQUIRE(rig.losses.size() == 1);
  CHECK(rig.losses[0].frame.id == 1);
  CHECK(rig.losses[0].cause == RxDrop::kExpired);
  CHECK(rig.losses[0].now == 7 + 10 * kSecond);
  check_idle(rig, 7 + 10 * kSecond, 8 + 10 * kSecond);
  CHECK(rig.back->queued_bytes() == 60);
}

TEST_CASE("drain: a frame that can be placed at its last moment is placed") {
  RxRig rig;
  REQUIRE(rig.queue(0, 60));
  check_idle(rig, 0, 10 * kSecond);
  rig.post_pages(0, 1);
  CHECK(rig.back->run(10 * kSecond).next == Next::kIdle);
  CHECK(rig.placements.size() == 1);
}

TEST_CASE("drain: at most 64 a run, and a smaller frame behind a dropped one uses the pages that are there") {
  RxRig rig;
  for (std::uint16_t i = 0; i < 100; ++i) REQUIRE(rig.queue(0, 4097, i));
  REQUIRE(rig.queue(1, 60, 100));
  rig.post_pages(0, 1);
  check_idle(rig, 1, 10 * kSecond);
  CHECK(rig.back->run(10 * kSecond).next == Next::kRunAgain);
  CHECK(rig.losses.size() == 64);
  CHECK(rig.back->run(10 * kSecond).next == Next::kRunAgain);
  CHECK(rig.losses.size() == 100);
  CHECK(rig.back->run(10 * kSecond).next == Next::kIdle);
  CHECK(rig.placements.size() == 1);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("stall: 60 s after the last placement with a frame that lacks pages, to the nanosecond") {
  RxRig rig({.now = 100});
  rig.post_pages(0, 1);
  REQUIRE(rig.queue(1000, 60));
  CHECK(rig.back->run(1000).next == Next::kIdle);
  REQUIRE(rig.queue(55 * kSecond, 60));
  check_idle(rig, 55 * kSecond, 60 * kSecond + 1000);
  check_idle(rig, 60 * kSecond + 999, 60 * kSecond + 1000);
  CHECK_FALSE(rig.back->stalled());
  const auto ran = rig.back->run(60 * kSecond + 1000);
  CHECK(rig.back->stalled());
  CHECK(ran.found_work);
  CHECK(ran.next == Next::kIdle);
  CHECK(rig.back->timer_ns() == 65 * kSecond);
  CHECK_FALSE(rig.back->run(60 * kSecond + 1001).found_work);
}

TEST_CASE("stall: a queue that never placed anything counts from when it connected; an idle one never stalls") {
  RxRig rig({.now = 100});
  check_idle(rig, 200 * kSecond, kNever);
  CHECK_FALSE(rig.back->stalled());
  // As netback: whoever was idle for a minute and posts nothing is stalled with the first frame.
  REQUIRE(rig.queue(200 * kSecond, 60));
  CHECK(rig.back->timer_ns() == 60 * kSecond + 100);
  CHECK(rig.back->run(200 * kSecond).next == Next::kIdle);
  CHECK(rig.back->stalled());
}

TEST_CASE("stall: ready again when there are pages for all of the first frame") {
  RxRig rig;
  REQUIRE(rig.queue(60 * kSecond, 5000, 1));
  CHECK(rig.back->run(60 * kSecond).next == Next::kIdle);
  REQUIRE(rig.back->stalled());
  rig.post_pages(0, 1);
  CHECK_FALSE(rig.back->run(61 * kSecond).found_work);
  CHECK(rig.back->stalled());
  rig.post_pages(1, 1);
  CHECK(rig.back->run(62 * kSecond).found_work);
  CHECK_FALSE(rig.back->stalled());
  // The next stall is counted from the placement.
  for (TimeNs now = 63 * kSecond; now < 122 * kSecond; now += 9 * kSecond) {
    REQUIRE(rig.queue(now, 60));
    while (rig.back->run(now).next == Next::kRunAgain) continue;
  }
  while (rig.back->run(122 * kSecond - 1).next == Next::kRunAgain) continue;
  CHECK_FALSE(rig.back->stalled());
  CHECK(rig.back->timer_ns() == 122 * kSecond);
  CHECK(rig.back->run(122 * kSecond).found_work);
  CHECK(rig.back->stalled());
}

TEST_CASE("stall: ready again when all that waited has expired, and the minute starts anew") {
  RxRig rig;
  REQUIRE(rig.queue(60 * kSecond, 60));
  CHECK(rig.back->run(60 * kSecond).next == Next::kIdle);
  REQUIRE(rig.back->stalled());
  CHECK(rig.back->run(70 * kSecond).next == Next::kRunAgain);
  CHECK(rig.back->stalled());
  const auto ran = rig.back->run(70 * kSecond);
  CHECK(ran.next == Next::kIdle);
  CHECK(ran.found_work);
  CHECK_FALSE(rig.back->stalled());
  REQUIRE(rig.queue(125 * kSecond, 60));
  check_idle(rig, 125 * kSecond, 130 * kSecond);
}

TEST_CASE("flush gives up what waits; the destructor releases it without a word") {
  RxRig rig;
  for (std::uint16_t i = 0; i < 100; ++i) REQUIRE(rig.queue(0, 5000, i));
  rig.back->flush(3);
  CHECK(rig.losses.size() == 100);
  CHECK(rig.losses[99].cause == RxDrop::kDisabled);
  CHECK(rig.losses[99].now == 3);
  CHECK(rig.back->queued_bytes() == 0);
  CHECK_FALSE(rig.leaks());
  REQUIRE(rig.queue(4, 5000));
  rig.back.reset();
  CHECK(rig.losses.size() == 100);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("without payload everything is judged and no byte moves") {
  RxRig rig({.payload = Payload::kNone});
  rig.post_pages(0, 3);
  REQUIRE(rig.queue(0, 9000, 5));
  rig.guest->arena.page(1)[17] = std::byte{99};
  CHECK(rig.back->run(0).next == Next::kIdle);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 3);
  check_response(responses[2], 102, 0, 808);
  CHECK(rig.guest->arena.page(1)[17] == std::byte{99});
  CHECK_FALSE(rig.leaks());
}
