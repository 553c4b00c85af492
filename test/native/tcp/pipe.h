// Two endpoints and a model of the network between them, for tests: one queue and wire a link, and a delay.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/random.h"
#include "base/rate_clock.h"
#include "base/time.h"
#include "tcp/receiver.h"
#include "tcp/sender.h"

namespace ringback::tcp {

inline constexpr TimeNs kMs = 1'000'000;
inline constexpr std::uint32_t kMss = 1460;

// What happens to a segment of so many bytes, by its number among all that were put on the way.
struct Fate {
  bool is_lost = false;
  TimeNs late_ns = 0;
  bool is_doubled = false;
};

struct PipeOptions {
  SenderConfig sender = {.segment_bytes = kMss, .window_bytes = 1u << 29};
  TimeNs delayed_ack_ns = 40 * kMs;
  std::uint32_t receive_window_bytes = 1u << 29;
  TimeNs rtt_ns = 100 * kMs;
  std::uint64_t rate_bps = 10'000'000'000'000;  // of each link
  std::uint32_t links = 1;                      // bursts take them in turn
  std::uint64_t queue_bytes = 1u << 30;         // of each
  std::function<Fate(std::uint64_t)> data = [](std::uint64_t) { return Fate{}; };
  std::function<Fate(std::uint64_t)> acks = [](std::uint64_t) { return Fate{}; };
};

class Pipe {
 public:
  explicit Pipe(const PipeOptions& pipe_options)
      : options(pipe_options),
        sender(options.sender),
        receiver({.first_sequence = options.sender.first_sequence,
                  .segment_bytes = options.sender.segment_bytes,
                  .window_bytes = options.receive_window_bytes,
                  .delayed_ack_ns = options.delayed_ack_ns,
                  .sack = options.sender.sack}),
        links_(options.links, RateClock(options.rate_bps)) {}

  // Until that time, or until the stream is acknowledged.
  void run(TimeNs until_ns) {
    send();
    while (!sender.is_done()) {
      const TimeNs event_ns = events_.empty() ? kNever : events_.top().at_ns;
      const TimeNs next_ns = std::min({event_ns, sender.due_ns(), receiver.due_ns()});
      if (next_ns >= until_ns) break;
      now = next_ns;
      if (next_ns == event_ns)
        take_event();
      else if (next_ns == receiver.due_ns())
        put_ack();
      else
        sender.time_out(now);
      send();
    }
    if (!sender.is_done()) now = until_ns;
  }

  PipeOptions options;
  Sender sender;
  Receiver receiver;
  TimeNs now = 0;
  std::uint64_t data_segments = 0;  // put on the way
  std::uint64_t acks = 0;
  std::uint64_t queue_drops = 0;
  std::vector<Burst> bursts;  // handed down

 private:
  struct Event {
    TimeNs at_ns;
    std::uint64_t number;
    bool is_ack;
    std::uint32_t sequence;
    std::uint32_t bytes;
    Ack ack;

    bool operator<(const Event& other) const {
      return at_ns != other.at_ns ? at_ns > other.at_ns : number > other.number;
    }
  };

  void send() {
    while (const auto burst = sender.next(now, 0)) {
      bursts.push_back(*burst);
      RateClock& link = links_[bursts.size() % links_.size()];
      for (std::uint32_t done = 0; done < burst->bytes; done += kMss)
        put_segment(link, burst->sequence + done, std::min(kMss, burst->bytes - done));
    }
  }

  void put_segment(RateClock& link, std::uint32_t sequence, std::uint32_t bytes) {
    const TimeNs waits_ns = link.end_ns() > now ? link.end_ns() - now : 0;
    if (waits_ns * options.rate_bps / 8 / kNsPerSecond + bytes > options.queue_bytes) {
      ++queue_drops;
      return;
    }
    const TimeNs end_ns = link.pass(now, bytes + 54);
    put({.at_ns = end_ns + options.rtt_ns / 2,
         .number = 0,
         .is_ack = false,
         .sequence = sequence,
         .bytes = bytes,
         .ack = {}},
        options.data(data_segments++));
  }

  void put_ack() {
    put({.at_ns = now + options.rtt_ns / 2,
         .number = 0,
         .is_ack = true,
         .sequence = 0,
         .bytes = 0,
         .ack = receiver.take_ack()},
        options.acks(acks++));
  }

  void put(Event event, const Fate& fate) {
    if (fate.is_lost) return;
    event.at_ns += fate.late_ns;
    for (int copies = fate.is_doubled ? 2 : 1; copies > 0; --copies) {
      event.number = ++numbers_;
      events_.push(event);
    }
  }

  void take_event() {
    const Event event = events_.top();
    events_.pop();
    if (event.is_ack)
      sender.acknowledge(now, event.ack);
    else if (receiver.receive(now, event.sequence, event.bytes))
      put_ack();
  }

  std::vector<RateClock> links_;
  std::priority_queue<Event> events_;
  std::uint64_t numbers_ = 0;
};

}  // namespace ringback::tcp
