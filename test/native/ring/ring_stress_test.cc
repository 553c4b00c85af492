// Both sides on threads of their own, with the whole protocol: a side that finds nothing sleeps until it is notified.
// ThreadSanitizer runs this too. It checks that slots are ordered by the indices, but it does not see fences: a lost
// wake-up, which the fences prevent, shows as a side that sleeps forever, so every sleep has an end that fails the
// test.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <thread>

#include "native/ring/doorbell.h"
#include "native/ring/ring_fixture.h"

using namespace ringback;
using ringback::test::Doorbell;

namespace {

constexpr std::uint32_t kPairs = 1'000'000;

struct Outcome {
  std::uint32_t done = 0;
  std::uint32_t wrong = 0;
  std::uint32_t sleeps = 0;
  bool hung = false;
};

// Sizes of batches change all the time, so that the sides meet at every offset.
std::uint32_t batch_size(std::uint32_t n) { return 1 + (n * 2654435761u >> 27); }

template <class R>
Outcome drive(FrontRing<R>& ring, Doorbell& mine, Doorbell& theirs) {
  Outcome outcome;
  std::array<typename R::Request, 32> requests{};
  std::array<typename R::Response, 32> responses{};
  std::uint32_t sent = 0;
  while (outcome.done < kPairs) {
    const std::uint32_t want = std::min(batch_size(sent + outcome.done), kPairs - sent);
    for (std::uint32_t i = 0; i < want; ++i) requests[i] = test::message<typename R::Request>(sent + i);
    const std::uint32_t put = ring.put_requests(std::span(requests).first(want));
    sent += put;
    if (put > 0 && ring.push_requests_and_check_notify()) theirs.ring();
    const Taken taken = ring.consume_responses(std::span(responses).first(batch_size(sent)));
    if (taken.overflow) ++outcome.wrong;
    for (std::uint32_t i = 0; i < taken.count; ++i)
      if (!test::same(responses[i], test::message<typename R::Response>(outcome.done++))) ++outcome.wrong;
    if (put == 0 && taken.count == 0 && !ring.final_check_for_responses()) {
      ++outcome.sleeps;
      outcome.hung = !mine.wait();
    }
    if (outcome.hung || outcome.wrong != 0) break;
  }
  return outcome;
}

template <class R>
Outcome answer(BackRing<R>& ring, Doorbell& mine, Doorbell& theirs) {
  Outcome outcome;
  std::array<typename R::Request, 32> requests{};
  while (outcome.done < kPairs) {
    const Taken taken = ring.consume_requests(std::span(requests).first(batch_size(outcome.done)));
    if (taken.overflow) ++outcome.wrong;
    for (std::uint32_t i = 0; i < taken.count; ++i) {
      if (!test::same(requests[i], test::message<typename R::Request>(outcome.done))) ++outcome.wrong;
      ring.put_response(test::message<typename R::Response>(outcome.done++));
    }
    if (taken.count > 0 && ring.push_responses_and_check_notify()) theirs.ring();
    if (taken.count == 0 && !ring.final_check_for_requests()) {
      ++outcome.sleeps;
      outcome.hung = !mine.wait();
    }
    if (outcome.hung || outcome.wrong != 0) break;
  }
  return outcome;
}

}  // namespace

TEST_CASE_TEMPLATE("a million pairs cross two threads, and nobody oversleeps", R, TxRing, RxRing, CtrlRing) {
  test::RingPair<R> ring(0, 0u - kPairs / 2);
  Doorbell to_front;
  Doorbell to_back;
  Outcome answered;
  std::jthread back([&] { answered = answer<R>(ring.back, to_back, to_front); });
  const Outcome driven = drive<R>(ring.front, to_front, to_back);
  back.join();
  CHECK(driven.done == kPairs);
  CHECK(answered.done == kPairs);
  CHECK(driven.wrong + answered.wrong == 0);
  CHECK_FALSE(driven.hung);
  CHECK_FALSE(answered.hung);
  CHECK(driven.sleeps + answered.sleeps > 0);
}
