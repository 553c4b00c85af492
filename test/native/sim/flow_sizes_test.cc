#include "sim/flow_sizes.h"

#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <vector>

using namespace ringback;

namespace {

// The mean of the distribution's own sizes, without frames.
double mean_size(std::span<const FlowSizePoint> points) {
  double mean = 0;
  for (std::size_t i = 1; i < points.size(); ++i)
    mean += (points[i].share - points[i - 1].share) / 1e9 *
            static_cast<double>(points[i].bytes + points[i - 1].bytes + 1) / 2;
  return mean;
}

// The standard deviation of its sizes.
double deviation_of(std::span<const FlowSizePoint> points) {
  double squares = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const auto a = static_cast<double>(points[i - 1].bytes);
    const auto b = static_cast<double>(points[i].bytes);
    squares += (points[i].share - points[i - 1].share) / 1e9 * (a * a + a * b + b * b) / 3;
  }
  return std::sqrt(squares - mean_size(points) * mean_size(points));
}

double framed_mean(const FlowSizes& sizes, const FlowFraming& framing) {
  return std::ldexp(static_cast<double>(sizes.mean_frame_bytes(framing)), -16);
}

}  // namespace

TEST_CASE("flow sizes: shares and mean are the distribution's, for both from the literature") {
  for (const std::span<const FlowSizePoint> points :
       {std::span<const FlowSizePoint>(kWebsearchFlows), std::span<const FlowSizePoint>(kDataminingFlows)}) {
    REQUIRE(FlowSizes::are_valid(points));
    const FlowSizes sizes(points);
    constexpr int kDraws = 1'000'000;
    std::vector<double> at_most(points.size());
    double below_middle = 0;  // of the last part
    const std::uint64_t middle = (points[points.size() - 2].bytes + points.back().bytes) / 2;
    double sum = 0;
    Random random(1);
    for (int i = 0; i < kDraws; ++i) {
      const std::uint64_t bytes = sizes.draw(random);
      sum += static_cast<double>(bytes);
      for (std::size_t k = 0; k < points.size(); ++k) at_most[k] += bytes <= points[k].bytes ? 1 : 0;
      below_middle += bytes <= middle ? 1 : 0;
    }
    const auto is_near = [](double count, double share) {
      return std::abs(count - kDraws * share) <= 5 * std::sqrt(kDraws * share * (1 - share)) + 1e-9;
    };
    for (std::size_t k = 0; k < points.size(); ++k) CHECK(is_near(at_most[k], points[k].share / 1e9));
    CHECK(is_near(below_middle, (1 + points[points.size() - 2].share / 1e9) / 2));
    CHECK(std::abs(sum / kDraws - mean_size(points)) <= 5 * deviation_of(points) / std::sqrt(kDraws));
  }
}

TEST_CASE("flow sizes: what the papers' readers know of the two") {
  CHECK(mean_size(kWebsearchFlows) == doctest::Approx(1'711'250.5).epsilon(1e-9));
  CHECK(mean_size(kDataminingFlows) == doctest::Approx(12'658'199.1).epsilon(1e-9));
}

TEST_CASE("flow sizes: each size between two points is as likely, none beyond") {
  const std::vector<FlowSizePoint> points{{2, 0}, {5, 500'000'000}, {9, 500'000'000}, {10, 1'000'000'000}};
  const FlowSizes sizes(points);
  std::vector<double> count(12);
  Random random(2);
  for (int i = 0; i < 60'000; ++i) ++count[sizes.draw(random)];
  for (const std::size_t bytes : {3, 4, 5}) CHECK(std::abs(count[bytes] - 10'000) < 500);
  CHECK(std::abs(count[10] - 30'000) < 600);
  CHECK(count[3] + count[4] + count[5] + count[10] == 60'000);
}

TEST_CASE("flow sizes: the lowest number draws from the first part that has any") {
  // SplitMix64 gives 0 first, which is the share of the part without flows too.
  Random random(std::uint64_t{0} - 0x9e3779b97f4a7c15);
  CHECK(Random(random).next() == 0);
  const std::vector<FlowSizePoint> points{{0, 0}, {5, 0}, {10, 1'000'000'000}};
  CHECK(FlowSizes(points).draw(random) > 5);
}

TEST_CASE("framing: frames of flows are full but the last, and their sum is that of all frames") {
  for (const FlowFraming framing :
       {FlowFraming{60, 42}, FlowFraming{61, 42}, FlowFraming{100, 54}, FlowFraming{130, 60}, FlowFraming{1500, 42}}) {
    std::uint64_t sum = 0;
    for (std::uint64_t bytes = 1; bytes <= 5000; ++bytes) {
      for (std::uint64_t left = bytes; left > 0; left -= std::min<std::uint64_t>(left, framing.payload_bytes())) {
        const std::uint32_t frame = framing.frame_of(left);
        REQUIRE(frame == std::max<std::uint64_t>(
                             60, framing.header_bytes + std::min<std::uint64_t>(left, framing.payload_bytes())));
        sum += frame;
      }
      REQUIRE(static_cast<std::uint64_t>(framing.sum_up_to(bytes)) == sum);
    }
  }
}

TEST_CASE("framing: the mean of frames' bytes") {
  // 10 or 11 bytes of data: a frame of 60 each. 1458: one of 1500; 1459 and 1460: one more of 60.
  CHECK(framed_mean(FlowSizes(std::vector<FlowSizePoint>{{9, 0}, {11, 1'000'000'000}}), {}) == 60);
  CHECK(framed_mean(FlowSizes(std::vector<FlowSizePoint>{{1457, 0}, {1460, 1'000'000'000}}), {}) == 1540);
  // The largest there may be fits.
  const std::vector<FlowSizePoint> largest{{0, 0}, {FlowSizes::kMaxBytes, 1'000'000'000}};
  CHECK(framed_mean(FlowSizes(largest), {60, 42}) == doctest::Approx(5e11 * 60 / 18 + 30));
  CHECK(framed_mean(FlowSizes(largest), {65535, 42}) == doctest::Approx(5e11 * 65535 / 65493));
}

TEST_CASE("flow sizes: what is no distribution") {
  using Points = std::vector<FlowSizePoint>;
  constexpr std::uint32_t kAll = FlowSizes::kShares;
  CHECK(FlowSizes::are_valid(Points{{0, 0}, {1, kAll}}));
  CHECK_FALSE(FlowSizes::are_valid(Points{}));
  CHECK_FALSE(FlowSizes::are_valid(Points{{0, kAll}}));
  CHECK_FALSE(FlowSizes::are_valid(Points{{0, 1}, {1, kAll}}));
  CHECK_FALSE(FlowSizes::are_valid(Points{{0, 0}, {1, kAll - 1}}));
  CHECK_FALSE(FlowSizes::are_valid(Points{{1, 0}, {1, kAll}}));
  CHECK_FALSE(FlowSizes::are_valid(Points{{0, 0}, {5, 7}, {5, 8}, {6, kAll}}));
  CHECK_FALSE(FlowSizes::are_valid(Points{{0, 0}, {5, 7}, {6, 6}, {7, kAll}}));
  CHECK_FALSE(FlowSizes::are_valid(Points{{0, 0}, {FlowSizes::kMaxBytes + 1, kAll}}));
  Points many;
  for (std::uint32_t i = 0; i <= FlowSizes::kMaxPoints; ++i) many.push_back({i, i});
  many.back().share = kAll;
  CHECK_FALSE(FlowSizes::are_valid(many));
  many.erase(many.begin() + 1);
  CHECK(FlowSizes::are_valid(many));
}
