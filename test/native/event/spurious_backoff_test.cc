#include "event/spurious_backoff.h"

#include <doctest/doctest.h>

using namespace ringback;

TEST_CASE("back-off: events with a reason are never delayed") {
  SpuriousBackoff backoff;
  for (int i = 0; i < 100; ++i) CHECK(backoff.handled(false) == 0);
  CHECK(backoff.spurious_events() == 0);
}

TEST_CASE("XSA-332: a first spurious event is free, then a jiffy, doubling up to a second") {
  SpuriousBackoff backoff;
  CHECK(backoff.handled(true) == 0);
  for (TimeNs delay_ns = 4'000'000; delay_ns < kNsPerSecond; delay_ns *= 2) CHECK(backoff.handled(true) == delay_ns);
  for (int i = 0; i < 1000; ++i) CHECK(backoff.handled(true) == kNsPerSecond);
  CHECK(backoff.spurious_events() == 1 + 8 + 1000);
}

TEST_CASE("back-off: one event with a reason begins anew, the count stays") {
  SpuriousBackoff backoff;
  for (int i = 0; i < 5; ++i) static_cast<void>(backoff.handled(true));
  CHECK(backoff.handled(false) == 0);
  CHECK(backoff.handled(true) == 0);
  CHECK(backoff.handled(true) == SpuriousBackoff::kFirstDelayNs);
  CHECK(backoff.spurious_events() == 7);
}

TEST_CASE("XSA-332: a storm of a million events a second is looked at about once a second") {
  SpuriousBackoff backoff;
  int handled = 0;
  TimeNs unmasked_ns = 0;
  for (TimeNs now = 0; now < 60 * kNsPerSecond; now += 1000) {
    if (now < unmasked_ns) continue;
    ++handled;
    unmasked_ns = now + backoff.handled(true);
  }
  CHECK(handled < 75);
}
