#include "ring/back_ring.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "native/ring/ring_fixture.h"

using namespace ringback;
using test::kNearWrap;
using test::message;
using test::same;

namespace {

template <class R>
void push_messages(test::RingPair<R>& ring, std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) ring.front.put_request(message<typename R::Request>(first + i));
  ring.front.push_requests();
}

}  // namespace

TEST_CASE("attach: attaching goes on at the responses that were published") {
  test::RingMemory memory(0, kNearWrap);
  memory.header().req_prod = kNearWrap + 30;
  memory.header().rsp_prod = kNearWrap + 20;
  auto back = BackRing<TxRing>::attach(memory.bytes());
  REQUIRE(back.has_value());
  CHECK(back->req_cons() == kNearWrap + 20);
  CHECK(back->rsp_prod_pvt() == kNearWrap + 20);
  CHECK(back->unconsumed_requests() == 10);
}

TEST_CASE("attach: attaching is refused when more is asked than the ring holds") {
  test::RingMemory memory(0, kNearWrap);
  for (const std::uint32_t ahead : {257u, 0x8000'0000u, 0xffff'ffffu}) {
    memory.header().req_prod = kNearWrap + ahead;
    CHECK_FALSE(BackRing<TxRing>::attach(memory.bytes()).has_value());
    CHECK_FALSE(BackRing<CtrlRing>::attach(memory.bytes()).has_value());
  }
  memory.header().req_prod = kNearWrap + 256;
  CHECK(BackRing<TxRing>::attach(memory.bytes()).has_value());
  CHECK_FALSE(BackRing<CtrlRing>::attach(memory.bytes()).has_value());  // 128 slots
}

TEST_CASE("a producer that goes back takes nothing back of what was peeked at") {
  test::RingPair<TxRing> ring(0, kNearWrap);
  push_messages(ring, 0, 30);
  std::vector<TxRing::Request> out(100);
  CHECK(ring.back.peek_requests(out).count == 30);
  ring.memory.header().req_prod = kNearWrap + 10;
  CHECK(ring.back.peek_requests(std::span(out).first(16), 30).count == 0);
  ring.back.advance(30);
  CHECK(ring.back.unanswered_requests() == 30);
}

TEST_CASE_TEMPLATE("peeking consumes nothing; advancing does", R, TxRing, RxRing, CtrlRing) {
  using Request = typename R::Request;
  test::RingPair<R> ring(0, kNearWrap);
  push_messages(ring, 0, 30);
  std::vector<Request> out(100);
  CHECK(ring.back.peek_requests(std::span(out).first(20)).count == 20);
  CHECK(ring.back.unconsumed_requests() == 30);
  for (std::uint32_t i = 0; i < 30; ++i) CHECK(same(ring.back.copy_request(i), message<Request>(i)));
  ring.back.advance(18);
  CHECK(ring.back.unconsumed_requests() == 12);
  CHECK(ring.back.unanswered_requests() == 18);
  CHECK(same(ring.back.copy_request(0), message<Request>(18)));
  CHECK(ring.back.consume_requests(out).count == 12);
  for (std::uint32_t i = 0; i < 12; ++i) CHECK(same(out[i], message<Request>(18 + i)));
  CHECK(ring.back.consume_requests(out).count == 0);
  CHECK(ring.back.consume_requests({}).count == 0);
}

TEST_CASE("what was pushed after an earlier look is found") {
  test::RingPair<TxRing> ring(0, kNearWrap);
  std::vector<TxRing::Request> out(100);
  push_messages(ring, 0, 10);
  CHECK(ring.back.consume_requests(std::span(out).first(4)).count == 4);
  push_messages(ring, 10, 10);
  CHECK(ring.back.consume_requests(out).count == 16);  // 6 known, 10 new
}

TEST_CASE("a request is copied: what the peer writes later changes nothing") {
  test::RingPair<TxRing> ring;
  push_messages(ring, 0, 2);
  std::vector<TxRing::Request> out(2);
  CHECK(ring.back.consume_requests(out).count == 2);
  std::memset(ring.memory.bytes().data() + 64, 0xff, 24);
  CHECK(same(out[0], message<TxRing::Request>(0)));
  CHECK(same(out[1], message<TxRing::Request>(1)));
}

