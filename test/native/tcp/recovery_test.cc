#include <doctest/doctest.h>

#include <set>

#include "native/tcp/pipe.h"

using namespace ringback;
using namespace ringback::tcp;

namespace {

// A stream of `segments`, of whose transmissions those in `lost` never arrive.
PipeOptions losing(std::set<std::uint64_t> lost, bool sack = true, Algorithm algorithm = Algorithm::kReno) {
  PipeOptions options;
  options.sender.bytes = 2000 * kMss;
  options.sender.sack = sack;
  options.sender.algorithm = algorithm;
  options.data = [lost](std::uint64_t number) { return Fate{.is_lost = lost.contains(number)}; };
  return options;
}

}  // namespace

TEST_CASE("tcp recovery: one loss costs one retransmission, no timeout, and half the window") {
  for (const bool sack : {false, true}) {
    Pipe pipe(losing({200}, sack));
    pipe.run(kNever - 1);
    CHECK(pipe.receiver.received_bytes() == 2000 * kMss);
    CHECK(pipe.sender.counts().retransmits == 1);
    CHECK(pipe.sender.counts().fast_recoveries == 1);
    CHECK(pipe.sender.counts().timeouts == 0);
    CHECK(pipe.sender.counts().undos == 0);
    CHECK(pipe.receiver.duplicate_segments() == 0);
  }
  Pipe pipe(losing({200}));
  pipe.run(5 * pipe.options.rtt_ns - kMs);
  const std::uint64_t before = pipe.sender.congestion().segments();
  CHECK(before >= 160);
  while (!pipe.sender.is_recovering()) pipe.run(pipe.now + kMs);
  const std::uint64_t threshold = pipe.sender.congestion().threshold_segments();
  while (pipe.sender.is_recovering()) pipe.run(pipe.now + kMs);
  CHECK(pipe.sender.congestion().segments() >= threshold);
  CHECK(pipe.sender.congestion().segments() <= threshold + 2);
  CHECK(threshold >= before / 2);
  CHECK(threshold <= before);
}

TEST_CASE("tcp recovery: SACK repairs several losses of a window in one round trip, NewReno one each round trip") {
  const std::set<std::uint64_t> lost = {200, 203, 210, 220, 240};
  Pipe with(losing(lost, true));
  with.run(kNever - 1);
  Pipe without(losing(lost, false));
  without.run(kNever - 1);
  for (const Pipe* pipe : {&with, &without}) {
    CHECK(pipe->receiver.received_bytes() == 2000 * kMss);
    CHECK(pipe->sender.counts().retransmits == 5);
    CHECK(pipe->sender.counts().fast_recoveries == 1);
    CHECK(pipe->sender.counts().timeouts == 0);
    CHECK(pipe->receiver.duplicate_segments() == 0);
  }
  // How long they recover.
  const auto recovery_ns = [&](bool sack) {
    Pipe pipe(losing(lost, sack));
    while (!pipe.sender.is_recovering()) pipe.run(pipe.now + kMs);
    const TimeNs begin_ns = pipe.now;
    while (pipe.sender.is_recovering()) pipe.run(pipe.now + kMs);
    return pipe.now - begin_ns;
  };
  CHECK(recovery_ns(true) / with.options.rtt_ns == 1);
  CHECK(recovery_ns(false) / with.options.rtt_ns == 5);
}

TEST_CASE("tcp recovery: NewReno goes on after a partial acknowledgement, without duplicates of its own") {
  PipeOptions options = losing({2, 8}, false);
  options.sender.bytes = 10 * kMss;
  Pipe pipe(options);
  pipe.run(kNever - 1);
  CHECK(pipe.receiver.received_bytes() == 10 * kMss);
  CHECK(pipe.sender.counts().retransmits == 2);
  CHECK(pipe.sender.counts().timeouts == 0);
}

TEST_CASE("tcp recovery: a retransmission that is lost is found by what was sent after it") {
  // The first retransmission is the next that is put on the way after the loss was seen.
  std::uint64_t losses = 0;
  PipeOptions options = losing({});
  Pipe* at = nullptr;
  options.data = [&](std::uint64_t number) {
    const bool is_lost = number == 200 || (losses == 1 && at->bursts.back().is_retransmission);
    losses += is_lost ? 1 : 0;
    return Fate{.is_lost = is_lost};
  };
  Pipe pipe(options);
  at = &pipe;
  pipe.run(kNever - 1);
  CHECK(losses == 2);
  CHECK(pipe.receiver.received_bytes() == 2000 * kMss);
  CHECK(pipe.sender.counts().retransmits == 2);
  CHECK(pipe.sender.counts().timeouts == 0);
}

