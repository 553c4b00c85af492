// The simulator beside a hand-written event loop, in one run. Prints a JSON line a sample.
//
//   sim_bench --rounds 5 --at 4,16,64,1024 --ms 200
//
// N hosts offer 1.25 times their share of 1 Gb/s in frames of 1500 bytes, each is capped at 0.9 of its share, 16 frames
// a window, and all of them send through one NIC.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event_loop.h"
#include "harness.h"
#include "sim/world.h"

namespace ringback::bench {
namespace {

constexpr std::uint64_t kLinkBps = 1'000'000'000;
constexpr std::uint32_t kFrameBytes = 1500;
constexpr std::uint64_t kWindowFrames = 16;
constexpr std::uint32_t kQueueFrames = 64;

inline std::int64_t cpu_ns() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

struct Outcome {
  std::uint64_t delivered = 0;
  std::int64_t elapsed_ns = 0;
};

// What the caps let through in so many seconds, the first window's credit included.
double expected_packets(std::uint32_t hosts, double seconds) {
  return 0.9 * kLinkBps / (8 * kFrameBytes) * seconds + static_cast<double>(kWindowFrames * hosts);
}

Outcome run_world(std::uint32_t hosts, double seconds, Payload payload) {
  WorldConfig config{.payload = payload, .nics = {{.rate_bps = kLinkBps, .queue_bytes = 64'000'000}}};
  const std::uint64_t window_bytes = kWindowFrames * kFrameBytes;
  const TimeNs window_ns = window_bytes * 8 * 10 * kNsPerSecond * hosts / (9 * kLinkBps);
  for (std::uint32_t i = 0; i < hosts; ++i)
    config.vifs.push_back({.credit = {window_bytes, window_ns}, .tx_slots = kQueueFrames - 1, .backlog_packets = 1});
  World world(config);
  const std::uint64_t rate_bps = kLinkBps * 5 / 4 / hosts;
  const TimeNs gap_ns = std::uint64_t{kFrameBytes} * 8 * kNsPerSecond / rate_bps;
  for (std::uint32_t i = 0; i < hosts; ++i)
    world.add_source(Source(
        i, ConstantSource(
               {.start_ns = gap_ns * i / hosts, .rate_bps = rate_bps, .size_bytes = kFrameBytes, .from = {i}}, i)));
  const std::int64_t start = cpu_ns();
  static_cast<void>(world.run(static_cast<TimeNs>(seconds * 1e9), ~std::uint64_t{0}));
  const std::int64_t elapsed_ns = cpu_ns() - start;
  std::uint64_t delivered = 0;
  for (std::uint32_t i = 0; i < hosts; ++i) delivered += world.vif(i).tx().delivered.packets;
  return {delivered, elapsed_ns};
}

Outcome run_loop(std::uint32_t hosts, double seconds) {
  const std::int64_t start = cpu_ns();
  const std::uint64_t delivered = run_event_loop(hosts, seconds);
  return {delivered, cpu_ns() - start};
}

}  // namespace
}  // namespace ringback::bench

int main(int argc, char** argv) {
  using namespace ringback;
  using namespace ringback::bench;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 3;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  const std::string_view only = argc > 3 ? argv[3] : "";
  static_cast<void>(pin_to_core(0));
  for (int r = 0; r < rounds; ++r)
    for (const std::uint32_t hosts : {4u, 16u, 64u, 1024u}) {
      if (argc > 4 && hosts != static_cast<std::uint32_t>(std::atoi(argv[4]))) continue;
      const auto print = [&](const char* peer, Outcome o) {
        std::printf("%-12s %5u %7.2f M/s  %8.4f\n", peer, hosts, 1e3 * o.delivered / o.elapsed_ns,
                    o.delivered / expected_packets(hosts, seconds));
      };
      if (only.empty() || only == "loop") print("loop", run_loop(hosts, seconds));
      if (only.empty() || only == "none") print("none", run_world(hosts, seconds, Payload::kNone));
      if (only.empty() || only == "copy") print("copy", run_world(hosts, seconds, Payload::kCopy));
    }
}
