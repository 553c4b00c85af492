#include "tcp/sender.h"

#include <doctest/doctest.h>

#include "native/tcp/pipe.h"

using namespace ringback;
using namespace ringback::tcp;

namespace {

SenderConfig reno() { return {.segment_bytes = kMss, .window_bytes = 1u << 29, .algorithm = Algorithm::kReno}; }

// All that it sends now, in segments.
std::uint64_t sent(Sender& sender, TimeNs now) {
  std::uint64_t segments = 0;
  while (const auto burst = sender.next(now, 0)) segments += burst->segments;
  return segments;
}

}  // namespace

TEST_CASE("tcp sender: slow start doubles each round trip") {
  PipeOptions options;
  options.sender.burst_segments = 1;
  Pipe pipe(options);
  std::uint64_t window = 10;
  for (TimeNs trip = 0; trip < 8; ++trip, window *= 2) {
    const std::uint64_t before = pipe.sender.counts().segments;
    pipe.run(trip * options.rtt_ns + options.rtt_ns / 2);
    CHECK(pipe.sender.congestion().segments() == window);
    CHECK(pipe.sender.counts().segments - before == window);
  }
}

TEST_CASE("tcp sender: after a loss Reno adds a segment each round trip") {
  PipeOptions options;
  options.sender.algorithm = Algorithm::kReno;
  options.data = [](std::uint64_t number) { return Fate{.is_lost = number == 300}; };
  Pipe pipe(options);
  pipe.run(20 * options.rtt_ns);
  CHECK(pipe.sender.counts().retransmits == 1);
  CHECK_FALSE(pipe.sender.is_recovering());
  CHECK_FALSE(pipe.sender.congestion().is_slow_start());
  const std::uint64_t before = pipe.sender.congestion().segments();
  pipe.run(70 * options.rtt_ns);
  CHECK(pipe.sender.congestion().segments() - before >= 49);
  CHECK(pipe.sender.congestion().segments() - before <= 51);
}

TEST_CASE("tcp sender: never more under way than the receiver has room for, and the window does not grow then") {
  PipeOptions options;
  options.sender.window_bytes = options.receive_window_bytes = 40 * kMss;
  Pipe pipe(options);
  pipe.run(100 * options.rtt_ns);
  CHECK(pipe.sender.board().out() == 40);
  CHECK(pipe.sender.congestion().segments() <= 80);
  CHECK(pipe.receiver.received_bytes() > 95 * 40 * kMss);
}

TEST_CASE("tcp sender: a stream ends with what is left of it") {
  PipeOptions options;
  options.sender.bytes = 100 * kMss + 1;
  options.sender.first_sequence = 0u - 7 * kMss;
  Pipe pipe(options);
  pipe.run(kNever - 1);
  CHECK(pipe.sender.is_done());
  CHECK(pipe.sender.acknowledged_bytes() == 100 * kMss + 1);
  CHECK(pipe.receiver.received_bytes() == 100 * kMss + 1);
  CHECK(pipe.sender.counts().segments == 101);
  CHECK(pipe.sender.due_ns() == kNever);
}

TEST_CASE("tcp sender: bursts are about a millisecond at its rate, at least two segments, at most the limit") {
  SenderConfig config = reno();
  config.burst_segments = 44;
  config.initial_segments = 66;
  Sender sender(config);
  CHECK(sender.next(0, 0)->segments == 44);
  CHECK(sender.next(0, 0)->segments == 22);
  // 132 segments in 100 ms, and twice that in slow start: 2.6 in a millisecond.
  sender.acknowledge(100 * kMs, {.ack = 66 * kMss, .window_bytes = 1u << 29});
  CHECK(sender.congestion().segments() == 132);
  CHECK(sender.next(100 * kMs, 0)->segments == 2);
}

TEST_CASE("tcp sender: it waits for a larger burst while acknowledgements will come") {
  SenderConfig config = reno();
  config.burst_segments = 44;
  config.initial_segments = 30;
  Sender sender(config);
  CHECK(sent(sender, 0) == 30);
  // A round trip of a microsecond: bursts could be of 44.
  sender.acknowledge(1000, {.ack = 4 * kMss, .window_bytes = 1u << 29});
  CHECK(sent(sender, 1000) == 0);  // 8 of 34
  sender.acknowledge(1000, {.ack = 6 * kMss, .window_bytes = 1u << 29});
  CHECK(sent(sender, 1000) == 12);  // a third of 36
}

