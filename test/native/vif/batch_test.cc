// What a back end takes at a time, what it tells of that, and whom it notifies.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "native/vif/rx_rig.h"
#include "native/vif/tx_rig.h"
#include "native/vif/vif_rig.h"

using namespace ringback;

namespace {

void push_frames(TxRig& rig, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) rig.push(std::vector{rig.slot(i, 100)});
}

// A back end of the rig's own ring that places three frames a run.
std::unique_ptr<RxBack> three_a_run(RxRig& rig, GrantCopier& copier, bool always_notify = false) {
  return std::make_unique<RxBack>(*BackRing<RxRing>::attach(rig.ring_bytes()), RxRig::kGuest, copier, rig.buffers, rig,
                                  TimeNs{0}, 3, always_notify);
}

// Every copy succeeds.
struct Okay final : GrantCopier {
  void copy(std::span<abi::gnttab_copy> operations) override {
    for (abi::gnttab_copy& operation : operations) operation.status = abi::GNTST_okay;
  }
};

}  // namespace

TEST_CASE("batch: a poll takes so many frames at most and says how many it took") {
  TxRig rig;
  rig.vif.batch_frames = 3;
  push_frames(rig, 7);
  for (const std::uint32_t packets : {3u, 3u, 1u}) {
    const TxBack::Polled polled = rig.back_end.poll(0);
    CHECK(polled.packets == packets);
    CHECK((polled.next == TxBack::Next::kPollAgain) == (packets == 3));
  }
  CHECK(rig.back_end.poll(0).packets == 0);
  CHECK(rig.frames.size() == 7);
}

TEST_CASE("batch: a packet that is refused was taken, one that waits for credit was not") {
  TxRig rig({.credit = {.bytes = 150, .window_ns = 1000}});
  rig.push(std::vector{rig.slot(0, 100), rig.slot(1, 5), rig.slot(2, 100)});
  CHECK(rig.back_end.poll(0).packets == 2);
  CHECK(rig.drops.size() == 1);
  const TxBack::Polled waiting = rig.back_end.poll(0);
  CHECK(waiting.next == TxBack::Next::kWaitForCredit);
  CHECK(waiting.packets == 0);
}

TEST_CASE("batch: a run places so many frames at most and says how many it took, lost ones included") {
  RxRig rig;
  Okay copier;
  const auto back = three_a_run(rig, copier);
  for (std::uint16_t i = 0; i < 12; ++i) REQUIRE(back->queue(0, rig.frame(100, i)));
  rig.post_pages(0, 7);
  for (const std::uint32_t packets : {3u, 3u, 1u, 0u}) CHECK(back->run(1).packets == packets);
  CHECK(rig.placements.size() == 7);
  for (const std::uint32_t packets : {3u, 2u, 0u}) CHECK(back->run(RxBack::kDrainNs).packets == packets);
  CHECK(rig.losses.size() == 5);
}

TEST_CASE("batch: what a dead vif gives up was taken off the queue") {
  VifRig rig({.queues = 1});
  REQUIRE(rig.connect());
  const std::array<std::byte, 14> header{};
  for (int i = 0; i < 4; ++i) CHECK(rig.receive(0, 500, header).result == BackEnd::Received::kQueued);
  rig.send_fatal(0);
  CHECK(rig.back_end.poll_tx(0, 0).next == TxBack::Next::kDisabled);
  CHECK(rig.back_end.run_rx(0, 1).packets == 4);
  CHECK(rig.back_end.run_rx(0, 1).packets == 0);
}

TEST_CASE("notifications: a back end that always notifies does so of each response, and of nothing else") {
  for (const bool always : {false, true}) {
    TxRig tx;
    tx.vif.always_notify = always;
    for (const bool first : {true, false}) {
      push_frames(tx, 1);
      CHECK(tx.back_end.poll(0).notify == (first || always));  // the guest does not ask again
    }
    CHECK_FALSE(tx.back_end.poll(0).notify);

    RxRig rx;
    Okay copier;
    const auto back = three_a_run(rx, copier, always);
    rx.post_pages(0, 5);
    for (const bool first : {true, false}) {
      REQUIRE(back->queue(0, rx.frame(100)));
      CHECK(back->run(0).notify == (first || always));
    }
    CHECK_FALSE(back->run(0).notify);
  }
}
