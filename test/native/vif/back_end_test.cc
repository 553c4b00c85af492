#include "vif/back_end.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <vector>

#include "native/vif/header_fixture.h"
#include "native/vif/vif_rig.h"

using namespace ringback;
using Received = BackEnd::Received;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr TimeNs kSecond = kNsPerSecond;

std::vector<std::byte> frame_to(std::array<std::uint8_t, 6> address) {
  std::vector<std::byte> header(60);
  std::memcpy(header.data(), address.data(), address.size());
  return header;
}
const std::vector<std::byte> kUnicast = frame_to({0, 0x16, 0x3e, 0, 0, 1});

abi::netif_tx_request multicast_extra(std::uint8_t type, const MulticastList::Address& address) {
  abi::netif_extra_info info{};
  info.type = type;
  std::memcpy(info.u.mcast.addr, address.data(), address.size());
  abi::netif_tx_request slot{};
  std::memcpy(&slot, &info, sizeof info);
  return slot;
}

void request_multicast(VifRig& rig, std::uint8_t type, const MulticastList::Address& address) {
  rig.queues[0]->tx.put_request({rig.refs[0], 0, abi::XEN_NETTXF_extra_info, 1, 0});
  rig.queues[0]->tx.put_request(multicast_extra(type, address));
  static_cast<void>(rig.queues[0]->tx.push_requests_and_check_notify());
  REQUIRE(rig.back_end.poll_tx(0, 0).next == TxBack::Next::kIdle);
  REQUIRE(rig.answers(0).size() == 2);
}

// Dead: nothing is taken, placed or answered in any direction, and nothing is due.
void check_dead(VifRig& rig, Fault fault) {
  CHECK(fault_name(rig.back_end.fault()) == fault_name(fault));
  CHECK_FALSE(rig.back_end.has_carrier());
  CHECK(rig.receive(5, 60, kUnicast).result == Received::kNoCarrier);
  for (std::uint32_t queue = 0; queue < rig.back_end.queues(); ++queue) {
    rig.send(queue, 3);
    rig.post(queue, 3);
    CHECK_FALSE(rig.back_end.has_new_requests(queue));
    CHECK(rig.back_end.poll_tx(queue, 5).next == TxBack::Next::kDisabled);
    CHECK(rig.back_end.run_rx(queue, 5).next == RxBack::Next::kDisabled);
    CHECK(rig.back_end.rx_timer_ns(queue) == kNever);
    CHECK(rig.answers(queue).empty());
    CHECK(rig.queues[queue]->frames == 0);
    CHECK(rig.queues[queue]->placements.empty());
  }
  rig.push_control(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1);
  CHECK(rig.back_end.poll_control().next == CtrlBack::Next::kDisabled);
  CHECK(rig.control_header().rsp_prod == 0);
  CHECK(rig.back_end.hash().algorithm() == 0);
  CHECK_FALSE(rig.leaks());
}

}  // namespace

