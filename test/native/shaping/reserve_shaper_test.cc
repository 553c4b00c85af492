#include "shaping/reserve_shaper.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/random.h"
#include "shaping/vif_shaper.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr ReserveConfig kGigabit{.rate_bps = 1'000'000'000, .horizon_ns = kMs, .burst_ns = kMs};

// An uplink whose vifs want to send at given rates, and a wire behind it that keeps what it cannot send yet.
struct Fluid {
  struct Vif {
    std::uint32_t frame_bytes = 1500;
    std::uint64_t demand_bps = 0;  // 0: it has nothing to send; kAlways: it always has
    std::uint64_t sent_bytes = 0;
    std::uint64_t offered_bytes = 0;
    bool is_blocked = false;
  };
  static constexpr std::uint64_t kAlways = ~std::uint64_t{0};

  explicit Fluid(const ReserveConfig& config) : shaper(config), wire(config.rate_bps) {}

  void add(const Reservation& reservation, std::uint64_t demand_bps, std::uint32_t frame_bytes = 1500) {
    shaper.add(reservation);
    vifs.push_back({.frame_bytes = frame_bytes, .demand_bps = demand_bps});
  }

  [[nodiscard]] bool wants(const Vif& vif) const {
    return vif.demand_bps == kAlways || vif.offered_bytes >= vif.frame_bytes;
  }

  void poll(std::uint32_t index) {
    Vif& vif = vifs[index];
    vif.is_blocked = false;
    while (wants(vif)) {
      if (!shaper.may_send(now, index, vif.frame_bytes)) {
        shaper.wait(now, index, vif.frame_bytes);
        vif.is_blocked = true;
        return;
      }
      shaper.send(now, index, vif.frame_bytes);
      wire.pass(now, vif.frame_bytes + shaper.config().overhead_bytes);
      most_ahead_ns = std::max(most_ahead_ns, wire.end_ns() - now);
      vif.sent_bytes += vif.frame_bytes;
      if (vif.demand_bps != kAlways) vif.offered_bytes -= vif.frame_bytes;
    }
    shaper.leave(now, index);
  }

  // Steps of a microsecond, as a world's timers would have it.
  void run(TimeNs until) {
    for (; now < until; now += 1000) {
      for (Vif& vif : vifs)
        if (vif.demand_bps != kAlways) vif.offered_bytes += vif.demand_bps / 8'000'000;
      for (std::uint32_t i = 0; i < vifs.size(); ++i)
        if (!vifs[i].is_blocked || shaper.guarantee_ns(i) <= now) poll(i);
      if (shaper.grant_ns() > now) continue;
      std::vector<std::uint32_t> granted;
      shaper.grant(now, [&](std::uint32_t index) { granted.push_back(index); });
      for (const std::uint32_t index : granted) {
        REQUIRE(shaper.may_send(now, index, vifs[index].frame_bytes));  // nobody is woken in vain
        poll(index);
      }
    }
  }

  void forget() {
    for (Vif& vif : vifs) vif.sent_bytes = 0;
    most_ahead_ns = 0;
  }

  ReserveShaper shaper;
  RateClock wire;
  std::vector<Vif> vifs;
  TimeNs now = 0;
  TimeNs most_ahead_ns = 0;
};

double mbps(const Fluid::Vif& vif, TimeNs time_ns) {
  return static_cast<double>(vif.sent_bytes) * 8e3 / static_cast<double>(time_ns);
}

}  // namespace

TEST_CASE("reserve: whoever is alone has the whole wire, and no more than its horizon of it ahead") {
  Fluid fluid(kGigabit);
  fluid.add({}, Fluid::kAlways);
  fluid.run(100 * kMs);
  CHECK(mbps(fluid.vifs[0], 100 * kMs) == doctest::Approx(1007).epsilon(0.002));  // and what is ahead at the end
  CHECK(fluid.most_ahead_ns < 2 * kMs);
}

TEST_CASE("reserve: a guarantee holds against any number of others, and the rest is shared by weight") {
  Fluid fluid(kGigabit);
  fluid.add({.min_bps = 300'000'000, .weight = 1}, Fluid::kAlways);
  fluid.add({.weight = 1}, Fluid::kAlways);
  fluid.add({.weight = 2}, Fluid::kAlways);
  fluid.add({.weight = 3}, Fluid::kAlways);
  fluid.run(10 * kMs);
  fluid.forget();
  fluid.run(1010 * kMs);
  CHECK(mbps(fluid.vifs[0], 1000 * kMs) == doctest::Approx(400).epsilon(0.001));
  CHECK(mbps(fluid.vifs[1], 1000 * kMs) == doctest::Approx(100).epsilon(0.001));
  CHECK(mbps(fluid.vifs[2], 1000 * kMs) == doctest::Approx(200).epsilon(0.001));
  CHECK(mbps(fluid.vifs[3], 1000 * kMs) == doctest::Approx(300).epsilon(0.001));
}

