// Store buffering, the one reordering that acquire and release permit and the protocol does not: one side publishes and
// looks at the event while the other sets the event and looks at the producer. Both missing the other is a lost
// wake-up. The fences forbid it; without them x86-64 shows it here in most runs, on a busy machine not in all.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "native/ring/ring_fixture.h"

using namespace ringback;

namespace {

constexpr std::uint32_t kMeetings = 100'000;

// Lets two threads go on at the same moment. Spins, then yields: the machine may have one core for both.
class Rendezvous {
 public:
  void meet() {
    const std::uint32_t round = round_.load();
    if (arrived_.fetch_add(1) == 1) {
      arrived_.store(0);
      round_.store(round + 1);
      return;
    }
    for (std::uint32_t spins = 0; round_.load() == round; ++spins)
      if (spins > 1000) std::this_thread::yield();
  }

 private:
  std::atomic<std::uint32_t> arrived_{0};
  std::atomic<std::uint32_t> round_{0};
};

// Busy machines meet slowly: enough is enough.
class Budget {
 public:
  [[nodiscard]] bool spent() const { return std::chrono::steady_clock::now() - start_ > std::chrono::seconds(10); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Moves one side against the other by some nanoseconds, so that some meetings are exact.
void linger(std::uint32_t turns) {
  for (std::uint32_t i = 0; i < turns; ++i) compiler_barrier();
}

struct Meeting {
  bool notified = false;
  bool awake = false;
};

// Runs `publish` and `check` against each other; returns how often neither saw the other.
template <class Publish, class Check, class Settle>
std::uint32_t lost_wakeups(Publish publish, Check check, Settle settle) {
  Rendezvous start;
  Rendezvous end;
  Meeting meeting;
  std::atomic<bool> more{true};
  std::jthread other([&] {
    while (start.meet(), more.load()) {
      meeting.awake = check();
      end.meet();
    }
  });
  const Budget budget;
  std::uint32_t lost = 0;
  for (std::uint32_t i = 0; i < kMeetings && !(i % 64 == 0 && budget.spent()); ++i) {
    start.meet();
    linger(i % 32);
    meeting.notified = publish();
    end.meet();
    if (!meeting.notified && !meeting.awake) ++lost;
    settle();
  }
  more.store(false);
  start.meet();
  return lost;
}

}  // namespace

TEST_CASE("a request and the back end's final check never miss each other") {
  test::RingPair<TxRing> ring(0, test::kNearWrap);
  const auto publish = [&] {
    ring.front.put_request({});
    return ring.front.push_requests_and_check_notify();
  };
  const auto check = [&] { return ring.back.final_check_for_requests(); };
  const auto settle = [&] {
    TxRing::Request request;
    TxRing::Response response;
    static_cast<void>(ring.back.consume_requests({&request, 1}));
    ring.back.put_response({});
    ring.back.push_responses();
    static_cast<void>(ring.front.consume_responses({&response, 1}));
    ring.memory.header().req_event = ring.back.req_cons();  // in the past, until the final check asks again
  };
  CHECK(lost_wakeups(publish, check, settle) == 0);
}

TEST_CASE("a request and the back end's final check for several never miss each other") {
  test::RingPair<RxRing> ring(0, test::kNearWrap);
  ring.front.put_request({});  // one always waits, and the check wants two
  ring.front.push_requests();
  const auto publish = [&] {
    ring.front.put_request({});
    return ring.front.push_requests_and_check_notify();
  };
  const auto check = [&] { return ring.back.final_check_for_requests(2); };
  const auto settle = [&] {
    RxRing::Request request;
    RxRing::Response response;
    static_cast<void>(ring.back.consume_requests({&request, 1}));
    ring.back.put_response({});
    ring.back.push_responses();
    static_cast<void>(ring.front.consume_responses({&response, 1}));
    ring.memory.header().req_event = ring.back.req_cons();
  };
  CHECK(lost_wakeups(publish, check, settle) == 0);
}

TEST_CASE("a response and the front end's final check never miss each other") {
  test::RingPair<TxRing> ring(0, test::kNearWrap);
  TxRing::Request request;
  const auto prepare = [&] {
    ring.front.put_request({});
    ring.front.push_requests();
    static_cast<void>(ring.back.consume_requests({&request, 1}));
    ring.memory.header().rsp_event = ring.front.rsp_cons();
  };
  const auto publish = [&] {
    ring.back.put_response({});
    return ring.back.push_responses_and_check_notify();
  };
  const auto check = [&] { return ring.front.final_check_for_responses(); };
  const auto settle = [&] {
    TxRing::Response response;
    static_cast<void>(ring.front.consume_responses({&response, 1}));
    prepare();
  };
  prepare();
  CHECK(lost_wakeups(publish, check, settle) == 0);
}