TEST_CASE("a back end that is not connected has no carrier") {
  VifRig rig;
  CHECK_FALSE(rig.back_end.is_connected());
  CHECK_FALSE(rig.back_end.has_carrier());
  CHECK(rig.receive(0, 60, kUnicast).result == Received::kNoCarrier);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("credit: one bucket a vif, whatever its queues") {
  for (const std::uint32_t queues : {1u, 4u}) {
    VifRig rig({.queues = queues, .credit = {.bytes = 10'000, .window_ns = kMs}});
    REQUIRE(rig.connect());
    std::uint64_t bytes = 0;
    for (TimeNs now = 0; now < 100 * kMs; now += kMs) {
      if (rig.back_end.shaper().credit().timer_ns() == now) static_cast<void>(rig.back_end.on_credit_timer());
      for (std::uint32_t queue = 0; queue < queues; ++queue) {
        static_cast<void>(rig.answers(queue));
        rig.send(queue, 20);
        static_cast<void>(rig.back_end.poll_tx(queue, now));
      }
    }
    for (const auto& queue : rig.queues) bytes += queue->bytes;
    CHECK(bytes == 1'000'000);
  }
}

TEST_CASE("credit: no queue keeps it from the others, however few frames a window pays for") {
  VifRig rig({.queues = 4, .credit = {.bytes = 10'000, .window_ns = kMs}});
  REQUIRE(rig.connect());
  const auto poll = [&](std::uint32_t queue, TimeNs now) {
    static_cast<void>(rig.answers(queue));
    rig.send(queue, 20);
    static_cast<void>(rig.back_end.poll_tx(queue, now));
  };
  for (std::uint32_t queue = 0; queue < 4; ++queue) poll(queue, 0);
  for (int window = 0; window < 100; ++window) {
    const TimeNs now = rig.back_end.shaper().credit().timer_ns();
    const auto waiters = rig.back_end.on_credit_timer();
    CHECK(waiters.count == 4);
    for (std::uint32_t i = 0; i < waiters.count; ++i) poll(waiters.queues[i], now);
  }
  for (const auto& queue : rig.queues) {
    CHECK(queue->frames >= 240);
    CHECK(queue->frames <= 270);
  }
}

TEST_CASE("stall: the carrier is off until all queues are ready") {
  VifRig rig;
  REQUIRE(rig.connect());
  const auto a = frame_to({0, 0x16, 0x3e, 0, 0, 1});
  // Without an algorithm the flow chooses the queue: find a frame for each.
  std::array<std::vector<std::byte>, 2> to_queue;
  for (std::uint32_t host = 0; to_queue[0].empty() || to_queue[1].empty(); ++host) {
    const auto bytes = test::make_header({test::ipv4(10, 0, 0, host & 255), test::ipv4(10, 0, 1, 1), 1000, 80});
    to_queue[rig.back_end.queue_of(bytes)].assign(bytes.begin(), bytes.end());
  }
  for (std::uint32_t queue = 0; queue < 2; ++queue)
    CHECK(rig.receive(55 * kSecond, 60, to_queue[queue]).queue == queue);
  CHECK(rig.back_end.has_carrier());
  for (std::uint32_t queue = 0; queue < 2; ++queue) CHECK(rig.back_end.run_rx(queue, 60 * kSecond).found_work);
  CHECK_FALSE(rig.back_end.has_carrier());
  CHECK(rig.receive(60 * kSecond, 60, a).result == Received::kNoCarrier);
  rig.post(0, 1);
  CHECK(rig.back_end.run_rx(0, 61 * kSecond).found_work);  // places it
  static_cast<void>(rig.back_end.run_rx(0, 61 * kSecond));
  CHECK_FALSE(rig.back_end.has_carrier());
  rig.post(1, 1);
  static_cast<void>(rig.back_end.run_rx(1, 62 * kSecond));
  static_cast<void>(rig.back_end.run_rx(1, 62 * kSecond));
  CHECK(rig.back_end.has_carrier());
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("fatal: a fault on one TX queue stops all queues and the control ring") {
  VifRig rig({.queues = 3, .control = true});
  REQUIRE(rig.connect());
  CHECK(rig.receive(0, 5000, kUnicast).result == Received::kQueued);
  rig.send_fatal(1);
  CHECK(rig.back_end.poll_tx(1, 0).next == TxBack::Next::kDisabled);
  for (std::uint32_t queue = 0; queue < 3; ++queue)
    CHECK(rig.back_end.run_rx(queue, 1).next == RxBack::Next::kDisabled);  // gives up what waited
  check_dead(rig, Fault::kCrossesPage);
}

TEST_CASE("fatal: a fault on an RX queue stops TX and the control ring") {
  VifRig rig({.control = true});
  REQUIRE(rig.connect());
  rig.rx_header(1).req_prod = 300;
  CHECK(rig.back_end.run_rx(1, 0).next == RxBack::Next::kDisabled);
  check_dead(rig, Fault::kRingOverflow);
}

TEST_CASE("fatal: a fault on the control ring stops every queue") {
  VifRig rig({.control = true});
  REQUIRE(rig.connect());
  rig.control_header().req_prod = 129;
  CHECK(rig.back_end.poll_control().next == CtrlBack::Next::kDisabled);
  rig.control_header().req_prod = 0;
  check_dead(rig, Fault::kRingOverflow);
}

TEST_CASE("fatal: a queue that is looked at after another one's fault adds no reason") {
  VifRig rig;
  REQUIRE(rig.connect());
  rig.send_fatal(0);
  static_cast<void>(rig.back_end.poll_tx(0, 0));
  rig.rx_header(1).req_prod = 300;
  static_cast<void>(rig.back_end.run_rx(1, 0));
  CHECK(fault_name(rig.back_end.fault()) == fault_name(Fault::kCrossesPage));
}

TEST_CASE("XSA-374, XSA-424: disconnecting after a fault, and in the middle of everything, gives up all that waits") {
  for (const bool fatal : {false, true}) {
    VifRig rig({.queues = 2, .credit = {.bytes = 2000, .window_ns = kMs}, .control = true});
    REQUIRE(rig.connect());
    CHECK(rig.receive(0, 9000, kUnicast).result == Received::kQueued);
    rig.send(0, 10);
    CHECK(rig.back_end.poll_tx(0, 0).next == TxBack::Next::kWaitForCredit);
    rig.send(1, 2);
    if (fatal) rig.push_control(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, 1);
    if (fatal) rig.rx_header(0).req_prod = 0x80000000u;
    if (fatal) CHECK(rig.back_end.run_rx(0, 1).next == RxBack::Next::kDisabled);
    rig.back_end.disconnect(1);
    CHECK_FALSE(rig.back_end.is_connected());
    CHECK_FALSE(rig.back_end.has_carrier());
    CHECK(rig.queues[0]->losses.size() + rig.queues[1]->losses.size() == 1);
    CHECK_FALSE(rig.leaks());
    rig.back_end.disconnect(2);                        // twice
    CHECK(rig.back_end.on_credit_timer().count == 0);  // a timer that was set before finds nobody
    CHECK_FALSE(rig.leaks());
  }
}

TEST_CASE("reconnecting forgets the fault and the multicast list, and keeps the credit") {
  VifRig rig({.queues = 1, .credit = {.bytes = 5000, .window_ns = kSecond}, .control = true});
  rig.back_end.set_multicast_control(true);
  REQUIRE(rig.connect());
  const MulticastList::Address group{1, 0, 0x5e, 0, 0, 7};
  request_multicast(rig, abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group);
  rig.push_control(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1);
  CHECK(rig.back_end.poll_control().answered == 1);
  CHECK(rig.back_end.hash().algorithm() == 1);
  rig.send(0, 3);
  CHECK(rig.back_end.poll_tx(0, 0).next == TxBack::Next::kIdle);
  CHECK(rig.answers(0).size() == 3);
  rig.send_fatal(0);
  CHECK(rig.back_end.poll_tx(0, 0).next == TxBack::Next::kDisabled);
  CHECK(rig.back_end.shaper().credit().remaining_bytes() == 1900);
  rig.back_end.disconnect(1);
  const auto new_ring = [](std::span<std::byte> page) {
    init_shared_ring(page);
    return page;
  };
  rig.queues[0]->tx = FrontRing<TxRing>(new_ring(rig.queues[0]->memory.page(0)));
  REQUIRE(rig.connect(2));
  CHECK(rig.back_end.fault() == Fault::kNone);
  CHECK(rig.back_end.has_carrier());
  CHECK(rig.back_end.shaper().credit().remaining_bytes() == 1900);
  CHECK(rig.back_end.hash().algorithm() == 0);
  CHECK(rig.receive(3, 60, frame_to(group)).result == Received::kFiltered);
  rig.send(0, 3);
  CHECK(rig.back_end.poll_tx(0, 4).next == TxBack::Next::kWaitForCredit);
  CHECK(rig.answers(0).size() == 1);
}

TEST_CASE("attach: rings that another back end left go on at their rsp_prod") {
  VifRig rig({.queues = 1});
  rig.send(0, 5);
  rig.tx_header(0).rsp_prod = 3;  // three of the five were answered
  REQUIRE(rig.connect());
  CHECK(rig.back_end.poll_tx(0, 0).next == TxBack::Next::kIdle);
  CHECK(rig.queues[0]->frames == 2);
  CHECK(rig.tx_header(0).rsp_prod == 5);
}

TEST_CASE("attach: rsp_prod that was tampered with is refused, on every ring") {
  for (int ring = 0; ring < 3; ++ring)
    for (const std::uint32_t answered : {1u, 0x80000000u, 0xfffffe00u}) {
      VifRig rig({.queues = 2, .control = true});
      (ring == 0 ? rig.tx_header(1) : ring == 1 ? rig.rx_header(1) : rig.control_header()).rsp_prod = answered;
      CHECK_FALSE(rig.connect());
      CHECK_FALSE(rig.back_end.is_connected());
      CHECK(fault_name(rig.back_end.fault()) == fault_name(Fault::kBadAttach));
      CHECK_FALSE(rig.back_end.has_carrier());
      (ring == 0 ? rig.tx_header(1) : ring == 1 ? rig.rx_header(1) : rig.control_header()).rsp_prod = 0;
      CHECK(rig.connect());
      CHECK(rig.back_end.has_carrier());
    }
}

TEST_CASE("multicast control: group addresses are for guests that asked; broadcast and unicast always pass") {
  VifRig rig({.queues = 1});
  REQUIRE(rig.connect());
  const MulticastList::Address group{1, 0, 0x5e, 0, 0, 7};
  const auto result = [&](std::array<std::uint8_t, 6> to) { return rig.receive(0, 60, frame_to(to)).result; };
  CHECK(result(group) == Received::kQueued);  // the guest did not ask for the filter
  rig.back_end.set_multicast_control(true);
  CHECK(result(group) == Received::kFiltered);
  CHECK(result({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) == Received::kQueued);
  CHECK(result({0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}) == Received::kFiltered);
  CHECK(result({0, 0x16, 0x3e, 1, 2, 3}) == Received::kQueued);
  request_multicast(rig, abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group);
  CHECK(result(group) == Received::kQueued);
  CHECK(result({1, 0, 0x5e, 0, 0, 8}) == Received::kFiltered);
  request_multicast(rig, abi::XEN_NETIF_EXTRA_TYPE_MCAST_DEL, group);
  CHECK(result(group) == Received::kFiltered);
  const std::array few{std::byte{1}, std::byte{0}, std::byte{0x5e}};  // shorter than an address: nobody's to judge
  CHECK(rig.receive(0, 60, few).result == Received::kQueued);
}

TEST_CASE("XSA-392: a full queue refuses frames, and the caller keeps them") {
  VifRig rig({.queues = 1});
  REQUIRE(rig.connect());
  std::uint32_t taken = 0;
  while (rig.receive(0, 65535, kUnicast).result == Received::kQueued) ++taken;
  CHECK(taken == 9);
  CHECK(rig.receive(0, 60, kUnicast).result == Received::kFull);
  CHECK(rig.back_end.has_carrier());
}

TEST_CASE("a received frame is told its hash only once the guest has chosen an algorithm") {
  VifRig rig({.queues = 1, .control = true});
  REQUIRE(rig.connect());
  const auto header = test::make_header({test::ipv4(66, 9, 149, 187), test::ipv4(161, 142, 100, 80), 2794, 1766});
  rig.post(0, 10);
  const auto hash_type = [&] {
    CHECK(rig.receive(0, 60, header).result == Received::kQueued);
    static_cast<void>(rig.back_end.run_rx(0, 0));
    return rig.queues[0]->placements.back().hash_type;
  };
  CHECK(hash_type() == 0);
  rig.push_control(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1);
  rig.push_control(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
  CHECK(rig.back_end.poll_control().answered == 2);
  CHECK(hash_type() == abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP_bit + 1);
}

TEST_CASE("XSA-332: an event without new requests is seen to be spurious") {
  VifRig rig({.queues = 1, .credit = {.bytes = 1000, .window_ns = kMs}});
  REQUIRE(rig.connect());
  CHECK_FALSE(rig.back_end.has_new_requests(0));
  rig.send(0, 3);
  CHECK(rig.back_end.has_new_requests(0));
  CHECK(rig.back_end.poll_tx(0, 0).next == TxBack::Next::kWaitForCredit);
  CHECK_FALSE(rig.back_end.has_new_requests(0));  // those that wait for credit are known
  rig.send(0, 1);
  CHECK(rig.back_end.has_new_requests(0));
  rig.tx_header(0).req_prod = 0x7fffffff;
  static_cast<void>(rig.back_end.has_new_requests(0));
  CHECK(fault_name(rig.back_end.fault()) == fault_name(Fault::kRingOverflow));
}

TEST_CASE("XSA-332: what waits for credit is known until it goes, and then nothing is") {
  VifRig rig({.queues = 1, .credit = {.bytes = 1000, .window_ns = kMs}});
  REQUIRE(rig.connect());
  rig.send(0, 2);
  CHECK(rig.back_end.poll_tx(0, 0).next == TxBack::Next::kWaitForCredit);
  rig.send(0, 1);
  CHECK(rig.back_end.has_new_requests(0));
  CHECK(rig.back_end.poll_tx(0, 1).next == TxBack::Next::kWaitForCredit);
  CHECK_FALSE(rig.back_end.has_new_requests(0));
  for (const TimeNs now : {kMs, 2 * kMs}) {
    static_cast<void>(rig.back_end.on_credit_timer());
    static_cast<void>(rig.back_end.poll_tx(0, now));
    CHECK_FALSE(rig.back_end.has_new_requests(0));
  }
  CHECK(rig.queues[0]->frames == 3);
  rig.send(0, 1);
  CHECK(rig.back_end.has_new_requests(0));
}

TEST_CASE("without a control ring a flow keeps its queue, flows are spread over all of them, and no hash is told") {
  for (const std::uint32_t queues : {1u, 3u, 4u}) {
    VifRig rig({.queues = queues});
    REQUIRE(rig.connect());
    std::vector<std::uint32_t> flows(queues);
    for (std::uint32_t host = 0; host < 200; ++host) {
      const auto header = test::make_header({test::ipv4(10, 0, 0, host), test::ipv4(10, 0, 1, 1), 1000, 80});
      const std::uint32_t queue = rig.back_end.queue_of(header);
      REQUIRE(queue < queues);
      REQUIRE(rig.back_end.queue_of(header) == queue);
      ++flows[queue];
      rig.post(queue, 1);
      const auto accepted = rig.receive(0, 60, header);
      CHECK(accepted.result == Received::kQueued);
      CHECK(accepted.queue == queue);
      static_cast<void>(rig.back_end.run_rx(queue, 0));
      REQUIRE(rig.queues[queue]->placements.size() == flows[queue]);
      CHECK(rig.queues[queue]->placements.back().hash_type == 0);
    }
    for (const std::uint32_t count : flows) CHECK(count >= 200 / queues / 2);
  }
}
