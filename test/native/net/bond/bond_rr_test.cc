#include <doctest/doctest.h>

#include "net/bond/bond.h"

using namespace ringback;

TEST_CASE("bond: rr begins with member 1 and takes turns") {
  const Nic a({.rate_bps = 1'000'000'000, .queue_bytes = 10'000});
  const Nic b({.rate_bps = 1'000'000'000, .queue_bytes = 10'000});
  Bond bond({}, {&a, &b});
  for (int round = 0; round < 3; ++round) {
    CHECK(bond.choose(0, {}, 60) == 1);
    CHECK(bond.choose(0, {}, 60) == 0);
  }
}
