#include "ring/front_ring.h"

#include <doctest/doctest.h>

#include <vector>

#include "native/ring/ring_fixture.h"

using namespace ringback;
using test::kNearWrap;
using test::message;
using test::same;

TEST_CASE_TEMPLATE("requests go out in order, as many as fit", R, TxRing, RxRing, CtrlRing) {
  using Request = typename R::Request;
  for (const std::uint32_t order : {0u, 2u}) {
    test::RingPair<R> ring(order, kNearWrap);
    const std::uint32_t n = ring.front.entries();
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < n + 10; ++i) requests.push_back(message<Request>(i));

    ring.front.put_request(requests[0]);
    CHECK(ring.front.put_requests(std::span(requests).subspan(1, 5)) == 5);
    CHECK(ring.memory.header().req_prod == kNearWrap);
    CHECK(ring.front.put_requests(std::span(requests).subspan(6)) == n - 6);
    CHECK(ring.front.free_requests() == 0);
    CHECK(ring.front.put_requests(requests) == 0);
    ring.front.push_requests();
    CHECK(ring.memory.header().req_prod == kNearWrap + n);

    std::vector<Request> taken(n);
    CHECK(ring.back.consume_requests(taken).count == n);
    for (std::uint32_t i = 0; i < n; ++i) CHECK(same(taken[i], requests[i]));
  }
}

TEST_CASE_TEMPLATE("responses come back in order and free their slots", R, TxRing, RxRing, CtrlRing) {
  using Request = typename R::Request;
  using Response = typename R::Response;
  test::RingPair<R> ring(0, kNearWrap);
  std::vector<Request> requests(40);
  std::vector<Response> out(64);
  ring.front.put_requests(requests);
  ring.front.push_requests();
  CHECK(ring.back.consume_requests(requests).count == 40);
  for (std::uint32_t i = 0; i < 40; ++i) ring.back.put_response(message<Response>(i));
  CHECK_FALSE(ring.front.has_unconsumed_responses());
  ring.back.push_responses();
  CHECK(ring.front.unconsumed_responses() == 40);

  const auto first = ring.front.consume_responses(std::span(out).first(3));
  CHECK(first.count == 3);
  CHECK_FALSE(first.overflow);
  CHECK(ring.front.free_requests() == ring.front.entries() - 37);
  CHECK(ring.front.consume_responses(std::span(out).subspan(3)).count == 37);
  for (std::uint32_t i = 0; i < 40; ++i) CHECK(same(out[i], message<Response>(i)));
  CHECK(ring.front.free_requests() == ring.front.entries());
  CHECK(ring.front.consume_responses(out).count == 0);
}

TEST_CASE("a response producer beyond the published requests is an overflow and moves nothing") {
  test::RingPair<TxRing> ring(0, kNearWrap);
  std::vector<TxRing::Request> requests(20);
  std::vector<TxRing::Response> out(256);
  ring.front.put_requests(requests);
  ring.front.push_requests();
  ring.front.put_requests(requests);  // put, not published: nobody can have answered these
  for (const std::uint32_t answered : {21u, 40u, 256u, 257u, 0x8000'0000u, 0xffff'ffffu}) {
    ring.memory.header().rsp_prod = kNearWrap + answered;
    const auto taken = ring.front.consume_responses(out);
    CHECK(taken.overflow);
    CHECK(taken.count == 0);
    CHECK(ring.front.rsp_cons() == kNearWrap);
  }
  ring.memory.header().rsp_prod = kNearWrap + 20;
  CHECK(ring.front.consume_responses(out).count == 20);
  ring.memory.header().rsp_prod = kNearWrap + 19;  // backwards
  CHECK(ring.front.consume_responses(out).overflow);
}

TEST_CASE("the back end is notified when its event is passed, and only then") {
  for (const abi::RING_IDX start : {0u, kNearWrap, 0xffff'ffffu}) {
    test::RingPair<TxRing> ring(0, start);
    const auto push = [&](std::uint32_t count) {
      for (std::uint32_t i = 0; i < count; ++i) ring.front.put_request({});
      return ring.front.push_requests_and_check_notify();
    };
    CHECK(push(1));  // event 1 from the start
    CHECK_FALSE(push(1));
    CHECK_FALSE(push(0));
    ring.memory.header().req_event = start + 5;  // woken only by the fifth
    CHECK_FALSE(push(2));
    CHECK(push(1));
    CHECK_FALSE(push(1));
    ring.memory.header().req_event = start + 8;
    CHECK(push(10));                                        // passed in the middle of a batch
    ring.memory.header().req_event = start + 0x8000'0000u;  // far
    CHECK_FALSE(push(20));
    ring.memory.header().req_event = start;  // past
    CHECK_FALSE(push(20));
  }
}

TEST_CASE("a shared producer that the peer rewrote changes no decision") {
  test::RingPair<TxRing> ring;
  ring.memory.header().req_event = 0x4000'0000;
  ring.front.put_request({});
  ring.memory.header().req_prod = 0x3000'0000;
  CHECK_FALSE(ring.front.push_requests_and_check_notify());
  CHECK(ring.memory.header().req_prod == 1);
}

TEST_CASE("the front end's final check asks for the next response") {
  test::RingPair<RxRing> ring(0, kNearWrap);
  std::vector<RxRing::Request> requests(4);
  std::vector<RxRing::Response> out(4);
  ring.front.put_requests(requests);
  ring.front.push_requests();
  CHECK(ring.back.consume_requests(requests).count == 4);
  ring.memory.header().rsp_event = kNearWrap + 77;

  ring.back.put_response({});
  CHECK_FALSE(ring.back.push_responses_and_check_notify());
  CHECK(ring.front.final_check_for_responses());  // work: stays awake, event as it was
  CHECK(ring.memory.header().rsp_event == kNearWrap + 77);
  CHECK(ring.front.consume_responses(out).count == 1);
  CHECK_FALSE(ring.front.final_check_for_responses());
  CHECK(ring.memory.header().rsp_event == kNearWrap + 2);
  ring.back.put_response({});
  CHECK(ring.back.push_responses_and_check_notify());
}