TEST_CASE("tcp recovery: while nothing arrives the timer doubles, and everything comes when the way is back") {
  bool is_down = false;
  for (const bool sack : {false, true}) {
    PipeOptions options = losing({}, sack);
    options.rtt_ns = kMs;
    options.sender.bytes = 0;
    options.sender.window_bytes = options.receive_window_bytes = 100 * kMss;
    options.data = options.acks = [&](std::uint64_t) { return Fate{.is_lost = is_down}; };
    is_down = false;
    Pipe pipe(options);
    pipe.run(100 * kMs);
    is_down = true;
    const std::uint64_t before = pipe.receiver.received_bytes();
    // 201 ms, then twice and four times that.
    pipe.run(300 * kMs);
    CHECK(pipe.sender.counts().timeouts == 0);
    pipe.run(310 * kMs);
    CHECK(pipe.sender.counts().timeouts == 1);
    pipe.run(700 * kMs);
    CHECK(pipe.sender.counts().timeouts == 1);
    pipe.run(710 * kMs);
    CHECK(pipe.sender.counts().timeouts == 2);
    CHECK(pipe.sender.counts().retransmits == 2);
    CHECK(pipe.sender.congestion().segments() == 1);
    CHECK(pipe.receiver.received_bytes() == before);
    is_down = false;
    pipe.run(1600 * kMs);
    CHECK(pipe.sender.counts().timeouts == 3);
    CHECK_FALSE(pipe.sender.is_recovering());
    CHECK(pipe.receiver.received_bytes() > before + 1000 * kMss);
    CHECK(pipe.sender.rto().rto_ns() < 250 * kMs);
  }
}

TEST_CASE("tcp recovery: a lost end of the stream is sent again when the timer runs out") {
  Pipe pipe(losing({1999}));
  pipe.run(kNever - 1);
  CHECK(pipe.sender.is_done());
  CHECK(pipe.sender.counts().timeouts == 1);
  CHECK(pipe.sender.counts().fast_recoveries == 0);
}

TEST_CASE("tcp recovery: DSACK shows that nothing was lost, and the reduction is undone") {
  PipeOptions options;
  options.sender.algorithm = Algorithm::kCubic;
  options.sender.reordering = Reordering::kFixed;
  options.data = [](std::uint64_t number) { return Fate{.late_ns = number == 200 ? 60 * kMs : 0}; };
  Pipe pipe(options);
  pipe.run(20 * options.rtt_ns);
  const SenderCounts& counts = pipe.sender.counts();
  CHECK(counts.retransmits == 1);
  CHECK(counts.undos == 1);
  CHECK(pipe.receiver.duplicate_segments() == 1);
  CHECK(pipe.receiver.early_segments() > 3);
  // As if nothing had been: it is in slow start again.
  CHECK(pipe.sender.congestion().is_slow_start());
  CHECK(pipe.sender.threshold() == 3);
}

TEST_CASE("tcp recovery: a small window sends again at once too") {
  Sender sender({.segment_bytes = kMss,
                 .window_bytes = 1u << 29,
                 .bytes = 8 * kMss,
                 .algorithm = Algorithm::kReno,
                 .initial_segments = 8});
  for (int i = 0; i < 8; ++i) CHECK(sender.next(0, 0));
  for (std::uint32_t last = 1; last <= 3; ++last) {
    CHECK_FALSE(sender.next(kMs, 0));
    Ack ack{.ack = 0, .window_bytes = 1u << 29};
    ack.add({kMss, (1 + last) * kMss});
    sender.acknowledge(kMs, ack);
  }
  const auto burst = sender.next(kMs, 0);
  REQUIRE(burst);
  CHECK(burst->is_retransmission);
}

TEST_CASE("tcp recovery: duplicates from before a recovery do not undo it") {
  Sender sender({.segment_bytes = kMss, .window_bytes = 1u << 29, .algorithm = Algorithm::kReno});
  for (int i = 0; i < 10; ++i) CHECK(sender.next(0, 0));
  sender.acknowledge(kMs, {.ack = 5 * kMss, .window_bytes = 1u << 29});
  Ack missing{.ack = 5 * kMss, .window_bytes = 1u << 29};
  missing.add({6 * kMss, 9 * kMss});
  sender.acknowledge(kMs, missing);
  while (sender.next(kMs, 0)) continue;
  CHECK(sender.is_recovering());
  CHECK(sender.counts().retransmits == 1);
  const auto duplicate = [&](std::uint32_t segment) {
    Ack ack{.ack = 5 * kMss, .window_bytes = 1u << 29};
    ack.add({segment * kMss, (segment + 1) * kMss});
    ack.add({6 * kMss, 9 * kMss});
    sender.acknowledge(2 * kMs, ack);
  };
  duplicate(3);
  CHECK(sender.counts().undos == 0);
  CHECK(sender.is_recovering());
  Ack late{.ack = 9 * kMss, .window_bytes = 1u << 29};
  late.add({5 * kMss, 6 * kMss});
  sender.acknowledge(3 * kMs, late);
  CHECK(sender.counts().undos == 1);
  CHECK_FALSE(sender.is_recovering());
}