TEST_CASE("tcp sender: its own queue holds two bursts or a millisecond at its rate, no more") {
  SenderConfig config = reno();
  config.burst_segments = 4;
  config.initial_segments = 1000;
  Sender sender(config);
  std::uint64_t queued = 0;
  while (const auto burst = sender.next(0, queued)) queued += burst->bytes;
  CHECK(queued == 8 * kMss);
  CHECK(sender.next(0, 7 * kMss)->segments == 4);
  CHECK_FALSE(sender.next(0, 9 * kMss));
  sender.acknowledge(kMs, {.ack = 8 * kMss, .window_bytes = 1u << 29});  // 1000 segments a millisecond
  CHECK(sender.next(kMs, 600 * kMss));
  CHECK_FALSE(sender.next(kMs, 800 * kMss));  // more than a megabyte
}

TEST_CASE(
    "tcp sender: two duplicate acknowledgements send new segments, the third the missing one (limited transmit)") {
  for (const bool sack : {false, true}) {
    SenderConfig config = reno();
    config.initial_segments = 8;
    config.burst_segments = 44;
    config.sack = sack;
    Sender sender(config);
    CHECK(sent(sender, 0) == 8);
    for (std::uint32_t duplicate = 1; duplicate <= 3; ++duplicate) {
      Ack ack{.ack = 0, .window_bytes = 1u << 29};
      if (sack) ack.add({kMss, (1 + duplicate) * kMss});
      sender.acknowledge(100 * kMs, ack);
      const auto burst = sender.next(100 * kMs, 0);
      if (duplicate == 1) {
        CHECK_FALSE(burst);  // it waits for a burst of a third of the window
        continue;
      }
      REQUIRE(burst);
      CHECK(burst->is_retransmission == (duplicate == 3));
      CHECK(burst->sequence == (duplicate == 3 ? 0 : 8 * kMss));
      CHECK(burst->segments == (duplicate == 3 ? 1 : 2));
    }
    CHECK(sender.is_recovering());
  }
}

TEST_CASE("tcp sender: what acknowledges nothing that was sent is ignored") {
  Sender sender(reno());
  CHECK(sent(sender, 0) == 10);
  for (const std::uint32_t ack : {11 * kMss, 0u - kMss})
    sender.acknowledge(kMs, {.ack = ack, .window_bytes = 1u << 20});
  CHECK(sender.acknowledged_bytes() == 0);
  Ack ack{.ack = 0, .window_bytes = 1u << 29};
  for (const Block block : {Block{10 * kMss, 11 * kMss}, Block{5 * kMss, 4 * kMss}, Block{kMss + 1, 3 * kMss - 1}})
    ack.add(block);
  sender.acknowledge(kMs, ack);
  CHECK(sender.board().sacked() == 0);
  CHECK(sent(sender, kMs) == 0);
}

TEST_CASE("tcp rto: srtt + max(4 rttvar, 200 ms), twice as long each time, and back with the next sample") {
  RtoTimer timer(200 * kMs);
  CHECK(timer.rto_ns() == kNsPerSecond);
  timer.sample(100 * kMs);
  CHECK(timer.srtt_ns() == 100 * kMs);
  CHECK(timer.rto_ns() == 300 * kMs);  // 4 * 50 ms
  timer.sample(500 * kMs);             // deviates by 400: rttvar 137.5, srtt 150
  CHECK(timer.srtt_ns() == 150 * kMs);
  CHECK(timer.rto_ns() == 700 * kMs);
  timer.back_off();
  timer.back_off();
  CHECK(timer.rto_ns() == 2800 * kMs);
  for (int i = 0; i < 100; ++i) timer.back_off();
  CHECK(timer.rto_ns() == RtoTimer::kMaxNs);
  for (int i = 0; i < 100; ++i) timer.sample(kMs);
  CHECK(timer.rto_ns() / kMs == 201);
}

TEST_CASE("tcp sender: no round trip time from what was sent again, nor from what waited for it (Karn)") {
  Sender sender(reno());
  CHECK(sent(sender, 0) == 10);
  Ack ack{.ack = 0, .window_bytes = 1u << 29};
  ack.add({kMss, 5 * kMss});
  sender.acknowledge(100 * kMs, ack);
  CHECK(sender.last_rtt_ns() == 100 * kMs);
  CHECK(sender.next(100 * kMs, 0)->is_retransmission);
  sender.acknowledge(150 * kMs, {.ack = 10 * kMss, .window_bytes = 1u << 29});
  CHECK(sender.last_rtt_ns() == 0);
  CHECK(sender.rto().srtt_ns() == 100 * kMs);
}
