// The simulator beside an event loop written by hand, in one run: millions of delivered packets a second of wall time.
//
//   sim_bench --rounds 5 --ms 20 --at 4,16,64,1024     at: vifs
//
// As many hosts offer 1.25 times their share of 1 Gb/s in frames of 1500 bytes; each is capped at 0.9 of its share, 16
// frames a window, and queues 64; all of them send through one NIC. The world is built once and runs on from sample to
// sample, its queues full; what is delivered in each is known exactly. The loop, which moves numbers only, starts anew.
#include <cmath>
#include <memory>
#include <vector>

#include "event_loop.h"
#include "options.h"
#include "program.h"
#include "sample.h"
#include "sim/world.h"

namespace ringback::bench {
namespace {

constexpr std::uint64_t kLinkBps = 1'000'000'000;
constexpr std::uint32_t kFrameBytes = 1500;
constexpr std::uint32_t kWindowFrames = 16;
constexpr std::uint32_t kQueueFrames = 64;
constexpr double kTolerance = 0.001;

class RunningWorld {
 public:
  RunningWorld(std::uint32_t hosts, Payload payload)
      : hosts_(hosts), window_ns_(kWindowFrames * kFrameBytes * 8 * 10 * kNsPerSecond / (9 * kLinkBps) * hosts) {
    WorldConfig config{.payload = payload, .nics = {{.rate_bps = kLinkBps, .queue_bytes = 1'000'000'000}}};
    const VifConfig vif{
        .credit = {kWindowFrames * kFrameBytes, window_ns_}, .tx_slots = kQueueFrames - 1, .backlog_packets = 1};
    config.vifs.assign(hosts, vif);
    world_ = std::make_unique<World>(config);
    const std::uint64_t rate_bps = kLinkBps * 5 / 4 / hosts;
    const TimeNs gap_ns = std::uint64_t{kFrameBytes} * 8 * kNsPerSecond / rate_bps;
    for (std::uint32_t i = 0; i < hosts; ++i) {
      const ConstantConfig source{
          .start_ns = gap_ns * i / hosts, .rate_bps = rate_bps, .size_bytes = kFrameBytes, .from = {i}};
      world_->add_source(Source(i, ConstantSource(source, i)));
    }
    run(kWindowsToFillQueues);
  }

  // A multiple of packets_a_window(). False: not so many were delivered.
  [[nodiscard]] bool deliver(std::uint64_t packets) {
    const std::uint64_t before = delivered();
    run(packets / packets_a_window());
    return delivered() - before == packets;
  }
  [[nodiscard]] std::uint64_t packets_a_window() const { return std::uint64_t{kWindowFrames} * hosts_; }

 private:
  static constexpr std::uint64_t kWindowsToFillQueues = 24;

  void run(std::uint64_t windows) {
    until_ns_ += windows * window_ns_;
    static_cast<void>(world_->run(until_ns_, ~std::uint64_t{0}));
  }
  [[nodiscard]] std::uint64_t delivered() const {
    std::uint64_t packets = 0;
    for (std::uint32_t i = 0; i < hosts_; ++i) packets += world_->vif(i).tx().delivered.packets;
    return packets;
  }

  std::uint32_t hosts_;
  TimeNs window_ns_;
  TimeNs until_ns_ = 0;
  std::unique_ptr<World> world_;
};

Case world_case(std::uint32_t hosts, Payload payload) {
  const auto world = std::make_shared<RunningWorld>(hosts, payload);
  return {"ringback",
          payload == Payload::kNone ? "payload none" : "payload copy",
          "M packets/s",
          hosts,
          [world](std::uint64_t packets, bool& correct) {
            return run_one([&] { correct = world->deliver(packets) && correct; });
          },
          million_per_second,
          world->packets_a_window()};
}

constexpr double kPacketsPerSecond = 0.9 * kLinkBps / (8 * kFrameBytes);

// A bucket is full when its host begins; from then on a packet leaves whenever there is credit for a whole one.
double expected_of_loop(std::uint32_t hosts, double seconds) {
  const double gap_s = 8.0 * kFrameBytes * hosts / (1.25 * kLinkBps);
  double packets = 0;
  for (std::uint32_t i = 0; i < hosts; ++i)
    packets += std::floor(kWindowFrames + kPacketsPerSecond / hosts * (seconds - gap_s * i / hosts));
  return packets;
}

Case loop_case(std::uint32_t hosts) {
  const auto run = [hosts](std::uint64_t packets, bool& correct) {
    const double seconds = static_cast<double>(packets - kWindowFrames * hosts) / kPacketsPerSecond;
    return run_one([&] {
      const auto delivered = static_cast<double>(EventLoop(hosts).run(seconds));
      correct = correct && std::abs(delivered / expected_of_loop(hosts, seconds) - 1) < kTolerance;
    });
  };
  // Long enough for the first bursts to leave, and for what is on its way at the end to be within the tolerance.
  constexpr std::uint64_t kLeast = 30'000;
  const std::uint64_t multiple = std::max<std::uint64_t>(kLeast, std::uint64_t{kWindowFrames} * 13 * hosts);
  return {"C++ loop, calendar queue", "payload none", "M packets/s", hosts, run, million_per_second, multiple};
}

std::vector<Case> make_cases(const Options& options) {
  std::vector<Case> cases;
  for (const std::uint32_t hosts : options.at) {
    cases.push_back(loop_case(hosts));
    cases.push_back(world_case(hosts, Payload::kNone));
    cases.push_back(world_case(hosts, Payload::kCopy));
  }
  return cases;
}

}  // namespace
}  // namespace ringback::bench

int main(int argc, char** argv) {
  using namespace ringback::bench;
  const Options options = parse(argc, argv, {"vifs", {4, 16, 64, 1024}, 4095});
  return run_program(make_cases(options), options);
}
