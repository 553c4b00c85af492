#include "sim/vif_path.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <vector>

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;

struct Sent final : Uplinks {
  explicit Sent(FrameBuffers& frame_buffers) : buffers(frame_buffers) {}
  void transmit(TimeNs, VifPath&, const WireFrame& frame) override {
    frames.push_back(frame);
    buffers.release(frame.frame.buffer);
  }
  FrameBuffers& buffers;
  std::vector<WireFrame> frames;
};

// How often each was told, by packet.
struct Told final : PacketEnds {
  void copied(std::uint32_t) override { ++copies; }
  void left_guest(std::uint32_t packet) override { ++left[packet]; }
  void passed_wire(TimeNs, std::uint32_t, const WireFrame&) override { FAIL("there is no wire"); }
  void received(TimeNs, std::uint32_t vif, std::uint32_t packet) override {
    CHECK(vif == 0);
    ++in_hands[packet];
  }
  void ended(std::uint32_t packet) override { ++ends[packet]; }

  int copies = 0;
  std::map<std::uint32_t, int> left;
  std::map<std::uint32_t, int> in_hands;
  std::map<std::uint32_t, int> ends;
};

// One vif, with whoever tests it in the place of its world.
struct PathRig {
  explicit PathRig(const VifConfig& config = {}) {
    const auto layout = VifPath::layout_of(config, true);
    guest = std::make_shared<Domain>(abi::domid_t{1}, PageArena(FrontEnd::pages_needed(layout)),
                                     GrantTable(8 + FrontEnd::grants_needed(layout), Sharing::kOneThread));
    REQUIRE(domains.add(driver));
    REQUIRE(domains.add(guest));
    path = std::make_unique<VifPath>(0, config, guest,
                                     VifWorld{.grants = copier,
                                              .buffers = buffers,
                                              .tx_batch = batch,
                                              .uplinks = sent,
                                              .packet_ends = told,
                                              .captures = captures,
                                              .control_grants = copier,
                                              .control_scratch = {scratch, driver->arena.page(scratch)}});
    static_cast<void>(path->connect(0));
    header.resize(60);
  }
  Offer offer(std::uint32_t size_bytes, TimeNs now = 0) {
    return {.offered_ns = now,
            .header = header.data(),
            .size_bytes = size_bytes,
            .header_bytes = static_cast<std::uint16_t>(header.size())};
  }
  void give(TimeNs now, const Offer& offered) {
    path->offer(now, offered);
    static_cast<void>(path->queue(0).push());
  }
  [[nodiscard]] WireFrame from_wire(std::uint32_t size_bytes) {
    WireFrame frame = to_wire_frame(offer(size_bytes), 0, true);
    frame.frame.buffer = buffers.allocate(size_bytes);
    return frame;
  }
  void check_conserved(TimeNs now) {
    const VifPath::Counts counts = path->counts(now);
    const auto balanced = [](const Account& account, const Tally& queued) {
      Tally out = account.delivered;
      out += account.forwarded;
      out += queued;
      for (const Tally& drop : account.drops) out += drop;
      return account.offered.packets + account.arrived.packets + account.copied.packets == out.packets &&
             account.offered.bytes + account.arrived.bytes + account.copied.bytes == out.bytes;
    };
    CHECK(balanced(counts.rx, counts.rx_queued));
    Tally on_uplink = counts.tx_queued;  // the rig keeps what was sent
    for (const WireFrame& frame : sent.frames) on_uplink.add(frame.frame.size_bytes);
    CHECK(balanced(counts.tx, on_uplink));
  }
  [[nodiscard]] std::uint64_t dropped(const Account& account, Cause cause) const {
    return account.drops[static_cast<std::size_t>(cause)].packets;
  }

  DomainTable domains;
  std::shared_ptr<Domain> driver =
      std::make_shared<Domain>(abi::domid_t{0}, PageArena(256), GrantTable(8, Sharing::kOneThread));
  std::shared_ptr<Domain> guest;
  LocalGrantCopier copier{domains, 0, Payload::kCopy};
  std::uint32_t scratch = driver->arena.allocate().value();
  FrameBuffers buffers{driver->arena, Payload::kCopy};
  TxBatch batch;
  Captures captures{{}, buffers};
  Told told;
  Sent sent{buffers};
  std::vector<std::byte> header;
  std::unique_ptr<VifPath> path;
};

}  // namespace

