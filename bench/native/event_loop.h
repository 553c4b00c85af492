// The peer of the simulator: an event loop written by hand for one scenario. It moves numbers: no rings, no grants, no
// bytes.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "calendar_queue.h"

namespace ringback::bench {

using Picoseconds = std::uint64_t;

struct LoopEvent {
  enum class Kind : std::uint16_t { kGenerate, kCredit, kArrive, kSent };
  Picoseconds time;
  std::uint32_t sequence;
  std::uint16_t host;
  Kind kind;

  struct Order {
    [[nodiscard]] static Picoseconds time(const LoopEvent& event) noexcept { return event.time; }
    [[nodiscard]] static bool before(const LoopEvent& a, const LoopEvent& b) noexcept {
      return a.time < b.time || (a.time == b.time && static_cast<std::int32_t>(a.sequence - b.sequence) < 0);
    }
  };
};

// The scenario of sim_bench.cc: hosts with a bucket and a queue of packets, and one link.
class EventLoop {
 public:
  explicit EventLoop(std::uint32_t hosts)
      : gap_(static_cast<Picoseconds>(kFrameBits * hosts / (1.25 * kLinkBps) * kSecond)),
        rate_(0.9 * kLinkBps / hosts / kSecond),
        hosts_(hosts) {
    for (std::uint32_t i = 0; i < hosts; ++i) push(gap_ * i / hosts, static_cast<std::uint16_t>(i), Kind::kGenerate);
  }

  // Returns the packets that were delivered.
  std::uint64_t run(double seconds) {
    const auto end = static_cast<Picoseconds>(seconds * kSecond);
    for (;;) {
      const LoopEvent event = queue_.pop();
      if (event.time >= end) return delivered_;
      switch (event.kind) {
        case Kind::kGenerate:
          generate(event);
          break;
        case Kind::kCredit:
          hosts_[event.host].waiting = false;
          send(event);
          break;
        case Kind::kArrive:
          arrive(event);
          break;
        case Kind::kSent:
          sent(event);
          break;
      }
    }
  }

 private:
  using Kind = LoopEvent::Kind;
  static constexpr double kSecond = 1e12;
  static constexpr double kLinkBps = 1e9;
  static constexpr double kFrameBits = 1500 * 8;
  static constexpr double kBurstBits = 16 * kFrameBits;
  static constexpr std::uint32_t kHostQueue = 64;
  static constexpr auto kAccess = static_cast<Picoseconds>(kFrameBits / 10e9 * kSecond) + 10'000'000;
  static constexpr auto kSerialise = static_cast<Picoseconds>(kFrameBits / kLinkBps * kSecond);

  struct Host {
    double tokens = kBurstBits;
    Picoseconds last = 0;
    std::uint32_t queued = 0;
    bool waiting = false;
  };

  void push(Picoseconds time, std::uint16_t host, Kind kind) { queue_.push({time, sequence_++, host, kind}); }

  void generate(const LoopEvent& event) {
    push(event.time + gap_, event.host, Kind::kGenerate);
    Host& host = hosts_[event.host];
    if (host.queued == kHostQueue) return;
    ++host.queued;
    if (!host.waiting) send(event);
  }

  void send(const LoopEvent& event) {
    Host& host = hosts_[event.host];
    for (; host.queued > 0; --host.queued) {
      host.tokens = std::min(kBurstBits, host.tokens + static_cast<double>(event.time - host.last) * rate_);
      host.last = event.time;
      if (host.tokens + 1e-3 < kFrameBits) {
        host.waiting = true;
        push(event.time + static_cast<Picoseconds>((kFrameBits - host.tokens) / rate_) + 1, event.host, Kind::kCredit);
        return;
      }
      host.tokens -= kFrameBits;
      push(event.time + kAccess, event.host, Kind::kArrive);
    }
  }

  void arrive(const LoopEvent& event) {
    if (busy_) {
      ++on_link_;
      return;
    }
    busy_ = true;
    push(event.time + kSerialise, event.host, Kind::kSent);
  }

  void sent(const LoopEvent& event) {
    ++delivered_;
    busy_ = on_link_ > 0;
    if (!busy_) return;
    --on_link_;
    push(event.time + kSerialise, event.host, Kind::kSent);
  }

  Picoseconds gap_;
  double rate_;  // bits a picosecond
  std::vector<Host> hosts_;
  CalendarQueue<LoopEvent, LoopEvent::Order, 20> queue_;  // days of about a microsecond
  std::uint32_t sequence_ = 0;
  std::uint64_t on_link_ = 0;
  std::uint64_t delivered_ = 0;
  bool busy_ = false;
};

}  // namespace ringback::bench
