#include "tcp/hystart.h"

#include <doctest/doctest.h>

#include "native/tcp/pipe.h"
#include "tcp/congestion.h"

using namespace ringback;
using namespace ringback::tcp;

namespace {

constexpr TimeNs kTrip = 100 * kMs;

// A sender in slow start with a hundred segments, from the begin of a round on.
struct Rounds {
  HyStart hystart;
  TimeNs now = 0;
  std::uint64_t una = 1;
  std::uint64_t next = 100;
  std::uint64_t bytes_a_ms = 0;

  // Something is acknowledged that was sent after the present one began.
  void begin(TimeNs at) {
    now = at;
    una = next + 1;
    next += 100;
  }
  // An acknowledgement, so long after the one before.
  bool take(TimeNs after, TimeNs rtt, std::uint64_t window = 100) {
    now += after;
    hystart.learn(rtt);
    return hystart.detect({.now = now, .rtt_ns = rtt, .una = una, .next = next, .bytes_a_ms = bytes_a_ms}, window);
  }
  // Whether one of so many, each so long after the one before, makes it leave.
  bool take_each(int acks, TimeNs after, TimeNs rtt) {
    for (int ack = 0; ack < acks; ++ack)
      if (take(after, rtt)) return true;
    return false;
  }
};

// Acknowledgements as a sender gets them, far enough apart to make no train.
bool leaves_on_delay(TimeNs shortest, TimeNs rtt) {
  Rounds rounds;
  static_cast<void>(rounds.take(0, shortest));
  rounds.begin(kNsPerSecond);
  return rounds.take_each(9, 3 * kMs, rtt);
}

}  // namespace

TEST_CASE("hystart: a train that lasts for half of the shortest round trip ends slow start") {
  Rounds rounds;
  CHECK_FALSE(rounds.take(0, kTrip));
  rounds.begin(kTrip);
  CHECK_FALSE(rounds.take(0, kTrip));                 // the train begins
  CHECK_FALSE(rounds.take_each(25, 2 * kMs, kTrip));  // just half
  CHECK(rounds.take(1, kTrip));
}

TEST_CASE("hystart: a pause of more than 2 ms ends a train, and a round begins the next one") {
  Rounds rounds;
  CHECK_FALSE(rounds.take(0, kTrip));
  rounds.begin(kTrip);
  CHECK_FALSE(rounds.take_each(20, kMs, kTrip));
  CHECK_FALSE(rounds.take(2 * kMs + 1, kTrip));
  CHECK_FALSE(rounds.take_each(100, kMs, kTrip));
  rounds.begin(2 * kTrip + 20 * kMs);
  CHECK_FALSE(rounds.take(0, kTrip));
  CHECK_FALSE(rounds.take_each(50, kMs, kTrip));
  CHECK(rounds.take(kMs, kTrip));
}