TEST_CASE("reserve: weights hold whatever the sizes of frames, and to the smallest") {
  Fluid fluid({.rate_bps = 10'000'000'000, .overhead_bytes = 24, .horizon_ns = kMs, .burst_ns = kMs});
  fluid.add({.weight = 10'000}, Fluid::kAlways, 65'000);
  fluid.add({.weight = 10'000}, Fluid::kAlways, 60);
  fluid.add({.weight = 10}, Fluid::kAlways, 1500);
  fluid.run(20 * kMs);
  fluid.forget();
  fluid.run(1020 * kMs);
  const auto wire_bytes = [&](std::uint32_t i) {
    const Fluid::Vif& vif = fluid.vifs[i];
    return static_cast<double>(vif.sent_bytes) * (vif.frame_bytes + 24) / vif.frame_bytes;
  };
  CHECK(wire_bytes(0) / wire_bytes(1) == doctest::Approx(1).epsilon(0.002));
  CHECK(wire_bytes(0) / wire_bytes(2) == doctest::Approx(1000).epsilon(0.02));  // some 400 frames
  CHECK(wire_bytes(0) + wire_bytes(1) + wire_bytes(2) == doctest::Approx(1.25e9).epsilon(0.002));
}

TEST_CASE("reserve: who wants less than its share leaves the rest to the others") {
  Fluid fluid(kGigabit);
  fluid.add({}, 80'000'000);
  fluid.add({}, Fluid::kAlways);
  fluid.add({.weight = 3}, Fluid::kAlways);
  fluid.run(10 * kMs);
  fluid.forget();
  fluid.run(1010 * kMs);
  CHECK(mbps(fluid.vifs[0], 1000 * kMs) == doctest::Approx(80).epsilon(0.002));
  CHECK(mbps(fluid.vifs[1], 1000 * kMs) == doctest::Approx(230).epsilon(0.002));
  CHECK(mbps(fluid.vifs[2], 1000 * kMs) == doctest::Approx(690).epsilon(0.002));
}

TEST_CASE("reserve: a guarantee that was idle passes a burst at once, and not more") {
  ReserveShaper shaper(kGigabit);
  const std::uint32_t web = shaper.add({.min_bps = 300'000'000});
  const std::uint32_t bulk = shaper.add({});
  const TimeNs now = 50 * kMs;
  while (shaper.may_send(now, bulk, 1500)) shaper.send(now, bulk, 1500);
  shaper.wait(now, bulk, 1500);
  std::uint64_t bytes = 0;
  for (; shaper.may_send(now, web, 1500); bytes += 1500) shaper.send(now, web, 1500);
  CHECK(bytes == 25 * 1500);  // 1 ms of 300 Mb/s
  shaper.wait(now, web, 1500);
  CHECK(shaper.guarantee_ns(web) == now + kMs / 2);
  CHECK(shaper.guarantee_ns(bulk) == kNever);
}

TEST_CASE("reserve: a grant that is not used comes back") {
  ReserveShaper shaper(kGigabit);
  for (int i = 0; i < 2; ++i) shaper.add({});
  TimeNs now = 0;
  while (shaper.may_send(now, 0, 1500)) shaper.send(now, 0, 1500);
  shaper.wait(now, 0, 1500);
  shaper.wait(now, 1, 1500);
  std::vector<std::uint32_t> granted;
  const auto grant = [&] {
    granted.clear();
    shaper.grant(now, [&](std::uint32_t vif) { granted.push_back(vif); });
  };
  CHECK(shaper.grant_ns() > now);
  now = shaper.grant_ns();
  grant();
  CHECK(granted == std::vector<std::uint32_t>{0});  // a turn is what the horizon holds for two
  shaper.leave(now, 0);
  CHECK(shaper.grant_ns() <= now);
  grant();
  CHECK(granted == std::vector<std::uint32_t>{1});
  CHECK(shaper.may_send(now, 1, 1500));
  shaper.send(now, 1, 1500);
  shaper.leave(now, 1);
  CHECK(shaper.grant_ns() == kNever);
}

TEST_CASE("reserve: an uplink without capacity passes nothing, not even guarantees, and goes on when it is back") {
  ReserveShaper shaper(kGigabit);
  const std::uint32_t web = shaper.add({.min_bps = 300'000'000});
  shaper.set_rate(kMs, 0);
  CHECK_FALSE(shaper.may_send(2 * kMs, web, 1500));
  shaper.wait(2 * kMs, web, 1500);
  CHECK(shaper.guarantee_ns(web) == kNever);
  CHECK(shaper.grant_ns() == kNever);
  shaper.set_rate(9 * kMs, 10'000'000);
  CHECK(shaper.guarantee_ns(web) <= 9 * kMs);
  CHECK(shaper.grant_ns() <= 9 * kMs);
  CHECK(shaper.may_send(9 * kMs, web, 1500));
}

TEST_CASE("reserve: changes of guarantee and weight hold from then on") {
  Fluid fluid(kGigabit);
  fluid.add({.min_bps = 300'000'000}, Fluid::kAlways);
  fluid.add({}, Fluid::kAlways);
  fluid.run(100 * kMs);
  fluid.shaper.set_reservation(fluid.now, 0, {.min_bps = 100'000'000, .weight = 1});
  fluid.shaper.set_reservation(fluid.now, 1, {.min_bps = 500'000'000, .weight = 3});
  fluid.run(110 * kMs);
  fluid.forget();
  fluid.run(1110 * kMs);
  CHECK(mbps(fluid.vifs[0], 1000 * kMs) == doctest::Approx(200).epsilon(0.001));
  CHECK(mbps(fluid.vifs[1], 1000 * kMs) == doctest::Approx(800).epsilon(0.001));
  fluid.shaper.set_rate(fluid.now, 800'000'000);
  fluid.run(1120 * kMs);
  fluid.forget();
  fluid.run(2120 * kMs);
  CHECK(mbps(fluid.vifs[0], 1000 * kMs) == doctest::Approx(150).epsilon(0.001));
  CHECK(mbps(fluid.vifs[1], 1000 * kMs) == doctest::Approx(650).epsilon(0.001));
}

// What a weighted max-min gives, by raising the level until all is given out.
std::vector<double> ideal(double capacity, const std::vector<Fluid::Vif>& vifs,
                          const std::vector<Reservation>& reserved) {
  std::vector<double> share(vifs.size());
  const auto demand = [&](std::size_t i) {
    return vifs[i].demand_bps == Fluid::kAlways ? capacity : static_cast<double>(vifs[i].demand_bps);
  };
  const auto at = [&](double level, std::size_t i) {
    return std::min(demand(i), static_cast<double>(reserved[i].min_bps) + level * reserved[i].weight);
  };
  double low = 0;
  double high = capacity;
  for (int step = 0; step < 200; ++step) {
    const double level = (low + high) / 2;
    double sum = 0;
    for (std::size_t i = 0; i < vifs.size(); ++i) sum += at(level, i);
    (sum < capacity ? low : high) = level;
  }
  for (std::size_t i = 0; i < vifs.size(); ++i) share[i] = at(low, i);
  return share;
}

TEST_CASE("reserve: random uplinks give each vif its guarantee and its weighted max-min share") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Fluid fluid(kGigabit);
    std::vector<Reservation> reserved;
    std::uint64_t left_bps = 900'000'000;
    for (std::uint64_t i = 0, count = 2 + random.below(30); i < count; ++i) {
      const std::uint64_t min_bps = random.below(2) == 0 ? 0 : random.below(left_bps / 4);
      left_bps -= min_bps;
      reserved.push_back({.min_bps = min_bps, .weight = static_cast<std::uint32_t>(1 + random.below(10))});
      const std::uint64_t demand_bps =
          i == 0 || random.below(2) == 0 ? Fluid::kAlways : 8'000'000 * (1 + random.below(40));
      fluid.add(reserved.back(), demand_bps, static_cast<std::uint32_t>(100 + random.below(1400)));
    }
    fluid.run(50 * kMs);
    fluid.forget();
    fluid.run(550 * kMs);
    const std::vector<double> expected = ideal(1e9, fluid.vifs, reserved);
    double missing = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double got = mbps(fluid.vifs[i], 500 * kMs) * 1e6;
      CHECK(got >= std::min(static_cast<double>(reserved[i].min_bps), expected[i]) * 0.998 - 100'000);
      missing += std::abs(got - expected[i]);
    }
    CHECK(missing / 1e9 < 0.01);
    CHECK(fluid.most_ahead_ns < 4 * kMs);
  }
}

TEST_CASE("a vif's shaper: a frame is debited by its cap and the reservations together, or by neither") {
  ReserveShaper reserve(kGigabit);
  const std::uint32_t member = reserve.add({});
  VifShaper shaper(CreditShaper({.bytes = 2000, .window_ns = kMs}), {&reserve, member});
  CHECK(shaper.admit(0, 1500));
  CHECK_FALSE(shaper.admit(0, 1500));  // the cap holds it back
  CHECK(shaper.waits());
  CHECK_FALSE(reserve.waits(member));
  CHECK(shaper.guarantee_ns() == kNever);
  shaper.credit().on_timer();
  CHECK_FALSE(shaper.waits());
  TimeNs now = kMs;
  const std::uint32_t other = reserve.add({});
  while (reserve.may_send(now, other, 1500)) reserve.send(now, other, 1500);
  const std::uint64_t credit_bytes = shaper.credit().remaining_bytes();
  CHECK_FALSE(shaper.admit(now, 1500));  // the uplink does
  CHECK(shaper.credit().remaining_bytes() == credit_bytes);
  CHECK(shaper.waits());
  CHECK_FALSE(shaper.credit().blocked());
  shaper.rest(now);
  CHECK_FALSE(shaper.waits());
  CHECK_FALSE(reserve.waits(member));
}