TEST_CASE("vif path: a frame keeps its time and its size through the ring") {
  PathRig rig;
  CHECK(rig.path->offer(5, rig.offer(1500, 5)) == 0);
  CHECK(rig.path->queue(0).push());
  CHECK(rig.path->counts(5).tx_queued.bytes == 1500);
  static_cast<void>(rig.path->back_end().poll_tx(0, 9));
  REQUIRE(rig.sent.frames.size() == 1);
  CHECK(rig.sent.frames[0].offered_ns == 5);
  CHECK(rig.sent.frames[0].frame.size_bytes == 1500);
  CHECK_FALSE(rig.sent.frames[0].inbound);
  CHECK(rig.path->counts(9).tx_queued.packets == 0);
  rig.check_conserved(9);
}

TEST_CASE("vif path: a full ring fills the backlog, a full backlog drops") {
  PathRig rig({.backlog_packets = 3});
  for (int i = 0; i < 300; ++i) rig.give(0, rig.offer(60));
  CHECK(rig.path->counts(0).tx_queued.packets == 259);
  CHECK(rig.dropped(rig.path->tx(), Cause::kBacklog) == 41);
  rig.check_conserved(0);
  while (rig.path->back_end().poll_tx(0, 1).next == TxBack::Next::kPollAgain) continue;
  rig.path->front_end().tx(0).reap();
  rig.path->queue(0).send(2);
  CHECK(rig.path->queue(0).push());
  while (rig.path->back_end().poll_tx(0, 2).next == TxBack::Next::kPollAgain) continue;
  CHECK(rig.sent.frames.size() == 259);
  rig.check_conserved(2);
}

TEST_CASE("vif path: a frame for the guest waits for its pages, and is its guest's with its own time") {
  PathRig rig;
  CHECK(rig.path->front_end().rx(0).post());
  const WireFrame frame = rig.from_wire(9000);
  rig.path->rx().offered.add(9000);
  CHECK(rig.path->receive(10, frame) == 0u);
  CHECK(rig.path->counts(10).rx_queued.bytes == 9000);
  CHECK(rig.path->back_end().run_rx(0, 20).notify);
  CHECK(rig.path->counts(20).rx_queued.bytes == 9000);  // on the ring
  CHECK_FALSE(rig.path->queue(0).take(30));             // its pages are posted again, and nobody waits for them
  CHECK(rig.path->rx().delivered.bytes == 9000);
  CHECK(rig.path->rx_latency().max() == 30);
  rig.check_conserved(30);
}

TEST_CASE("vif path: a frame that is not taken gives its buffer back and is counted by cause") {
  PathRig rig;
  const std::uint32_t pages = rig.driver->arena.free_pages();
  rig.path->back_end().set_multicast_control(true);
  rig.header[0] = std::byte{1};
  WireFrame group = rig.from_wire(60);
  std::ranges::copy(rig.header, rig.buffers.writable_bytes(group.frame.buffer).begin());
  rig.path->rx().offered.add(60);
  CHECK_FALSE(rig.path->receive(0, group).has_value());
  CHECK(rig.dropped(rig.path->rx(), Cause::kFiltered) == 1);
  rig.path->back_end().disconnect(0);
  rig.path->rx().offered.add(60);
  CHECK_FALSE(rig.path->receive(0, rig.from_wire(60)).has_value());
  CHECK(rig.dropped(rig.path->rx(), Cause::kCarrier) == 1);
  CHECK(rig.driver->arena.free_pages() == pages);
  rig.check_conserved(0);
}

TEST_CASE("vif path: the time in which frames are held back is counted once, also while it goes on") {
  PathRig rig(VifConfig{});
  rig.path->hold_back(1 * kMs);
  rig.path->hold_back(2 * kMs);  // another queue
  CHECK(rig.path->counts(4 * kMs).held_back_ns == 3 * kMs);
  rig.path->let_go(5 * kMs);
  rig.path->let_go(6 * kMs);
  CHECK(rig.path->counts(9 * kMs).held_back_ns == 4 * kMs);
}

TEST_CASE("vif path: nobody looks at a ring whose back end waits for credit, unless it asks to be told") {
  PathRig rig({.credit = {.bytes = 1000, .window_ns = kMs}, .backlog_packets = 3});
  QueuePath& queue = rig.path->queue(0);
  CHECK_FALSE(queue.is_unwatched());
  rig.give(0, rig.offer(900));
  rig.give(0, rig.offer(900));
  CHECK_FALSE(rig.path->is_quiet());  // it has not been polled yet
  CHECK(rig.path->back_end().poll_tx(0, 0).next == TxBack::Next::kWaitForCredit);
  CHECK(queue.is_unwatched());
  CHECK(rig.path->is_quiet());
  auto& header = *reinterpret_cast<abi::sring_header*>(rig.path->front_end().tx(0).ring_memory().data());
  header.req_event = header.req_prod + 1;
  CHECK_FALSE(queue.is_unwatched());
  CHECK_FALSE(rig.path->is_quiet());
  for (int i = 0; i < 256; ++i) rig.give(0, rig.offer(900));
  CHECK(rig.path->is_quiet());  // for it has a backlog
}

