#include "tcp/rack.h"

#include <doctest/doctest.h>

#include "native/tcp/pipe.h"

using namespace ringback;
using namespace ringback::tcp;

namespace {

constexpr TimeNs kUs = 1000;

// Its round trip takes a millisecond, and something was late once.
Rack with_reordering() {
  Rack rack;
  rack.arrived(kMs, 0, 1, false);
  rack.saw_reordering();
  return rack;
}

SenderConfig by_time() {
  return {
      .segment_bytes = kMss, .window_bytes = 1u << 29, .algorithm = Algorithm::kReno, .reordering = Reordering::kRack};
}

void send_all(Sender& sender, TimeNs now) {
  while (sender.next(now, 0)) continue;
}

// All before `ack` has arrived, and from `begin` to `end` too.
void take(Sender& sender, TimeNs now, std::uint32_t ack, std::uint32_t begin = 0, std::uint32_t end = 0) {
  Ack taken{.ack = ack * kMss, .window_bytes = 1u << 29};
  if (begin < end) taken.add({begin * kMss, end * kMss});
  sender.acknowledge(now, taken);
}

// Ten segments of which the first was late, after a millisecond: a recovery has ended before it was sent again.
void see_reordering(Sender& sender) {
  send_all(sender, 0);
  take(sender, kMs, 0, 1, 10);
  CHECK(sender.is_recovering());
  take(sender, kMs, 10);
  CHECK_FALSE(sender.is_recovering());
}

// The next that is sent, and that it is sent again; kNone: nothing is.
constexpr std::uint64_t kNone = ~std::uint64_t{0};
std::uint64_t sent_again(Sender& sender, TimeNs now) {
  const auto burst = sender.next(now, 0);
  return burst && burst->is_retransmission ? burst->sequence / kMss : kNone;
}

// Every 50th segment comes so late, of 100 at a time on a way of 10 ms.
PipeOptions late_by(TimeNs late_ns, Reordering reordering) {
  PipeOptions options;
  options.sender.reordering = reordering;
  options.sender.window_bytes = options.receive_window_bytes = 100 * kMss;
  options.rate_bps = 100'000'000;
  options.rtt_ns = 10 * kMs;
  options.data = [late_ns](std::uint64_t number) { return Fate{.late_ns = number % 50 == 0 ? late_ns : 0}; };
  return options;
}

}  // namespace

TEST_CASE("rack: the window is none where a loss is sure, a quarter of the shortest round trip else") {
  Rack rack;
  rack.arrived(3 * kMs, kMs, 2, false);
  CHECK(rack.patience_ns(true, 5 * kMs) == 2 * kMs);
  CHECK(rack.patience_ns(false, 5 * kMs) == 2500 * kUs);
  CHECK(rack.patience_ns(false, 300 * kUs) == 2300 * kUs);
  // A slower one says how long to wait, and not how much more; what was sent first is not the last that has arrived.
  rack.arrived(7 * kMs, 0, 1, false);
  CHECK(rack.patience_ns(true, 5 * kMs) == 7 * kMs);
  CHECK(rack.patience_ns(false, 5 * kMs) == 7500 * kUs);
  CHECK(rack.has_overtaken(1));
  CHECK_FALSE(rack.has_overtaken(2));
  rack.saw_reordering();
  CHECK(rack.patience_ns(true, 5 * kMs) == 7500 * kUs);
}

TEST_CASE("rack: a retransmission that arrives faster than anything does is an earlier transmission") {
  Rack rack;
  rack.arrived(2 * kMs, kMs, 1, false);
  rack.arrived(3 * kMs, 2 * kMs + 1, 9, true);
  CHECK_FALSE(rack.has_overtaken(5));
  CHECK(rack.patience_ns(true, kMs) == kMs);
  rack.arrived(4 * kMs, 2 * kMs, 9, true);
  CHECK(rack.has_overtaken(5));
  CHECK(rack.patience_ns(true, kMs) == 2 * kMs);
  // It is no sample of the shortest round trip.
  CHECK(rack.patience_ns(false, kMs) == 2250 * kUs);
}

TEST_CASE("rack: a DSACK widens the window once a round trip, up to the smoothed one, and 16 recoveries narrow it") {
  Rack rack = with_reordering();
  const auto window_ns = [&] { return rack.patience_ns(true, 600 * kUs) - kMs; };
  rack.duplicated(1, 10, 0, 100);
  CHECK(window_ns() == 500 * kUs);
  rack.duplicated(1, 10, 99, 150);
  CHECK(window_ns() == 500 * kUs);
  rack.duplicated(1, 10, 100, 200);
  CHECK(window_ns() == 600 * kUs);
  CHECK(rack.patience_ns(true, kMs) == 1750 * kUs);
  for (int i = 0; i < 15; ++i) rack.recovered();
  CHECK(rack.patience_ns(true, kMs) == 1750 * kUs);
  rack.duplicated(1, 10, 200, 300);
  for (int i = 0; i < 15; ++i) rack.recovered();
  CHECK(rack.patience_ns(true, kMs) == 2 * kMs);
  rack.recovered();
  CHECK(window_ns() == 250 * kUs);
  rack.recovered();
  CHECK(window_ns() == 250 * kUs);
}

