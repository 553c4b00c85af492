#include "shaping/credit_shaper.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/random.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;

// What a backlogged guest gets through in `duration_ns`: it offers the next packet whenever it may.
std::uint64_t passed_bytes(CreditShaper& shaper, TimeNs from_ns, TimeNs duration_ns, std::uint32_t size_bytes) {
  std::uint64_t bytes = 0;
  for (TimeNs now = from_ns; now < from_ns + duration_ns;) {
    if (shaper.admit(now, size_bytes)) {
      bytes += size_bytes;
    } else {
      now = shaper.timer_ns();
      if (now < from_ns + duration_ns) shaper.on_timer();
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("credit: no cap: everything passes at once") {
  CreditShaper shaper;
  for (int i = 0; i < 1000; ++i) CHECK(shaper.admit(0, 65535));
  CHECK_FALSE(shaper.blocked());
}

TEST_CASE("credit: the bucket starts with one window's credit") {
  CreditShaper shaper({.bytes = 3000, .window_ns = 50 * kMs});
  CHECK(shaper.admit(0, 1500));
  CHECK(shaper.admit(0, 1500));
  CHECK_FALSE(shaper.admit(0, 1));
  CHECK(shaper.timer_ns() == 50 * kMs);
}

TEST_CASE("credit: a packet goes whole or not at all, and what is left stays") {
  CreditShaper shaper({.bytes = 2000, .window_ns = 50 * kMs});
  CHECK(shaper.admit(0, 1500));
  CHECK_FALSE(shaper.admit(0, 1500));
  CHECK(shaper.remaining_bytes() == 500);
  shaper.on_timer();
  CHECK(shaper.remaining_bytes() == 2500);
}

TEST_CASE("credit: while the timer is pending even a small packet waits") {
  CreditShaper shaper({.bytes = 2000, .window_ns = 50 * kMs});
  CHECK_FALSE(shaper.admit(0, 3000));
  CHECK_FALSE(shaper.admit(60 * kMs, 3000));
  CHECK(shaper.timer_ns() == 50 * kMs);
}

TEST_CASE("credit: it is looked at only when a packet is larger than what remains") {
  CreditShaper shaper({.bytes = 2000, .window_ns = 50 * kMs});
  CHECK(shaper.admit(200 * kMs, 1000));
  CHECK(shaper.remaining_bytes() == 1000);  // no window was added, though four have passed
}

TEST_CASE("credit: what is not used is kept up to 128 KiB, or one window where that is more") {
  CreditShaper small({.bytes = 100'000, .window_ns = 50 * kMs});
  CHECK_FALSE(small.admit(0, 120'000));
  small.on_timer();
  CHECK(small.remaining_bytes() == 131'072);
  CreditShaper large({.bytes = 200'000, .window_ns = 50 * kMs});
  CHECK_FALSE(large.admit(0, 200'001));
  large.on_timer();
  CHECK(large.remaining_bytes() == 200'000);
}

TEST_CASE("credit: adding saturates") {
  CreditShaper shaper({.bytes = 1000, .window_ns = 1});
  CHECK_FALSE(shaper.admit(0, 2000));
  CHECK(shaper.set_credit({.bytes = ~std::uint64_t{0}, .window_ns = 1}, 0));
  shaper.on_timer();
  CHECK(shaper.remaining_bytes() == ~std::uint64_t{0});
}

TEST_CASE("credit: after an idle time the window starts anew, without catching up") {
  CreditShaper shaper({.bytes = 6250, .window_ns = 50 * kMs});
  CHECK(shaper.admit(0, 6000));
  CHECK_FALSE(shaper.admit(1000 * kMs, 65'000));  // added once
  CHECK(shaper.remaining_bytes() == 6500);
  CHECK(shaper.timer_ns() == 1050 * kMs);
}

TEST_CASE("credit: a rate's bytes are exact over any number of windows") {
  for (const auto& [bytes, window_ns] : {std::pair{62'500u, 50 * kMs}, {125'000u, 1 * kMs}, {8'000u, 1000 * kMs}}) {
    CreditShaper shaper({.bytes = bytes, .window_ns = window_ns});
    const std::uint64_t windows = 60'000 * kMs / window_ns;
    const std::uint64_t passed = passed_bytes(shaper, 0, 60'000 * kMs, 1500);
    CHECK(passed <= windows * bytes);
    CHECK(windows * bytes - passed < 1500);
  }
}

TEST_CASE("credit: Linux's losses by HZ and window: 50 ms 0.9625, 10 ms 0.833, 1 ms 0.25 at 250; 1 ms 0.10 at 100") {
  struct Row {
    std::uint32_t hz;
    TimeNs window_ms;
    double share;
  };
  for (const Row row : {Row{250, 50, 0.9625}, Row{250, 10, 0.833}, Row{250, 1, 0.25}, Row{100, 1, 0.10},
                        Row{1000, 50, 1.0}, Row{1000, 1, 1.0}}) {
    CreditShaper shaper({.bytes = row.window_ms * 12'500, .window_ns = row.window_ms * kMs}, 0, row.hz);
    const std::uint64_t passed = passed_bytes(shaper, 0, 4000 * kMs, 1000);
    CHECK(static_cast<double>(passed) / (4000 * 12'500) == doctest::Approx(row.share).epsilon(0.003));
  }
}

TEST_CASE("credit: with jiffies, after a long idle time the timer is armed in the past and fires at the next tick") {
  CreditShaper shaper({.bytes = 6250, .window_ns = 50 * kMs}, 0, 1000);
  CHECK(shaper.admit(0, 6000));
  CHECK_FALSE(shaper.admit(1000 * kMs, 65'000));
  CHECK(shaper.timer_ns() == 1001 * kMs);
  shaper.on_timer();
  CHECK_FALSE(shaper.admit(1001 * kMs, 65'000));  // a second window 1 ms later, and a third
  CHECK(shaper.remaining_bytes() == 6500 + 2 * 6250);
}

TEST_CASE("credit: with jiffies, time between two ticks is the earlier tick") {
  CreditShaper shaper({.bytes = 1000, .window_ns = 10 * kMs}, 0, 100);
  CHECK(shaper.admit(0, 1000));
  CHECK_FALSE(shaper.admit(25 * kMs, 2000));
  CHECK(shaper.timer_ns() == 30 * kMs);
}

TEST_CASE("credit: a change while a packet waits: its timer fires now, and a new window starts now") {
  CreditShaper shaper({.bytes = 1000, .window_ns = 1000 * kMs});
  CHECK_FALSE(shaper.admit(0, 1500));
  CHECK(shaper.set_credit({.bytes = 2000, .window_ns = 10 * kMs}, 300 * kMs));
  CHECK(shaper.timer_ns() == 300 * kMs);
  shaper.on_timer();
  CHECK(shaper.admit(300 * kMs, 3000));
  CHECK_FALSE(shaper.admit(300 * kMs, 1500));
  CHECK(shaper.timer_ns() == 310 * kMs);
}

TEST_CASE("credit: a change while nothing waits cuts what is left") {
  CreditShaper shaper({.bytes = 10'000, .window_ns = 50 * kMs});
  CHECK_FALSE(shaper.set_credit({.bytes = 2000, .window_ns = 50 * kMs}, 0));
  CHECK(shaper.remaining_bytes() == 2000);
  CHECK_FALSE(shaper.set_credit({.bytes = 9000, .window_ns = 50 * kMs}, 0));
  CHECK(shaper.remaining_bytes() == 2000);
}

TEST_CASE("property: n windows never pass more than (n + 1) credits and the burst") {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    const Credit credit{.bytes = 1 + random.below(300'000), .window_ns = 1 + random.below(20 * kMs)};
    CreditShaper shaper(credit);
    std::vector<std::pair<TimeNs, std::uint64_t>> sent{{0, 0}};  // cumulative bytes
    TimeNs now = 0;
    for (int i = 0; i < 500; ++i) {
      const auto size_bytes = static_cast<std::uint32_t>(1 + random.below(65'535));
      while (!shaper.admit(now, size_bytes)) {
        now = shaper.timer_ns();
        shaper.on_timer();
      }
      sent.emplace_back(now, sent.back().second + size_bytes);
      now += random.below(2) == 0 ? 0 : random.below(3 * credit.window_ns);
    }
    for (std::size_t from = 0; from < sent.size(); from += 37) {
      for (std::size_t to = from + 1; to < sent.size(); ++to) {
        const std::uint64_t windows = (sent[to].first - sent[from].first) / credit.window_ns + 1;
        const std::uint64_t most = (windows + 1) * credit.bytes + std::max(credit.bytes, CreditShaper::kBurstBytes);
        REQUIRE(sent[to].second - sent[from].second <= most);
      }
    }
  }
}
