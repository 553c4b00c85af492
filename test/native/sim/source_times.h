// For tests of sources: what a source offers.
#pragma once
#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include "sim/offer.h"

namespace ringback {

// Up to `most` frames of a source.
template <class S>
std::vector<Offer> offers(S& source, std::size_t most) {
  std::vector<Offer> all;
  while (source.next_ns() != kNever && all.size() < most) {
    const TimeNs next_ns = source.next_ns();
    all.push_back(source.take());
    REQUIRE(all.back().offered_ns == next_ns);
  }
  return all;
}

// Their times.
template <class S>
std::vector<TimeNs> times(S source, std::size_t most = 100) {
  std::vector<TimeNs> all;
  for (const Offer& offer : offers(source, most)) all.push_back(offer.offered_ns);
  return all;
}

// The bits a second of frames up to `end_ns`.
inline double rate_of(const std::vector<Offer>& frames, TimeNs end_ns) {
  double bits = 0;
  for (const Offer& offer : frames) bits += 8.0 * offer.size_bytes;
  return bits * 1e9 / static_cast<double>(end_ns);
}

}  // namespace ringback
