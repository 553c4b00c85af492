// Every interleaving of a tiny ring, and every store that is late, run by the rings' own code: docs/model.md.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "model/explorer.h"
#include "model/ring_threads.h"

using namespace ringback;
using namespace ringback::model;

namespace {

constexpr abi::RING_IDX kBeforeWrap = 0xffff'fffe;  // the third message has index 0

template <std::uint32_t kSlots>
void check_ring(std::uint32_t requests) {
  RingWorld<kSlots> world(kBeforeWrap);
  Explorer explorer(world.shared, ring_threads(world, {requests}));
  const Result result = explorer.explore();
  std::printf("model: %u slots, %u requests: %zu states, %zu transitions\n", kSlots, requests, result.states,
              result.transitions);
  INFO(result.traces());
  CHECK(result.verdicts() == "none");
  CHECK(!result.ends.empty());
}

using Ends = std::set<std::vector<std::byte>>;

Ends ends_of(const Result& result) {
  Ends all;
  for (const auto& end : result.ends) {
    std::vector<std::byte> bytes;
    for (const auto state : end) bytes.insert(bytes.end(), state.begin(), state.end());
    all.insert(std::move(bytes));
  }
  return all;
}

}  // namespace

TEST_CASE("one slot: no wake-up is lost, no slot is overwritten or stale") { check_ring<1>(4); }
TEST_CASE("two slots: no wake-up is lost, no slot is overwritten or stale") { check_ring<2>(4); }
TEST_CASE("four slots: no wake-up is lost, no slot is overwritten or stale") { check_ring<4>(3); }

// Too long for every day: model_tests -ns -tc='a longer run*'
TEST_CASE("a longer run of two slots" * doctest::skip()) { check_ring<2>(6); }
TEST_CASE("a longer run of four slots" * doctest::skip()) { check_ring<4>(4); }

TEST_CASE("taking stores at once leaves out states, but no end") {
  RingWorld<2> world(kBeforeWrap);
  Explorer at_once(world.shared, ring_threads(world, {2}), {}, Explorer::Stores::kAtOnce);
  Explorer any_time(world.shared, ring_threads(world, {2}), {}, Explorer::Stores::kAnyTime);
  const Result fewer = at_once.explore();
  const Result all = any_time.explore();
  CHECK(fewer.verdicts() == "none");
  CHECK(all.verdicts() == "none");
  CHECK(fewer.states < all.states);
  CHECK(ends_of(fewer) == ends_of(all));
}
