// Guests that attack the back end's receive queue: each row of xen.md's list that concerns it.
#include <doctest/doctest.h>

#include <bit>
#include <optional>
#include <vector>

#include "base/random.h"
#include "native/vif/rx_rig.h"

using namespace ringback;
using Next = RxBack::Next;

namespace {

constexpr std::uint16_t kMore = abi::XEN_NETRXF_more_data;

// One frame of three pages whose middle page cannot be written: the slot's status tells why, its neighbours and the
// frame behind it are as ever.
void check_middle_fails(RxRig& rig, std::int16_t status) {
  REQUIRE(rig.queue(0, 9000, 1));
  REQUIRE(rig.queue(0, 60, 2));
  CHECK(rig.back->run(4).next == Next::kIdle);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 4);
  CHECK(responses[0].status == 4096);
  CHECK(responses[1].status == status);
  CHECK(responses[1].flags == kMore);
  CHECK(responses[2].status == 808);
  CHECK(responses[3].status == 60);
  REQUIRE(rig.losses.size() == 1);
  CHECK(rig.losses[0].frame.id == 1);
  CHECK(rig.losses[0].cause == RxDrop::kGrant);
  CHECK(rig.losses[0].now == 4);
  REQUIRE(rig.placements.size() == 1);
  CHECK(rig.placements[0].second.id == 2);
  CHECK(rig.back->fault() == Fault::kNone);
  CHECK_FALSE(rig.leaks());
}

void check_disabled(RxRig& rig, std::size_t lost) {
  const auto ran = rig.back->run(5);
  CHECK(ran.next == Next::kDisabled);
  CHECK(ran.found_work);
  CHECK(fault_name(rig.back->fault()) == fault_name(Fault::kRingOverflow));
  REQUIRE(rig.losses.size() == lost);
  for (const auto& loss : rig.losses) CHECK(loss.cause == RxDrop::kDisabled);
  CHECK_FALSE(rig.leaks());
  CHECK(rig.back->queued_packets() == 0);
  CHECK(rig.back->timer_ns() == kNever);
  CHECK_FALSE(rig.queue(6, 60));  // the caller keeps it
  const auto again = rig.back->run(6);
  CHECK(again.next == Next::kDisabled);
  CHECK_FALSE(again.notify);
  CHECK_FALSE(again.found_work);
}

}  // namespace

TEST_CASE("FreeBSD xnb_rxpkt2rsp_copyerror: the failed slot carries the copy's status, the frame is lost") {
  RxRig rig;
  auto requests = std::vector{rig.slot(0, 1), rig.slot(1, 2), rig.slot(2, 3), rig.slot(3, 4)};
  requests[1].gref = 0xffffffff;
  rig.post(requests);
  check_middle_fails(rig, abi::GNTST_bad_gntref);
}

TEST_CASE("grant revoked during a copy: between post and copy it loses one frame") {
  RxRig rig;
  rig.post_pages(0, 4);
  REQUIRE(rig.guest->grants.try_end_foreign_access(rig.refs[1]));
  check_middle_fails(rig, abi::GNTST_general_error);
}

TEST_CASE("readonly grant on RX: it is not written, and loses one frame") {
  RxRig rig;
  rig.guest->grants.store(rig.refs[1], {abi::GTF_permit_access | abi::GTF_readonly, RxRig::kDriverDomain, 1});
  rig.post_pages(0, 4);
  check_middle_fails(rig, abi::GNTST_general_error);
  CHECK(rig.guest->arena.page(1)[0] == std::byte{0});
}

TEST_CASE("domid mismatch: a grant to another domain loses one frame") {
  RxRig rig;
  rig.guest->grants.store(rig.refs[1], {abi::GTF_permit_access, 7, 1});
  rig.post_pages(0, 4);
  check_middle_fails(rig, abi::GNTST_general_error);
}

TEST_CASE("a grant of a frame that is not the guest's loses one frame") {
  RxRig rig;
  rig.guest->grants.store(rig.refs[1], {abi::GTF_permit_access, RxRig::kDriverDomain, RxRig::kGuestPages});
  rig.post_pages(0, 4);
  check_middle_fails(rig, abi::GNTST_bad_page);
}