TEST_CASE("vif path: reconnecting counts what was on the rings as lost, and the backlog goes on") {
  PathRig rig({.credit = {.bytes = 1000, .window_ns = 10 * kMs}, .queues = 2});
  CHECK(rig.path->front_end().rx(0).post());
  for (int i = 0; i < 600; ++i) rig.give(0, rig.offer(600));
  rig.path->rx().offered.add(60);
  REQUIRE(rig.path->receive(0, rig.from_wire(60)).has_value());
  static_cast<void>(rig.path->back_end().poll_tx(0, 0));
  static_cast<void>(rig.path->back_end().poll_tx(1, 0));
  rig.check_conserved(0);
  CHECK(rig.path->connect(1));  // the guest configures its control ring
  CHECK(rig.dropped(rig.path->rx(), Cause::kDisconnected) == 1);
  CHECK(rig.dropped(rig.path->tx(), Cause::kDisconnected) > 0);
  CHECK(rig.path->fault() == Fault::kNone);
  CHECK(rig.guest->arena.free_pages() == 0);
  rig.check_conserved(1);
}

TEST_CASE("vif path: what a vif asks of its world") {
  CHECK(VifConfig{}.ports() == 2);
  CHECK(VifConfig{.split_event_channels = false}.ports() == 1);
  CHECK(VifConfig{.queues = 4}.ports() == 9);
  CHECK(VifPath::layout_of({.ring_order = 2, .queues = 4}, true).control_ring);
  CHECK_FALSE(VifPath::layout_of({}, true).control_ring);
  CHECK(VifPath::layout_of({}, false).shared_page);
}

TEST_CASE("vif path: the frame of a packet ends once, however it ends") {
  PathRig rig({.credit = {.bytes = 4000, .window_ns = kMs}, .backlog_packets = 1});
  std::uint32_t packets = 0;
  const auto with_packet = [&](std::uint32_t size_bytes) {
    Offer offer = rig.offer(size_bytes);
    offer.packet = packets++;
    return offer;
  };
  const auto come_in = [&] {
    WireFrame frame = to_wire_frame(with_packet(60), 0, true);
    frame.frame.buffer = rig.buffers.allocate(60);
    rig.path->rx().offered.add(60);
    return rig.path->receive(0, frame);
  };
  while (rig.told.ends.empty()) rig.give(0, with_packet(1500));  // until the backlog is full
  CHECK(rig.told.ends == std::map<std::uint32_t, int>{{packets - 1, 1}});
  CHECK(rig.told.left.empty());
  while (rig.path->back_end().poll_tx(0, 1).next == TxBack::Next::kPollAgain) continue;
  REQUIRE(rig.sent.frames.size() == 2);
  CHECK(rig.sent.frames[1].packet == 1);
  CHECK(rig.sent.frames[1].frame.checksum == Checksum::kBlank);
  CHECK(rig.told.left == std::map<std::uint32_t, int>{{0, 1}, {1, 1}});
  CHECK(rig.told.ends.size() == 1);

  CHECK(rig.path->front_end().rx(0).post());
  const std::uint32_t received = packets;
  REQUIRE(come_in());
  static_cast<void>(rig.path->back_end().run_rx(0, 2));
  static_cast<void>(rig.path->queue(0).take(2));
  CHECK(rig.told.in_hands == std::map<std::uint32_t, int>{{received, 1}});
  CHECK(rig.told.ends.at(received) == 1);

  REQUIRE(come_in());
  static_cast<void>(rig.path->back_end().run_rx(0, 3));  // onto the ring
  REQUIRE(come_in());                                    // waits in the back end
  static_cast<void>(rig.path->connect(4));
  rig.path->back_end().disconnect(5);
  CHECK_FALSE(come_in());
  // All but the two that have left, and the one that waits in the guest.
  CHECK(rig.told.ends.size() == packets - 3);
  for (const auto& [packet, count] : rig.told.ends) CHECK(count == 1);
  CHECK(rig.told.in_hands.size() == 1);
}
