#include "sim/flows_source.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "native/sim/source_times.h"

using namespace ringback;

namespace {

using Points = std::vector<FlowSizePoint>;

Points websearch() { return {kWebsearchFlows.begin(), kWebsearchFlows.end()}; }

// Flows of `bytes` bytes each.
Points all_of(std::uint64_t bytes) { return {{bytes - 1, 0}, {bytes, FlowSizes::kShares}}; }

std::uint32_t port_of(const Offer& offer) {
  return std::to_integer<std::uint32_t>(offer.header[34]) * 256 + std::to_integer<std::uint32_t>(offer.header[35]);
}

std::uint32_t length_in_header(const Offer& offer) {
  return std::to_integer<std::uint32_t>(offer.header[16]) * 256 + std::to_integer<std::uint32_t>(offer.header[17]);
}

}  // namespace

TEST_CASE("flows: the same frames on every machine") {
  FlowsSource source({.load_bps = 500'000'000, .rate_bps = kNsPerSecond, .sizes = websearch()}, 1);
  const auto frames = offers(source, 100'000);
  CHECK(source.started() == 108);
  CHECK(frames[0].offered_ns == 8'676'252);
  CHECK(frames[99'999].offered_ns == 3'050'628'410);
}

TEST_CASE("flows: a flow's frames are full but the last, as far apart as its rate says, of one port") {
  // 3000 bytes: two frames of 1500 and one of 126, one flow at a time.
  FlowsSource source({.load_bps = 1'000'000, .rate_bps = kNsPerSecond, .active = 1, .sizes = all_of(3000)}, 1);
  const auto frames = offers(source, 300);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    REQUIRE(frames[i].size_bytes == (i % 3 == 2 ? 126 : 1500));
    REQUIRE(length_in_header(frames[i]) == frames[i].size_bytes - 14);
    REQUIRE(frames[i].header_bytes == kUdpHeaderBytes);
    REQUIRE(frames[i].gso_size_bytes == 0);
    REQUIRE(port_of(frames[i]) == 1024);
    if (i % 3 != 0) REQUIRE(frames[i].offered_ns == frames[i - 1].offered_ns + 12'000);
  }
}

TEST_CASE("flows: a flow's rate is exact, its remainder is carried") {
  // 1500 bytes at 7 Gb/s: 1714.28 ns.
  FlowsSource source({.load_bps = 1, .rate_bps = 7 * kNsPerSecond, .active = 1, .sizes = all_of(1458 * 10'000)}, 1);
  const auto frames = offers(source, 10'000);
  for (std::uint64_t k = 0; k < 10'000; ++k) REQUIRE(frames[k].offered_ns == frames[0].offered_ns + k * 12'000 / 7);
}

TEST_CASE("flows: they send side by side, each on a port that no other one has meanwhile") {
  // 100 frames a flow, 12 ms at its own rate, 8 at a time on average; the last frame has 700 bytes.
  FlowsSource source({.load_bps = 800'000'000, .rate_bps = 100'000'000, .active = 20, .sizes = all_of(145'000)}, 3);
  std::map<std::uint32_t, TimeNs> last_of_port;
  std::map<std::uint32_t, std::uint32_t> frames_of_port;
  std::size_t switches = 0;
  std::uint32_t last_port = 0;
  for (const Offer& offer : offers(source, 50'000)) {
    const std::uint32_t port = port_of(offer);
    switches += port != last_port ? 1 : 0;
    last_port = port;
    const std::uint32_t number = frames_of_port[port]++;
    if (number % 100 != 0) REQUIRE(offer.offered_ns == last_of_port[port] + 120'000);
    if (number > 0) REQUIRE(offer.offered_ns >= last_of_port[port] + 56'000);
    REQUIRE(offer.size_bytes == (number % 100 == 99 ? 700 : 1500));
    last_of_port[port] = offer.offered_ns;
  }
  CHECK(frames_of_port.size() == 20);
  CHECK(frames_of_port.begin()->first == 1024);
  CHECK(frames_of_port.rbegin()->first == 1043);
  CHECK(switches > 40'000);
}

TEST_CASE("flows: of one time, the lower port is first") {
  FlowsSource source({.load_bps = 10'000'000'000'000, .rate_bps = kNsPerSecond, .active = 8, .sizes = all_of(2000)}, 3);
  const auto frames = offers(source, 2000);
  int ties = 0;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    if (frames[i].offered_ns != frames[i - 1].offered_ns) continue;
    ++ties;
    REQUIRE(port_of(frames[i]) > port_of(frames[i - 1]));
  }
  CHECK(ties > 100);
}

TEST_CASE("flows: the offered load of websearch is the load, within 2 % over 30,000 flows") {
  // Large frames, so that there are fewer; the mean counts them as they are.
  constexpr double kLoad = 40e9;
  FlowsSource source({.load_bps = 40'000'000'000,
                      .rate_bps = 10'000'000'000,
                      .frame_bytes = 9000,
                      .active = 4096,
                      .sizes = websearch()},
                     17);
  double bits = 0;
  TimeNs last_ns = 0;
  while (source.started() < 30'000) {
    const Offer offer = source.take();
    last_ns = offer.offered_ns;
    bits += 8.0 * offer.size_bytes;
  }
  // The standard deviation is sqrt(1 + 2.32^2) / sqrt(30,000), sizes and arrivals together: 1.5 %.
  CHECK(std::abs(bits * 1e9 / static_cast<double>(last_ns) / kLoad - 1) < 0.02);
}

TEST_CASE("flows: load counts frames, of flows that are one small frame each too") {
  FlowsSource source({.load_bps = 10'000'000, .rate_bps = kNsPerSecond, .sizes = all_of(5)}, 23);
  const auto frames = offers(source, 200'000);
  CHECK(frames[0].size_bytes == 60);
  CHECK(std::abs(rate_of(frames, frames.back().offered_ns) / 10e6 - 1) <= 5 / std::sqrt(200'000));
}

TEST_CASE("flows: the bound on those at a time holds the load down to as many times their rate; none is lost") {
  // Offered three times what two flows may send.
  FlowsSource source({.load_bps = 600'000'000, .rate_bps = 100'000'000, .active = 2, .sizes = all_of(2916)}, 5);
  const auto frames = offers(source, 10'000);
  CHECK(rate_of(frames, frames.back().offered_ns) == doctest::Approx(200e6).epsilon(0.01));
  std::map<std::uint32_t, int> frames_of_port;
  for (const Offer& offer : frames) ++frames_of_port[port_of(offer)];
  CHECK(frames_of_port.size() == 2);
}

TEST_CASE("flows: those that waited for a place begin in order, and the load is made up for") {
  // Four at a time of 3 on average: often all places are taken, but there is room in the long run.
  FlowsSource source({.load_bps = 300'000'000, .rate_bps = 100'000'000, .active = 4, .sizes = all_of(14'580)}, 6);
  const auto frames = offers(source, 400'000);
  CHECK(rate_of(frames, frames.back().offered_ns) == doctest::Approx(300e6).epsilon(0.02));
}

TEST_CASE("property: times never fall, stop is kept, sizes are in range, whatever the flows") {
  Random random(8);
  for (int round = 0; round < 200; ++round) {
    Points points{{random.below(50), 0}};
    for (int i = 0; i < 3; ++i)
      points.push_back({points.back().bytes + 1 + random.below(4000),
                        points.back().share + static_cast<std::uint32_t>(random.below(300'000'000))});
    points.push_back({points.back().bytes + 1 + random.below(10'000), FlowSizes::kShares});
    const TimeNs start_ns = random.below(1'000'000);
    FlowsConfig config{.start_ns = start_ns,
                       .stop_ns = start_ns + random.below(3'000'000),
                       .load_bps = 1 + random.below(4 * kNsPerSecond),
                       .rate_bps = 1'000'000 + random.below(kNsPerSecond),
                       .frame_bytes = 60 + static_cast<std::uint32_t>(random.below(3000)),
                       .active = 1 + static_cast<std::uint32_t>(random.below(6)),
                       .sizes = points};
    FlowsSource source(config, random.next());
    TimeNs last_ns = start_ns;
    for (int i = 0; i < 20'000 && source.next_ns() != kNever; ++i) {
      const Offer offer = source.take();
      REQUIRE(offer.offered_ns >= last_ns);
      REQUIRE(offer.offered_ns < config.stop_ns);
      REQUIRE(offer.size_bytes >= 60);
      REQUIRE(offer.size_bytes <= config.frame_bytes);
      REQUIRE(length_in_header(offer) == offer.size_bytes - 14);
      last_ns = offer.offered_ns;
    }
  }
}

TEST_CASE("flows: at the highest load and rate, and at the lowest") {
  FlowsSource fast({.stop_ns = 100'000,
                    .load_bps = 10'000'000'000'000,
                    .rate_bps = 10'000'000'000'000,
                    .active = 4096,
                    .sizes = all_of(10'000)},
                   1);
  const auto frames = offers(fast, 1'000'000);
  CHECK(std::abs(rate_of(frames, 100'000) / 10e12 - 1) < 0.1);
  FlowsSource slow(
      {.load_bps = 1, .rate_bps = 1, .frame_bytes = 65535, .active = 2, .sizes = all_of(FlowSizes::kMaxBytes)}, 1);
  CHECK(offers(slow, 100'000).size() < 100'000);
  CHECK(slow.next_ns() == kNever);
}