TEST_CASE("rack: duplicates that nobody has sent, or from before anything was late, widen nothing") {
  Rack rack = with_reordering();
  rack.duplicated(3, 2, 0, 100);
  CHECK(rack.patience_ns(true, kMs) == 1250 * kUs);
  rack.duplicated(1, 4, 0, 100);
  CHECK(rack.patience_ns(true, kMs) == 1500 * kUs);
  Rack in_order;
  in_order.arrived(kMs, 0, 1, false);
  in_order.duplicated(1, 1, 0, 100);
  CHECK(in_order.patience_ns(false, kMs) == 1250 * kUs);
}

TEST_CASE("rack: the window has 255 steps at most") {
  Rack rack = with_reordering();
  for (std::uint64_t i = 1; i < 400; ++i) rack.duplicated(1, 1000, i, i);
  CHECK(rack.patience_ns(true, kNsPerSecond) == kMs + 255 * 250 * kUs);
}

TEST_CASE("rack sender: three SACKs are a loss at once while nothing was ever late") {
  Sender sender(by_time());
  send_all(sender, 0);
  take(sender, kMs, 0, 1, 3);
  CHECK(sent_again(sender, kMs) == kNone);
  CHECK(sender.due_ns() == 1250 * kUs);
  take(sender, kMs, 0, 1, 4);
  CHECK(sender.is_recovering());
  CHECK(sent_again(sender, kMs) == 0);
  CHECK(sender.due_ns() > 100 * kMs);
}

TEST_CASE("rack sender: a segment that two have overtaken is lost a quarter of a round trip later") {
  for (const Reordering reordering : {Reordering::kFixed, Reordering::kRack}) {
    PipeOptions options;
    options.sender.bytes = 2000 * kMss;
    options.sender.reordering = reordering;
    options.data = [](std::uint64_t number) { return Fate{.is_lost = number == 1997}; };
    Pipe pipe(options);
    pipe.run(kNever - 1);
    CHECK(pipe.sender.counts().retransmits == 1);
    CHECK(pipe.sender.counts().timeouts == (reordering == Reordering::kRack ? 0 : 1));
    CHECK(pipe.sender.counts().fast_recoveries == (reordering == Reordering::kRack ? 1 : 0));
  }
}

TEST_CASE("rack sender: where something was late, the timer finds what has not come after a quarter of a round trip") {
  Sender sender(by_time());
  see_reordering(sender);
  send_all(sender, kMs);
  take(sender, 2 * kMs, 10, 11, 15);
  CHECK_FALSE(sender.is_recovering());
  CHECK(sender.due_ns() == 2250 * kUs);
  sender.time_out(2250 * kUs);
  CHECK(sender.is_recovering());
  CHECK(sender.counts().timeouts == 0);
  CHECK(sent_again(sender, 2250 * kUs) == 10);
  CHECK(sender.due_ns() > 100 * kMs);
}

TEST_CASE("rack sender: what is late within the window costs nothing") {
  Sender sender(by_time());
  see_reordering(sender);
  send_all(sender, kMs);
  take(sender, 2 * kMs, 10, 11, 13);
  CHECK(sender.board().lost() == 0);
  take(sender, 2200 * kUs, 13);
  CHECK(sender.board().out() == 2);
  CHECK(sender.board().lost() == 0);
  // Nothing has overtaken those two.
  CHECK(sender.due_ns() > 100 * kMs);
}

TEST_CASE("rack sender: what was sent again has as much time as what was sent") {
  Sender sender(by_time());
  see_reordering(sender);
  send_all(sender, kMs);
  take(sender, 2 * kMs, 10, 11, 13);
  sender.time_out(2250 * kUs);
  CHECK(sent_again(sender, 2250 * kUs) == 10);
  take(sender, 2400 * kUs, 10, 11, 15);
  CHECK(sent_again(sender, 2400 * kUs) == kNone);
  CHECK(sender.board().next() == 16);
  take(sender, 3400 * kUs, 10, 11, 16);
  CHECK(sender.board().resent() == 1);
  CHECK(sender.due_ns() == 3500 * kUs);
  sender.time_out(3500 * kUs);
  CHECK(sent_again(sender, 3500 * kUs) == 10);
}

TEST_CASE("rack sender: what an undo gives back is judged again") {
  Sender sender(by_time());
  send_all(sender, 0);
  take(sender, kMs, 0, 7, 10);
  for (std::uint64_t segment = 0; segment < 3; ++segment) CHECK(sent_again(sender, kMs) == segment);
  CHECK(sent_again(sender, kMs) == kNone);
  CHECK(sender.board().lost() == 7);
  Ack late{.ack = 3 * kMss, .window_bytes = 1u << 29};
  late.add({0, 3 * kMss});
  late.add({7 * kMss, 10 * kMss});
  sender.acknowledge(1100 * kUs, late);
  CHECK(sender.counts().undos == 1);
  CHECK(sender.board().lost() == 0);
  CHECK(sender.due_ns() == 1250 * kUs);
  sender.time_out(sender.due_ns());
  CHECK(sender.board().lost() == 4);
  CHECK(sent_again(sender, 1250 * kUs) == 3);
}

