// The peer of the simulator: an event loop written by hand for one scenario. It moves numbers: no rings, no grants, no
// bytes.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace ringback::bench {

using Picoseconds = std::uint64_t;

enum class LoopKind : std::uint16_t { kGenerate, kCredit, kArrive, kSent };

struct LoopEvent {
  Picoseconds time;
  std::uint32_t sequence;
  std::uint16_t host;
  LoopKind kind;

  [[nodiscard]] bool before(const LoopEvent& other) const noexcept {
    return time < other.time || (time == other.time && static_cast<std::int32_t>(sequence - other.sequence) < 0);
  }
};

// 4096 days of about a microsecond, each sorted, the earliest event last.
class CalendarQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  void push(const LoopEvent& event) {
    auto& day = days_[event.time >> kDayShift & (kDays - 1)];
    day.push_back(event);
    std::size_t at = day.size() - 1;
    for (; at > 0 && day[at - 1].before(event); --at) day[at] = day[at - 1];
    day[at] = event;
    ++size_;
  }
  LoopEvent pop() noexcept {
    for (;; ++today_) {
      auto& day = days_[today_ & (kDays - 1)];
      if (day.empty() || day.back().time >> kDayShift != today_) continue;
      const LoopEvent event = day.back();
      day.pop_back();
      --size_;
      return event;
    }
  }

 private:
  static constexpr int kDayShift = 20;
  static constexpr std::uint64_t kDays = 4096;
  std::array<std::vector<LoopEvent>, kDays> days_;
  std::uint64_t today_ = 0;
  std::size_t size_ = 0;
};

// Runs the scenario of sim_bench.cc and returns the packets that were delivered.
inline std::uint64_t run_event_loop(std::uint32_t hosts, double seconds) {
  constexpr double kSecond = 1e12;
  constexpr double kLinkBps = 1e9;
  constexpr int kFrameBytes = 1500;
  constexpr std::uint32_t kQueue = 64;
  constexpr std::uint64_t kLinkQueue = 4096;
  struct Host {
    double tokens = 16 * kFrameBytes;
    Picoseconds last = 0;
    std::uint32_t queued = 0;
    bool waiting = false;
  };
  const auto gap = static_cast<Picoseconds>(kFrameBytes * 8 * kSecond / (1.25 * kLinkBps / hosts));
  const auto access = static_cast<Picoseconds>(kFrameBytes * 8 * kSecond / 10e9) + 10'000'000;
  const auto serialise = static_cast<Picoseconds>(kFrameBytes * 8 * kSecond / kLinkBps);
  const auto end = static_cast<Picoseconds>(seconds * kSecond);
  const double rate = 0.9 * kLinkBps / hosts / 8 / kSecond;  // bytes a picosecond
  CalendarQueue queue;
  std::uint32_t sequence = 0;
  std::vector<Host> all(hosts);
  std::uint64_t delivered = 0;
  std::uint64_t on_link = 0;
  bool busy = false;
  for (std::uint32_t i = 0; i < hosts; ++i)
    queue.push({gap * i / hosts, sequence++, static_cast<std::uint16_t>(i), LoopKind::kGenerate});
  while (!queue.empty()) {
    const LoopEvent event = queue.pop();
    if (event.time >= end) break;
    Host& host = all[event.host];
    switch (event.kind) {
      case LoopKind::kGenerate:
        queue.push({event.time + gap, sequence++, event.host, LoopKind::kGenerate});
        if (host.queued == kQueue) break;
        ++host.queued;
        if (host.waiting) break;
        [[fallthrough]];
      case LoopKind::kCredit:
        host.waiting = false;
        while (host.queued > 0) {
          host.tokens = std::min(16.0 * kFrameBytes, host.tokens + static_cast<double>(event.time - host.last) * rate);
          host.last = event.time;
          if (host.tokens + 1e-6 < kFrameBytes) {
            host.waiting = true;
            const auto wait = static_cast<Picoseconds>((kFrameBytes - host.tokens) / rate) + 1;
            queue.push({event.time + wait, sequence++, event.host, LoopKind::kCredit});
            break;
          }
          host.tokens -= kFrameBytes;
          --host.queued;
          queue.push({event.time + access, sequence++, event.host, LoopKind::kArrive});
        }
        break;
      case LoopKind::kArrive:
        if (!busy) {
          busy = true;
          queue.push({event.time + serialise, sequence++, event.host, LoopKind::kSent});
        } else if (on_link < kLinkQueue) {
          ++on_link;
        }
        break;
      case LoopKind::kSent:
        ++delivered;
        if (on_link > 0) {
          --on_link;
          queue.push({event.time + serialise, sequence++, event.host, LoopKind::kSent});
        } else {
          busy = false;
        }
        break;
    }
  }
  return delivered;
}

}  // namespace ringback::bench