TEST_CASE("a request producer too far ahead, or behind, is an overflow and moves nothing") {
  for (const std::uint32_t answered : {0u, 5u, 12u}) {
    test::RingPair<TxRing> ring(0, kNearWrap);
    std::vector<TxRing::Request> out(256);
    push_messages(ring, 0, 12);
    CHECK(ring.back.consume_requests(out).count == 12);
    for (std::uint32_t i = 0; i < answered; ++i) ring.back.put_response({});
    const std::uint32_t most = 256 + answered - 12;  // requests that fit after the 12
    for (const std::uint32_t ahead : {most + 1, 0x7fff'ffffu, 0x8000'0000u, 0xffff'ffffu}) {
      ring.memory.header().req_prod = kNearWrap + 12 + ahead;
      CHECK(ring.back.has_overflow());
      const auto taken = ring.back.consume_requests(out);
      CHECK(taken.overflow);
      CHECK(taken.count == 0);
      CHECK(ring.back.req_cons() == kNearWrap + 12);
      CHECK(ring.back.unconsumed_requests() <= most);
    }
    ring.memory.header().req_prod = kNearWrap + 12 + most;
    CHECK_FALSE(ring.back.has_overflow());
    CHECK(ring.back.unconsumed_requests() == most);
    CHECK(ring.back.consume_requests(out).count == most);
    CHECK(ring.back.unconsumed_requests() == 0);
  }
}

TEST_CASE_TEMPLATE("a response takes the first bytes of its slot and no others", R, TxRing, RxRing, CtrlRing) {
  using Response = typename R::Response;
  test::RingPair<R> ring(0, kNearWrap);
  push_messages(ring, 0, 40);
  std::vector<typename R::Request> out(40);
  CHECK(ring.back.consume_requests(out).count == 40);
  const std::vector<std::byte> before(ring.memory.bytes().begin(), ring.memory.bytes().end());
  std::vector<Response> responses;
  for (std::uint32_t i = 0; i < 40; ++i) responses.push_back(message<Response>(500 + i));
  ring.back.put_responses(std::span(responses).first(39));
  ring.back.put_response(responses[39]);
  for (std::uint32_t i = 0; i < 40; ++i) {
    const std::size_t at = 64 + ((kNearWrap + i) % ring.back.entries()) * kSlotBytes<R>;
    CHECK(std::memcmp(ring.memory.bytes().data() + at, &responses[i], sizeof(Response)) == 0);
    const std::size_t rest = kSlotBytes<R> - sizeof(Response);
    CHECK(std::memcmp(ring.memory.bytes().data() + at + sizeof(Response), before.data() + at + sizeof(Response),
                      rest) == 0);
  }
  CHECK(ring.memory.header().rsp_prod == kNearWrap);
  ring.back.push_responses();
  CHECK(ring.memory.header().rsp_prod == kNearWrap + 40);
}

TEST_CASE("the back end's final check asks for the next request, also when the ring is full of unanswered ones") {
  test::RingPair<TxRing> ring(0, kNearWrap);
  std::vector<TxRing::Request> out(256);
  push_messages(ring, 0, 256);
  CHECK(ring.back.final_check_for_requests());
  CHECK(ring.memory.header().req_event == kNearWrap + 1);  // as it was: there is work
  CHECK(ring.back.consume_requests(out).count == 256);
  CHECK_FALSE(ring.back.final_check_for_requests());
  CHECK(ring.memory.header().req_event == kNearWrap + 257);
}

TEST_CASE("the back end's final check for several requests asks for the next one beyond those that wait") {
  for (const abi::RING_IDX start : {0u, kNearWrap, 0xffff'ffffu}) {
    test::RingPair<RxRing> ring(0, start);
    std::vector<RxRing::Request> out(256);
    CHECK_FALSE(ring.back.final_check_for_requests(1));
    CHECK(ring.memory.header().req_event == start + 1);
    push_messages(ring, 0, 4);
    CHECK(ring.back.final_check_for_requests(4));
    CHECK(ring.memory.header().req_event == start + 1);  // as it was: there is work
    CHECK_FALSE(ring.back.final_check_for_requests(5));
    CHECK(ring.memory.header().req_event == start + 5);
    CHECK(ring.back.consume_requests(std::span(out).first(3)).count == 3);
    CHECK_FALSE(ring.back.final_check_for_requests(2));
    CHECK(ring.memory.header().req_event == start + 5);
    ring.front.put_request(message<RxRing::Request>(4));
    CHECK(ring.front.push_requests_and_check_notify());
    CHECK(ring.back.final_check_for_requests(2));
    CHECK_FALSE(ring.back.final_check_for_requests(256));
  }
}

TEST_CASE("the final check for several requests does not sleep on an impossible producer") {
  test::RingPair<RxRing> ring(0, kNearWrap);
  for (const std::uint32_t ahead : {257u, 0x8000'0000u, 0xffff'ffffu}) {
    ring.memory.header().req_prod = kNearWrap + ahead;
    CHECK(ring.back.final_check_for_requests(2));
    CHECK(ring.memory.header().req_event == kNearWrap + 1);
  }
  // Also where the ring has room for fewer than are wanted.
  test::RingPair<RxRing> full(0, kNearWrap);
  std::vector<RxRing::Request> out(250);
  push_messages(full, 0, 250);
  CHECK(full.back.consume_requests(out).count == 250);
  full.memory.header().req_prod = kNearWrap + 257;
  CHECK(full.back.final_check_for_requests(10));
  full.memory.header().req_prod = kNearWrap + 256;
  CHECK_FALSE(full.back.final_check_for_requests(10));
}

TEST_CASE("the front end is notified when its event is passed, and only then") {
  for (const abi::RING_IDX start : {0u, kNearWrap, 0xffff'ffffu}) {
    test::RingPair<TxRing> ring(0, start);
    std::vector<TxRing::Request> out(256);
    push_messages(ring, 0, 100);
    CHECK(ring.back.consume_requests(out).count == 100);
    const auto push = [&](std::uint32_t count) {
      for (std::uint32_t i = 0; i < count; ++i) ring.back.put_response({});
      return ring.back.push_responses_and_check_notify();
    };
    CHECK(push(1));
    CHECK_FALSE(push(1));
    ring.memory.header().rsp_event = start + 10;
    CHECK_FALSE(push(7));
    CHECK(push(1));
    ring.memory.header().rsp_event = start - 1;
    CHECK_FALSE(push(50));
  }
}