TEST_CASE("tcp recovery: a retransmission that was needed is not undone") {
  for (const Reordering reordering : {Reordering::kFixed, Reordering::kAdaptive}) {
    PipeOptions options;
    options.sender.reordering = reordering;
    options.data = [](std::uint64_t number) {
      return Fate{.is_lost = number == 190, .late_ns = number == 200 ? 60 * kMs : 0};
    };
    Pipe pipe(options);
    pipe.run(12 * options.rtt_ns);
    CHECK(pipe.sender.counts().undos == 0);
    CHECK_FALSE(pipe.sender.congestion().is_slow_start());
  }
}

TEST_CASE("tcp recovery: what a full queue has lost is sent again once, and nothing else") {
  for (const bool sack : {false, true})
    for (const Algorithm algorithm : {Algorithm::kReno, Algorithm::kCubic}) {
      PipeOptions options;
      options.sender.algorithm = algorithm;
      options.sender.sack = sack;
      options.sender.burst_segments = 44;
      options.rate_bps = 1'000'000'000;
      options.rtt_ns = kMs / 5;
      options.queue_bytes = 512 << 10;
      Pipe pipe(options);
      pipe.run(3 * kNsPerSecond);
      CHECK(pipe.queue_drops > (algorithm == Algorithm::kReno ? 100 : 20));  // CUBIC leaves slow start before
      CHECK(pipe.sender.counts().retransmits <= pipe.queue_drops);
      CHECK(pipe.sender.counts().retransmits + pipe.sender.board().out() >= pipe.queue_drops);
      CHECK(pipe.receiver.duplicate_segments() == 0);
      CHECK(pipe.sender.counts().undos == 0);
      CHECK(pipe.sender.counts().timeouts == 0);
      CHECK(pipe.receiver.received_bytes() * 8 > 3 * 945'000'000ull);
    }
}

TEST_CASE("tcp recovery: adaptive learns how far segments are overtaken, fixed does not") {
  std::uint64_t retransmits[2] = {};
  for (const Reordering reordering : {Reordering::kFixed, Reordering::kAdaptive}) {
    PipeOptions options;
    options.sender.reordering = reordering;
    options.sender.window_bytes = options.receive_window_bytes = 100 * kMss;
    options.rate_bps = 100'000'000;
    options.rtt_ns = 10 * kMs;
    options.data = [](std::uint64_t number) { return Fate{.late_ns = number % 50 == 0 ? kMs : 0}; };
    Pipe pipe(options);
    pipe.run(5 * kNsPerSecond);
    CHECK(pipe.sender.counts().timeouts == 0);
    retransmits[static_cast<int>(reordering)] = pipe.receiver.duplicate_segments();
    CHECK(pipe.sender.threshold() == (reordering == Reordering::kFixed ? 3 : 9));
  }
  CHECK(retransmits[0] > 400);
  CHECK(retransmits[1] < 5);
}

TEST_CASE("tcp recovery: any loss, reordering and doubling, and every byte arrives once") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::uint64_t losses = random.below(3) * 20;  // in a thousand
    const std::uint64_t late = random.below(3) * 50;
    const std::uint64_t doubled = random.below(3) * 20;
    PipeOptions options;
    options.sender.first_sequence = static_cast<std::uint32_t>(random.next());
    options.sender.bytes = 1 + random.below(3'000'000);
    options.sender.sack = random.below(3) > 0;
    options.sender.algorithm = random.below(2) == 0 ? Algorithm::kReno : Algorithm::kCubic;
    options.sender.reordering = static_cast<Reordering>(random.below(3));
    options.sender.burst_segments = static_cast<std::uint32_t>(1 + random.below(44));
    options.sender.window_bytes = options.receive_window_bytes =
        static_cast<std::uint32_t>((2 + random.below(400)) * kMss);
    options.rtt_ns = 1 + random.below(20 * kMs);
    options.rate_bps = 1'000'000 + random.below(1'000'000'000);
    options.links = static_cast<std::uint32_t>(1 + random.below(3));
    options.queue_bytes = (3 + random.below(200)) * kMss;
    options.data = options.acks = [&](std::uint64_t) {
      return Fate{.is_lost = random.below(1000) < losses,
                  .late_ns = random.below(1000) < late ? random.below(30 * kMs) : 0,
                  .is_doubled = random.below(1000) < doubled};
    };
    Pipe pipe(options);
    pipe.run(3600 * kNsPerSecond);
    REQUIRE(pipe.sender.is_done());
    CHECK(pipe.receiver.received_bytes() == options.sender.bytes);
    CHECK(pipe.sender.acknowledged_bytes() == options.sender.bytes);
    CHECK(pipe.sender.board().in_flight() == 0);
    CHECK(pipe.sender.board().lost() == 0);
    CHECK(pipe.sender.board().sacked() == 0);
    const SenderCounts& counts = pipe.sender.counts();
    CHECK(counts.segments - counts.retransmits == (options.sender.bytes + kMss - 1) / kMss);
    if (doubled == 0) CHECK(pipe.receiver.duplicate_segments() <= counts.retransmits);
  }
}