TEST_CASE("hystart: a train may be longer by a large frame, half a millisecond at most") {
  for (const auto& [bytes_a_ms, most_ns] :
       {std::pair<std::uint64_t, TimeNs>{0, 100'000}, {4 * 65'536 * 5, 200'000}, {1000, 600'000}}) {
    Rounds rounds;
    rounds.bytes_a_ms = bytes_a_ms;
    CHECK_FALSE(rounds.take(0, 200'000));
    CHECK_FALSE(rounds.take(most_ns, 200'000));
    CHECK(rounds.take(1, 200'000));
  }
}

TEST_CASE("hystart: round trips longer by an eighth end slow start, but 4 ms at least and 16 at most") {
  CHECK_FALSE(leaves_on_delay(kMs, 5 * kMs));
  CHECK(leaves_on_delay(kMs, 5 * kMs + 1));
  CHECK_FALSE(leaves_on_delay(80 * kMs, 90 * kMs));
  CHECK(leaves_on_delay(80 * kMs, 90 * kMs + 1));
  CHECK_FALSE(leaves_on_delay(400 * kMs, 416 * kMs));
  CHECK(leaves_on_delay(400 * kMs, 416 * kMs + 1));
}

TEST_CASE(
    "hystart: the ninth round trip of a round is the first that may end slow start, and a short one prevents it") {
  Rounds rounds;
  CHECK_FALSE(rounds.take(0, kTrip));
  for (TimeNs round = 1; round <= 3; ++round) {
    rounds.begin(round * kNsPerSecond);
    CHECK_FALSE(rounds.take_each(8, 3 * kMs, 2 * kTrip));
  }
  CHECK_FALSE(rounds.take_each(1, 3 * kMs, kTrip + 10 * kMs));
  CHECK_FALSE(rounds.take_each(10, 3 * kMs, 2 * kTrip));  // one of this round has come as fast as ever
  rounds.begin(4 * kNsPerSecond);
  CHECK_FALSE(rounds.take_each(8, 3 * kMs, 2 * kTrip));
  CHECK(rounds.take(3 * kMs, 2 * kTrip));
}

TEST_CASE("hystart: below 16 segments it only follows the rounds") {
  Rounds rounds;
  CHECK_FALSE(rounds.take(0, kTrip));
  rounds.begin(kTrip);
  CHECK_FALSE(rounds.take(0, kTrip));
  for (int ack = 0; ack < 100; ++ack) CHECK_FALSE(rounds.take(kMs, 2 * kTrip, 15));
  rounds.begin(3 * kTrip);
  CHECK_FALSE(rounds.take(0, 2 * kTrip, 15));
  // The round began with that one: a millisecond of a train.
  CHECK_FALSE(rounds.take(kMs, 2 * kTrip, 16));
  CHECK(rounds.take_each(50, kMs, kTrip));
}

TEST_CASE("hystart: it ends slow start once, and again only after a timeout, which forgets what was measured") {
  Rounds rounds;
  CHECK_FALSE(rounds.take(0, kTrip));
  CHECK(rounds.take_each(60, kMs, kTrip));
  for (TimeNs round = 1; round <= 3; ++round) {
    rounds.begin(round * kNsPerSecond);
    CHECK_FALSE(rounds.take_each(200, kMs, 2 * kTrip));
  }
  rounds.hystart = HyStart(4 * kNsPerSecond, rounds.next);
  CHECK(rounds.hystart.shortest_ns() == kNever);
  // What was under way then belongs to the round that the timeout began.
  rounds.now = 4 * kNsPerSecond;
  rounds.una = rounds.next;
  CHECK_FALSE(rounds.take_each(100, 3 * kMs, 2 * kTrip));
  rounds.begin(5 * kNsPerSecond);
  CHECK_FALSE(rounds.take(0, 2 * kTrip));
  CHECK_FALSE(rounds.take_each(100, kMs, 2 * kTrip));
  CHECK(rounds.take(kMs, 2 * kTrip));
}

TEST_CASE("congestion: CUBIC leaves slow start with the window that it has, Reno never") {
  for (const Algorithm algorithm : {Algorithm::kReno, Algorithm::kCubic}) {
    Congestion congestion(algorithm, 40);
    for (TimeNs now = 0; now <= 60 * kMs; now += kMs)
      congestion.measured({.now = now, .rtt_ns = kTrip, .una = 1, .next = 9});
    CHECK(congestion.is_slow_start() == (algorithm == Algorithm::kReno));
    CHECK(congestion.segments() == 40);
    congestion.acknowledged(60 * kMs, 40, kTrip);
    // Nothing was lost yet: a twentieth a round trip.
    CHECK(congestion.segments() == (algorithm == Algorithm::kReno ? 80 : 42));
  }
}

TEST_CASE("congestion: a round trip of the first second after a recovery is none of the way's") {
  constexpr TimeNs kEpoch = 5 * kNsPerSecond;
  Congestion congestion(Algorithm::kCubic, 40);
  congestion.reduce();
  congestion.set_to_threshold();
  congestion.acknowledged(kEpoch, 1, kTrip);  // its epoch begins
  congestion.set_segments(20);                // and slow start, below the threshold
  const auto measure = [&](TimeNs from) {
    for (TimeNs now = from; now < from + 100 * kMs; now += kMs)
      congestion.measured({.now = now, .rtt_ns = kTrip, .una = 1, .next = 9});
  };
  measure(kEpoch + kNsPerSecond - 100 * kMs);
  CHECK(congestion.is_slow_start());
  measure(kEpoch + kNsPerSecond);
  CHECK_FALSE(congestion.is_slow_start());
}

TEST_CASE("congestion: what is undone brings slow start back, but not what was measured") {
  Congestion congestion(Algorithm::kCubic, 40);
  const auto measure = [&](TimeNs from, TimeNs rtt, std::uint64_t una) {
    for (TimeNs now = from; now <= from + 60 * kMs; now += kMs)
      congestion.measured({.now = now, .rtt_ns = rtt, .una = una, .next = una + 10});
  };
  congestion.measured({.now = 0, .rtt_ns = 300 * kMs, .una = 1, .next = 10});
  const Congestion before = congestion;
  congestion.reduce();
  congestion.measured({.now = kMs, .rtt_ns = kTrip, .una = 1, .next = 10});  // by now the way is shorter
  congestion.undo(before);
  CHECK(congestion.is_slow_start());
  measure(kNsPerSecond, 300 * kMs, 11);  // 60 ms are a long train for 100, not for 300
  CHECK_FALSE(congestion.is_slow_start());
  // And once it has found where to leave, it does not look again.
  congestion.undo(before);
  measure(2 * kNsPerSecond, 300 * kMs, 22);
  CHECK(congestion.is_slow_start());
  congestion.time_out(3 * kNsPerSecond, 32);
  CHECK(congestion.segments() == 1);
  congestion.set_segments(40);
  measure(4 * kNsPerSecond, kTrip, 33);
  CHECK_FALSE(congestion.is_slow_start());
}

TEST_CASE("tcp sender: CUBIC leaves slow start before it overflows a long queue, Reno does not") {
  for (const Algorithm algorithm : {Algorithm::kReno, Algorithm::kCubic}) {
    PipeOptions options;
    options.sender.algorithm = algorithm;
    options.rate_bps = 50'000'000;
    options.rtt_ns = kMs;
    options.queue_bytes = 512 * 1024;
    Pipe pipe(options);
    pipe.run(kNsPerSecond);
    CHECK((pipe.queue_drops == 0) == (algorithm == Algorithm::kCubic));
    CHECK_FALSE(pipe.sender.congestion().is_slow_start());
  }
}

TEST_CASE("tcp sender: what counts is the round trip of the last segment that has arrived") {
  Sender sender({.segment_bytes = kMss, .burst_segments = 1, .window_bytes = 1u << 29, .initial_segments = 40});
  const auto acknowledge = [&](TimeNs now, std::uint32_t segments) {
    sender.acknowledge(now, {.ack = segments * kMss, .window_bytes = 1u << 29});
  };
  REQUIRE(sender.next(0, 0));
  REQUIRE(sender.next(20 * kMs, 0));
  acknowledge(120 * kMs, 2);
  CHECK(sender.last_rtt_ns() == 120 * kMs);
  // 115 ms are more than an eighth above 100, but not above 120.
  for (TimeNs i = 0; i < 9; ++i) REQUIRE(sender.next(kNsPerSecond + i * 3 * kMs, 0));
  for (std::uint32_t i = 0; i < 9; ++i) {
    CHECK(sender.congestion().is_slow_start());
    acknowledge(kNsPerSecond + (115 + 3 * i) * kMs, 3 + i);
  }
  CHECK_FALSE(sender.congestion().is_slow_start());
}

TEST_CASE("tcp sender: after a timeout HyStart looks again") {
  Sender sender({.segment_bytes = kMss, .burst_segments = 1, .window_bytes = 20 * kMss, .initial_segments = 400});
  std::uint32_t acknowledged = 0;
  // What may be sent now, and three acknowledgements of it, a millisecond apart: a train of round trips of 2 ms.
  const auto train = [&](TimeNs now) {
    while (sender.next(now, 0)) {
    }
    for (TimeNs i = 0; i < 3; ++i)
      sender.acknowledge(now + (2 + i) * kMs, {.ack = ++acknowledged * kMss, .window_bytes = 20 * kMss});
  };
  train(0);
  CHECK(sender.congestion().threshold_segments() == 400);
  const TimeNs due_ns = sender.due_ns();
  sender.time_out(due_ns);
  CHECK(sender.congestion().threshold_segments() == 280);
  REQUIRE(sender.next(due_ns, 0));
  acknowledged = 20;  // the others had arrived
  sender.acknowledge(due_ns + 2 * kMs, {.ack = acknowledged * kMss, .window_bytes = 20 * kMss});
  CHECK(sender.congestion().segments() == 18);
  CHECK(sender.congestion().is_slow_start());
  train(due_ns + 2 * kMs);
  CHECK_FALSE(sender.congestion().is_slow_start());
}
