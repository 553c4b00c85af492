#include "sim/source.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "native/sim/source_times.h"

using namespace ringback;

TEST_CASE("constant: the rate is exact, the remainder is carried") {
  // 100 bytes at 3 bits a second: 800/3 s a frame.
  ConstantSource source({.rate_bps = 3, .size_bytes = 100}, 1);
  for (std::uint64_t k = 0; k < 1000; ++k) REQUIRE(source.take().offered_ns == k * 800 * kNsPerSecond / 3);
}

TEST_CASE("constant: starts at start, ends before stop") {
  // 125 bytes at 1 Gb/s: 1 us.
  CHECK(times(ConstantSource({.start_ns = 500, .stop_ns = 2500, .rate_bps = kNsPerSecond, .size_bytes = 125}, 1)) ==
        std::vector<TimeNs>{500, 1500});
  CHECK(times(ConstantSource({.start_ns = 500, .stop_ns = 500, .rate_bps = 1, .size_bytes = 125}, 1)).empty());
}

TEST_CASE("constant: flows take turns, with a port each") {
  ConstantSource source({.rate_bps = 1000, .size_bytes = 60, .flows = 3}, 1);
  std::vector<int> ports;
  for (int i = 0; i < 4; ++i) ports.push_back(std::to_integer<int>(source.take().header[35]));
  CHECK(ports == std::vector{0, 1, 2, 0});
}

TEST_CASE("every frame of a source has a payload seed of its own, and so has another source's") {
  ConstantSource a({.rate_bps = 1000, .size_bytes = 60}, 1);
  ConstantSource b({.rate_bps = 1000, .size_bytes = 60}, 2);
  std::vector<std::uint32_t> seeds;
  for (int i = 0; i < 1000; ++i) {
    seeds.push_back(a.take().payload_seed);
    seeds.push_back(b.take().payload_seed);
  }
  std::ranges::sort(seeds);
  CHECK(std::ranges::adjacent_find(seeds) == seeds.end());
}

TEST_CASE("constant: jitter delays within the gap, never reorders, and follows the seed") {
  const ConstantConfig config{.rate_bps = kNsPerSecond, .size_bytes = 125, .jitter_ns = 5000};
  const auto a = times(ConstantSource(config, 1), 1000);
  for (std::size_t k = 0; k < a.size(); ++k) {
    REQUIRE(a[k] >= k * 1000);
    REQUIRE(a[k] < (k + 1) * 1000);
  }
  CHECK(a == times(ConstantSource(config, 1), 1000));
  CHECK(a != times(ConstantSource(config, 2), 1000));
}

TEST_CASE("replay: the capture's times, sizes and headers; twice with a loop") {
  ReplayConfig config{.start_ns = 10,
                      .stop_ns = 1000,
                      .loop_ns = 500,
                      .times_ns = {0, 100, 400},
                      .sizes_bytes = {60, 1500, 14},
                      .headers = std::vector<std::byte>(3 * kReplayHeaderBytes)};
  config.headers[kReplayHeaderBytes] = std::byte{9};
  CHECK(times(ReplaySource(config, 1)) == std::vector<TimeNs>{10, 110, 410, 510, 610, 910});
  ReplaySource source(config, 1);
  CHECK(source.take().header_bytes == 60);
  const Offer offer = source.take();
  CHECK(offer.size_bytes == 1500);
  CHECK(offer.header_bytes == kReplayHeaderBytes);
  CHECK(offer.header[0] == std::byte{9});
}

TEST_CASE("replay: without a loop it ends") {
  CHECK(times(ReplaySource({.times_ns = {5}, .sizes_bytes = {60}, .headers = std::vector<std::byte>(128)}, 1)) ==
        std::vector<TimeNs>{5});
  CHECK(times(ReplaySource(ReplayConfig{}, 1)).empty());
}