TEST_CASE("rack sender: sixteen recoveries that were needed narrow the window") {
  Sender sender(by_time());
  see_reordering(sender);
  TimeNs now = kMs;
  std::uint32_t una = 10;
  // A segment is lost and sent again. Returns for how long it was waited for.
  const auto lose = [&] {
    send_all(sender, now);
    take(sender, now + kMs, una, una + 1, una + 2);
    const TimeNs waited_ns = sender.due_ns() - now - kMs;
    now = sender.due_ns();
    sender.time_out(now);
    CHECK(sent_again(sender, now) == una);
    send_all(sender, now);
    una = static_cast<std::uint32_t>(sender.board().next());
    now += 2 * kMs;
    take(sender, now, una);
    CHECK_FALSE(sender.is_recovering());
    return waited_ns;
  };
  CHECK(lose() == 250 * kUs);
  take(sender, now, una, una - 1, una);  // a DSACK
  for (int i = 0; i < 16; ++i) CHECK(lose() == 500 * kUs);
  CHECK(lose() == 250 * kUs);
}

TEST_CASE("rack sender: a retransmission that is lost is found by what was sent after it") {
  for (const std::uint64_t most : {1, 2, 3}) {
    std::uint64_t losses = 0;
    Pipe* at = nullptr;
    PipeOptions options;
    options.sender.bytes = 2000 * kMss;
    options.sender.reordering = Reordering::kRack;
    options.data = [&](std::uint64_t number) {
      const bool is_lost = number == 200 || (losses > 0 && losses <= most && at->bursts.back().is_retransmission);
      losses += is_lost ? 1 : 0;
      return Fate{.is_lost = is_lost};
    };
    Pipe pipe(options);
    at = &pipe;
    pipe.run(kNever - 1);
    CHECK(losses == most + 1);
    CHECK(pipe.receiver.received_bytes() == 2000 * kMss);
    CHECK(pipe.receiver.duplicate_segments() == 0);
    CHECK(pipe.sender.counts().retransmits == most + 1);
    CHECK(pipe.sender.counts().timeouts == 0);
  }
}

TEST_CASE("rack sender: DSACK shows that nothing was lost, and the reduction is undone") {
  PipeOptions options;
  options.sender.reordering = Reordering::kRack;
  options.data = [](std::uint64_t number) { return Fate{.late_ns = number == 200 ? 60 * kMs : 0}; };
  Pipe pipe(options);
  pipe.run(20 * options.rtt_ns);
  CHECK(pipe.sender.counts().retransmits == 1);
  CHECK(pipe.sender.counts().undos == 1);
  CHECK(pipe.sender.congestion().is_slow_start());
}

TEST_CASE("rack sender: it learns to wait for what is late by a round trip, and never for more") {
  const auto in_vain = [](TimeNs late_ns, Reordering reordering) {
    Pipe pipe(late_by(late_ns, reordering));
    pipe.run(5 * kNsPerSecond);
    CHECK(pipe.sender.counts().timeouts == 0);
    return pipe.receiver.duplicate_segments();
  };
  CHECK(in_vain(2 * kMs, Reordering::kFixed) > 400);
  CHECK(in_vain(2 * kMs, Reordering::kRack) < 5);
  CHECK(in_vain(6 * kMs, Reordering::kRack) < 20);
  CHECK(in_vain(25 * kMs, Reordering::kRack) > 200);
}

TEST_CASE("rack sender: without SACK it is NewReno, as fixed is") {
  SenderCounts counts[2];
  for (const Reordering reordering : {Reordering::kFixed, Reordering::kRack}) {
    PipeOptions options = late_by(3 * kMs, reordering);
    options.sender.sack = false;
    Pipe pipe(options);
    pipe.run(kNsPerSecond);
    counts[reordering == Reordering::kRack ? 1 : 0] = pipe.sender.counts();
  }
  CHECK(counts[0].retransmits > 0);
  CHECK(counts[0].retransmits == counts[1].retransmits);
  CHECK(counts[0].segments == counts[1].segments);
}

TEST_CASE("rack sender: what a full queue has lost is sent again once, and nothing else") {
  PipeOptions options;
  options.sender.reordering = Reordering::kRack;
  options.sender.algorithm = Algorithm::kReno;  // CUBIC leaves slow start before
  options.sender.burst_segments = 44;
  options.rate_bps = 1'000'000'000;
  options.rtt_ns = kMs / 5;
  options.queue_bytes = 512 << 10;
  Pipe pipe(options);
  pipe.run(3 * kNsPerSecond);
  CHECK(pipe.queue_drops > 100);
  CHECK(pipe.sender.counts().retransmits + pipe.sender.board().out() >= pipe.queue_drops);
  CHECK(pipe.receiver.duplicate_segments() == 0);
  CHECK(pipe.sender.counts().undos == 0);
  CHECK(pipe.sender.counts().timeouts == 0);
  CHECK(pipe.receiver.received_bytes() * 8 > 3 * 945'000'000ull);
}