TEST_CASE("a grant that another domain has pinned loses one frame") {
  RxRig rig;
  const auto granted = rig.guest->grants.load(rig.refs[1]);
  rig.guest->grants.store(rig.refs[1], {abi::GTF_permit_access, 7, 1});
  REQUIRE(rig.guest->grants.pin(rig.refs[1], 7, Access::kRead, RxRig::kGuestPages).status == abi::GNTST_okay);
  rig.guest->grants.store(rig.refs[1], granted);
  rig.post_pages(0, 4);
  REQUIRE(rig.queue(0, 9000, 1));
  CHECK(rig.back->run(0).next == Next::kIdle);
  CHECK(rig.responses()[1].status == abi::GNTST_general_error);
  CHECK(rig.losses.size() == 1);
  rig.guest->grants.unpin(rig.refs[1], Access::kRead);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("duplicate ids: one page and one id posted in every slot harm the guest's own bytes only") {
  RxRig rig;
  rig.post(std::vector(20, rig.slot(5, 77)));
  REQUIRE(rig.queue(0, 65535, 1));
  REQUIRE(rig.queue(0, 60, 2));
  CHECK(rig.back->run(0).next == Next::kIdle);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 17);
  for (const auto& response : responses) CHECK(response.id == 77);
  CHECK(rig.holds(5, 2, 0, 60));
  CHECK(rig.placements.size() == 2);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("XSA-39: a producer too far ahead or behind disables the queue, also while nothing waits") {
  for (const std::uint32_t producer : {257u, 0x80000000u, 0xffffffffu}) {
    RxRig rig;
    for (std::uint16_t i = 0; i < 100; ++i) REQUIRE(rig.queue(0, 5000, i));
    rig.header().req_prod = producer;
    check_disabled(rig, 100);
    CHECK(rig.responses().empty());
    RxRig idle;
    idle.header().req_prod = producer;
    check_disabled(idle, 0);
  }
  RxRig backwards;
  backwards.post_pages(0, 3);
  REQUIRE(backwards.queue(0, 9000));
  CHECK(backwards.back->run(0).next == Next::kIdle);
  backwards.header().req_prod = 2;
  check_disabled(backwards, 0);
}

TEST_CASE("XSA-39: a producer that becomes impossible while frames are placed: what came before is answered") {
  struct Turncoat final : GrantCopier {
    explicit Turncoat(RxRig& rig) : rig_(rig) {}
    void copy(std::span<abi::gnttab_copy> operations) override {
      for (auto& operation : operations) operation.status = abi::GNTST_okay;
      rig_.header().req_prod = 0xffff0000u;
    }
    RxRig& rig_;
  };
  RxRig rig;
  Turncoat copier(rig);
  RxBack back(*BackRing<RxRing>::attach(rig.ring_bytes()), RxRig::kGuest, copier, rig.buffers, rig, 0);
  for (std::uint32_t i = 0; i < 80; ++i) rig.ring.put_request(rig.slot(i % RxRig::kGuestPages));
  rig.ring.push_requests();
  for (std::uint16_t i = 0; i < 8; ++i) REQUIRE(back.queue(0, rig.frame(65535, i)));
  CHECK(back.run(0).next == Next::kDisabled);  // the first batch is copied with the fifth frame's pages in hand
  CHECK(rig.placements.size() == 5);
  CHECK(rig.header().rsp_prod == 80);
  CHECK(rig.losses.size() == 3);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("XSA-155: what the guest writes into a slot while it is copied from changes nothing") {
  struct Rewriter final : GrantCopier {
    explicit Rewriter(RxRig& rig) : rig_(rig) {}
    void copy(std::span<abi::gnttab_copy> operations) override {
      std::memset(rig_.ring_bytes().data() + 64, 0xee, 64);
      for (auto& operation : operations) {
        CHECK(operation.dest.u.ref == rig_.refs[3]);
        operation.status = abi::GNTST_okay;
      }
    }
    RxRig& rig_;
  };
  RxRig rig;
  Rewriter copier(rig);
  RxBack back(*BackRing<RxRing>::attach(rig.ring_bytes()), RxRig::kGuest, copier, rig.buffers, rig, 0);
  rig.post(std::vector{rig.slot(3, 42)});
  REQUIRE(back.queue(0, rig.frame(60)));
  CHECK(back.run(0).next == Next::kIdle);
  CHECK(rig.responses()[0].id == 42);
}

TEST_CASE("XSA-216: every byte of every response and extra is written") {
  RxRig rig;
  rig.post_pages(0, 4);
  std::memset(rig.ring_bytes().data() + 64, 0xaa, 32);
  for (std::uint32_t i = 0; i < 4; ++i) {  // the requests again, over a page that was full of 0xaa
    const auto request = rig.slot(i, static_cast<std::uint16_t>(i));
    std::memcpy(rig.ring_bytes().data() + 64 + std::size_t{i} * 8, &request, sizeof request);
  }
  Frame frame = rig.frame(4097);
  frame.gso_size_bytes = 0x1122;
  frame.gso_type = 1;
  frame.hash_type = 3;
  frame.hash_value = 0x44332211;
  REQUIRE(rig.queue(0, frame));
  CHECK(rig.back->run(0).next == Next::kIdle);
  const std::array<std::uint8_t, 32> wanted = {
      0, 0, 0,    0,    12,   0,    0,    16,  // id, offset, flags, 4096 bytes
      1, 1, 0x22, 0x11, 1,    0,    0,    0,   // segments, more; no pad, no features
      4, 0, 2,    1,    0x11, 0x22, 0x33, 0x44, 3, 0, 0, 0, 0, 0, 1, 0};
  CHECK(std::memcmp(rig.ring_bytes().data() + 64, wanted.data(), wanted.size()) == 0);
}

TEST_CASE("XSA-392: a guest that never posts holds the cap and one frame at most, and loses it after 10 s") {
  RxRig rig;
  constexpr TimeNs kStepNs = kNsPerSecond / 10;
  std::uint32_t most = 0;
  std::uint64_t taken = 0;
  for (TimeNs now = 0; now < 300 * kNsPerSecond; now += kStepNs) {
    for (int i = 0; i < 3; ++i) taken += rig.queue(now, rig.blank_frame(65535));
    while (rig.back->run(now).next == Next::kRunAgain) continue;
    most = std::max(most, rig.back->queued_bytes());
    REQUIRE(rig.back->timer_ns() > now);
  }
  CHECK(most == 9 * 65535);  // 8 are below the cap
  CHECK(taken == rig.losses.size() + rig.back->queued_packets());
  CHECK(rig.losses.size() >= 9 * 29);
  for (const auto& loss : rig.losses) REQUIRE(loss.cause == RxDrop::kExpired);
  while (rig.back->timer_ns() != kNever) static_cast<void>(rig.back->run(rig.back->timer_ns()));
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("XSA-392: pages are counted for the first frame, not for any: 16 of 17 place nothing") {
  RxRig rig;
  Frame frame = rig.frame(65535);
  frame.hash_type = 1;
  REQUIRE(rig.queue(0, frame));
  rig.post_pages(0, 16);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(rig.back->run(0).found_work);
  CHECK(rig.back->queued_packets() == 1);
  rig.post_pages(16, 1);
  CHECK(rig.back->run(0).found_work);
  CHECK(rig.responses().size() == 17);
}

TEST_CASE("XSA-332: a storm of events without pages finds no work and changes nothing") {
  RxRig rig;
  REQUIRE(rig.queue(0, 60));
  for (int i = 0; i < 1000; ++i) {
    const auto ran = rig.back->run(static_cast<TimeNs>(i));
    REQUIRE_FALSE(ran.found_work);
    REQUIRE_FALSE(ran.notify);
    REQUIRE(ran.next == Next::kIdle);
  }
}

TEST_CASE("rsp_event far set: the guest is not notified; one that rewrites req_event wakes only itself up") {
  RxRig rig;
  rig.header().rsp_event = 0x80000000u;
  rig.post_pages(0, 1);
  REQUIRE(rig.queue(0, 60));
  CHECK_FALSE(rig.back->run(0).notify);
  CHECK(rig.responses().size() == 1);
  // The event index is the guest's to read and to break: pages that it does not announce are found at the timer.
  REQUIRE(rig.queue(0, 60, 2));
  CHECK(rig.back->run(0).next == Next::kIdle);
  rig.header().req_event = 0x80000000u;
  rig.ring.put_request(rig.slot(1));
  CHECK_FALSE(rig.ring.push_requests_and_check_notify());
  CHECK(rig.back->run(rig.back->timer_ns()).found_work);
  CHECK(rig.placements.size() == 2);
}

TEST_CASE("property: random frames and hostile pages: queued = placed + lost + waiting, and every page comes back") {
  Random random(8);
  for (int round = 0; round < 1500; ++round) {
    RxRig rig({.buffer_pages = 256, .start = static_cast<abi::RING_IDX>(-random.below(300))});
    TimeNs now = 0;
    std::size_t queued = 0;
    std::size_t answered = 0;
    std::size_t posted = 0;
    for (int step = 0; step < 40; ++step) {
      for (std::uint64_t i = random.below(6); i > 0; --i) {
        Frame frame =
            rig.blank_frame(static_cast<std::uint32_t>(1 + random.below(random.below(4) == 0 ? 65535 : 5000)));
        if (frame.buffer == kNoBuffer) continue;
        if (random.below(3) == 0) frame.gso_size_bytes = 1448;
        if (random.below(3) == 0) frame.hash_type = 1;
        queued += rig.queue(now, frame);
      }
      std::vector<abi::netif_rx_request> pages(random.below(24));
      for (auto& page : pages) {
        page = rig.slot(static_cast<std::uint32_t>(random.below(RxRig::kGuestPages)));
        if (random.below(20) == 0) page.gref = static_cast<std::uint32_t>(random.next() >> random.below(64));
      }
      posted += std::min<std::size_t>(pages.size(), rig.ring.free_requests());
      rig.post(pages);
      if (random.below(400) == 0) rig.header().req_prod = static_cast<std::uint32_t>(random.next());
      const auto ran = rig.back->run(now);
      answered += rig.responses().size();
      REQUIRE(answered <= posted);
      REQUIRE(queued == rig.placements.size() + rig.losses.size() + rig.back->queued_packets());
      if (ran.next == Next::kDisabled) break;
      if (ran.next == Next::kIdle) {
        REQUIRE(rig.back->timer_ns() > now);
        now += random.below(12 * kNsPerSecond);
      }
    }
    rig.back->flush(now);
    REQUIRE(queued == rig.placements.size() + rig.losses.size());
    REQUIRE_FALSE(rig.leaks());
  }
}
