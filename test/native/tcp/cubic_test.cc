#include "tcp/cubic.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/random.h"
#include "tcp/congestion.h"

using namespace ringback;
using namespace ringback::tcp;

namespace {

constexpr TimeNs kSecond = kNsPerSecond;

double segments(std::uint64_t window) { return static_cast<double>(window) / static_cast<double>(kSegment); }

// A flow that had 100 segments when it lost one, at time 0.
Cubic reduced_from_100() {
  Cubic cubic;
  CHECK(cubic.reduce(100 * kSegment) == 70 * kSegment);
  static_cast<void>(cubic.grow(0, 70 * kSegment, 0, 0));  // its epoch begins
  return cubic;
}

}  // namespace

TEST_CASE("cubic: cube roots are exact, rounded down") {
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<unsigned __int128>(random.next()) << random.below(62);
    const unsigned __int128 root = cube_root(value);
    CHECK(root * root * root <= value);
    CHECK((root + 1) * (root + 1) * (root + 1) > value);
  }
  CHECK(cube_root(0) == 0);
  CHECK(cube_root(26) == 2);
  CHECK(cube_root(27) == 3);
}

TEST_CASE("cubic: the curve is 0.4 (t - K)^3 + Wmax") {
  const Cubic cubic = reduced_from_100();
  const double k = std::cbrt(30 / 0.4);  // 4.217 s
  CHECK(cubic.k_us() == 4'217'163);
  for (double t = 0; t < 20; t += 0.1) {
    const double exact = 0.4 * std::pow(t - k, 3) + 100;
    CHECK(segments(cubic.curve(static_cast<TimeNs>(t * 1e9))) == doctest::Approx(exact).epsilon(1e-5));
  }
  // A second before and after the flat point it is 0.4 of a segment away from it.
  CHECK(segments(cubic.curve(cubic.k_us() * 1000 - kSecond)) == doctest::Approx(99.6).epsilon(1e-5));
  CHECK(segments(cubic.curve(cubic.k_us() * 1000 + kSecond)) == doctest::Approx(100.4).epsilon(1e-5));
}

TEST_CASE("cubic: acknowledgements move the window along the curve") {
  Cubic cubic = reduced_from_100();
  std::uint64_t window = 70 * kSegment;
  constexpr TimeNs kRtt = kSecond / 10;
  for (TimeNs now = 0; now < 6 * kSecond; now += kRtt) {
    window = cubic.grow(now, window, window / kSegment, kRtt);
    // After a round trip's acknowledgements it is where the curve is then.
    CHECK(segments(window) == doctest::Approx(segments(cubic.curve(now + kRtt))).epsilon(0.01));
  }
}

TEST_CASE("cubic: it is never slower than Reno would be") {
  // With a round trip of 1 ms the curve takes 4 s to come back and Reno much less.
  Cubic cubic = reduced_from_100();
  std::uint64_t window = 70 * kSegment;
  int round_trips = 0;
  for (TimeNs now = 0; window < 100 * kSegment; now += kSecond / 1000, ++round_trips)
    window = cubic.grow(now, window, window / kSegment, kSecond / 1000);
  CHECK(round_trips >= 30 * 17 / 9 - 2);
  CHECK(round_trips <= 30 * 17 / 9 + 4);
  // Where it was before it lost, it grows by one a round trip, as Reno does.
  const std::uint64_t before = window;
  for (int i = 0; i < 10; ++i) window = cubic.grow(kSecond / 10, window, window / kSegment, kSecond / 1000);
  CHECK(segments(window - before) == doctest::Approx(10).epsilon(0.05));
}

TEST_CASE("cubic: a flow that had less than the last time makes room (fast convergence)") {
  Cubic cubic = reduced_from_100();
  CHECK(cubic.reduce(80 * kSegment) == 56 * kSegment);
  static_cast<void>(cubic.grow(0, 56 * kSegment, 0, 0));
  // The curve is flat at 0.85 * 80.
  CHECK(segments(cubic.curve(cubic.k_us() * 1000)) == doctest::Approx(68).epsilon(1e-4));
  CHECK(cubic.reduce(kSegment) == 2 * kSegment);
}

TEST_CASE("congestion: slow start adds what was acknowledged, up to the threshold, and avoidance one a round trip") {
  for (const Algorithm algorithm : {Algorithm::kReno, Algorithm::kCubic}) {
    Congestion congestion(algorithm, 10);
    CHECK(congestion.is_slow_start());
    congestion.acknowledged(0, 10, kSecond);
    CHECK(congestion.segments() == 20);
    congestion.acknowledged(0, 80, kSecond);
    CHECK(congestion.segments() == 100);
    congestion.reduce();
    CHECK(congestion.threshold_segments() == (algorithm == Algorithm::kReno ? 50 : 70));
    congestion.set_segments(1);
    congestion.acknowledged(0, 48, kSecond);
    CHECK(congestion.segments() == 49);
  }
  Congestion reno(Algorithm::kReno, 100);
  reno.reduce();
  reno.set_segments(49);
  reno.acknowledged(0, 1 + 50, kSecond);  // one to the threshold, then a round trip's
  CHECK(reno.segments() == 51);
  for (int trip = 0; trip < 20; ++trip) {
    const std::uint64_t before = reno.window();
    for (std::uint64_t i = 0; i < before / kSegment; ++i) reno.acknowledged(0, 1, kSecond);
    CHECK(segments(reno.window() - before) == doctest::Approx(1).epsilon(0.02));
  }
}

TEST_CASE("congestion: after a timeout CUBIC knows of no earlier window, but of slow start's end") {
  Congestion congestion(Algorithm::kCubic, 1000);
  congestion.reduce();
  congestion.time_out(0, 1);
  CHECK(congestion.segments() == 1);
  congestion.acknowledged(0, 699, kSecond / 100);
  CHECK(congestion.segments() == 700);
  // Its curve would bring less than one segment in a round trip of 10 ms, before it came near to 1000.
  congestion.acknowledged(0, 700, kSecond / 100);
  CHECK(segments(congestion.window()) == doctest::Approx(735).epsilon(0.001));
}

TEST_CASE("congestion: what is undone is as it was, but keeps what has grown") {
  Congestion congestion(Algorithm::kCubic, 100);
  const Congestion before = congestion;
  congestion.reduce();
  congestion.set_to_threshold();
  CHECK(congestion.segments() == 70);
  congestion.undo(before);
  CHECK(congestion.segments() == 100);
  CHECK(congestion.is_slow_start());
  congestion.set_segments(120);
  congestion.undo(before);
  CHECK(congestion.segments() == 120);
}
