#include "sim/source_schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/random.h"

using namespace ringback;

namespace {

// Of a source whose frames all have one size: which one offered, and when.
using Taken = std::vector<std::tuple<TimeNs, std::uint32_t>>;

constexpr std::uint32_t size_of(std::uint32_t index) { return 60 + index; }

// A frame every `gap_ns`, of a size that tells the source's number.
Source source(std::uint32_t vif, std::uint32_t index, TimeNs start_ns, TimeNs gap_ns, TimeNs stop_ns = kNever) {
  const std::uint32_t size_bytes = size_of(index);
  return {vif, ConstantSource({.start_ns = start_ns,
                               .stop_ns = stop_ns,
                               .rate_bps = size_bytes * 8 * kNsPerSecond / gap_ns,
                               .size_bytes = size_bytes},
                              index)};
}

Taken collect(SourceSchedule& schedule, std::uint32_t vif, const Event& until) {
  Taken taken;
  schedule.collect(vif, until,
                   [&](const Offer& offer) { taken.emplace_back(offer.offered_ns, offer.size_bytes - size_of(0)); });
  return taken;
}

std::vector<std::uint32_t> wake(SourceSchedule& schedule, std::uint32_t vif) {
  std::vector<std::uint32_t> awake;
  schedule.wake(vif, [&](const Event& event) {
    CHECK(event.kind == Event::Kind::kSource);
    CHECK(event.time_ns == schedule[event.target].next_ns());
    awake.push_back(event.target);
  });
  return awake;
}

}  // namespace

TEST_CASE("a sleeping source offers what comes before the position, its own event not included") {
  SourceSchedule schedule(1);
  schedule.add(source(0, 0, 0, 1000));
  schedule.put_to_sleep(0);
  CHECK(collect(schedule, 0, {0, Event::Kind::kSource, 0}).empty());
  CHECK(collect(schedule, 0, {2000, Event::Kind::kSource, 0}) == Taken{{0, 0}, {1000, 0}});
  CHECK(collect(schedule, 0, {2000, Event::Kind::kSource, 0}).empty());
  CHECK(collect(schedule, 0, {2000, Event::Kind::kSource, 1}) == Taken{{2000, 0}});
  CHECK(collect(schedule, 0, {3000, Event::Kind::kCreditTimer, 0}) == Taken{{3000, 0}});
  CHECK(collect(schedule, 0, {3999, Event::Kind::kUnmask, 9}).empty());
  CHECK(schedule.event_of(0).time_ns == 4000);
}

TEST_CASE("several sleeping sources of a vif offer by time, then by number, whoever fell asleep first") {
  SourceSchedule schedule(1);
  schedule.add(source(0, 0, 500, 1000));
  schedule.add(source(0, 1, 0, 1000));
  schedule.add(source(0, 2, 500, 1000));
  for (const std::uint32_t index : {2u, 0u, 1u}) schedule.put_to_sleep(index);
  CHECK(collect(schedule, 0, {1500, Event::Kind::kSource, 2}) ==
        Taken{{0, 1}, {500, 0}, {500, 2}, {1000, 1}, {1500, 0}});
  CHECK(collect(schedule, 0, {1501, Event::Kind::kSource, 0}) == Taken{{1500, 2}});
}

TEST_CASE("a source that is awake offers nothing, nor does another vif's") {
  SourceSchedule schedule(2);
  schedule.add(source(0, 0, 0, 1000));
  schedule.add(source(0, 1, 0, 1000));
  schedule.add(source(1, 2, 0, 1000));
  CHECK_FALSE(schedule.is_asleep(0));
  schedule.put_to_sleep(1);
  CHECK(schedule.is_asleep(0));
  CHECK_FALSE(schedule.is_asleep(1));
  CHECK(collect(schedule, 1, {5000, Event::Kind::kSource, 0}).empty());
  CHECK(collect(schedule, 0, {1, Event::Kind::kSource, 0}) == Taken{{0, 1}});
}

TEST_CASE("woken, sources have an event each, but those that are at their end; nobody sleeps then") {
  SourceSchedule schedule(2);
  schedule.add(source(0, 0, 0, 1000, 1500));
  schedule.add(source(0, 1, 0, 1000));
  schedule.add(source(1, 2, 0, 1000));
  for (const std::uint32_t index : {0u, 1u, 2u}) schedule.put_to_sleep(index);
  CHECK(collect(schedule, 0, {9000, Event::Kind::kSource, 0}).size() == 2 + 9);
  CHECK(wake(schedule, 0) == std::vector{1u});
  CHECK_FALSE(schedule.is_asleep(0));
  CHECK(schedule.is_asleep(1));
  CHECK(wake(schedule, 0).empty());
  CHECK(collect(schedule, 0, {20'000, Event::Kind::kSource, 0}).empty());
}

TEST_CASE("a source at its end may sleep: it offers nothing") {
  SourceSchedule schedule(1);
  schedule.add(source(0, 0, 0, 1000, 500));
  schedule.add(source(0, 1, 0, 1000, 500));
  schedule.put_to_sleep(0);
  CHECK(collect(schedule, 0, {kNever - 1, Event::Kind::kUnmask, 0}) == Taken{{0, 0}});
  schedule.put_to_sleep(1);
  CHECK(collect(schedule, 0, {kNever - 1, Event::Kind::kUnmask, 0}) == Taken{{0, 1}});
  CHECK(wake(schedule, 0).empty());
}

// Sources sleep and wake at random; the model has an event for each frame.
TEST_CASE("property: whoever sleeps, all frames are offered at their time and in the order of their events") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const auto vifs = static_cast<std::uint32_t>(1 + random.below(3));
    SourceSchedule schedule(vifs);
    SourceSchedule model(vifs);
    EventQueue timers;
    EventQueue model_timers;
    for (std::uint32_t index = 0, sources = static_cast<std::uint32_t>(1 + random.below(8)); index < sources; ++index) {
      const auto vif = static_cast<std::uint32_t>(random.below(vifs));
      const Source one = source(vif, index, random.below(4), 1 + random.below(5), 100 + random.below(400));
      schedule.add(one);
      model.add(one);
      timers.push(schedule.event_of(index));
      model_timers.push(schedule.event_of(index));
    }
    std::vector<Taken> wanted(vifs);
    while (!model_timers.empty()) {
      const std::uint32_t index = model_timers.pop().target;
      wanted[model[index].vif()].emplace_back(model[index].take().offered_ns, index);
      if (model[index].next_ns() != kNever) model_timers.push(model.event_of(index));
    }
    std::vector<Taken> taken(vifs);
    const auto bring_up = [&](std::uint32_t vif, const Event& until) {
      const Taken more = collect(schedule, vif, until);
      taken[vif].insert(taken[vif].end(), more.begin(), more.end());
    };
    while (!timers.empty()) {
      const Event event = timers.pop();
      const std::uint32_t index = event.target;
      const std::uint32_t vif = schedule[index].vif();
      bring_up(vif, event);
      taken[vif].emplace_back(schedule[index].take().offered_ns, index);
      if (random.below(3) == 0) schedule.wake(vif, [&](const Event& awake) { timers.push(awake); });
      if (random.below(2) == 0)
        schedule.put_to_sleep(index);
      else if (schedule[index].next_ns() != kNever)
        timers.push(schedule.event_of(index));
    }
    for (std::uint32_t vif = 0; vif < vifs; ++vif) bring_up(vif, {1000, Event::Kind::kSource, 0});
    REQUIRE(taken == wanted);
  }
}
