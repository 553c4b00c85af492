// What tests of worlds ask again and again.
#pragma once
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/world.h"

namespace ringback {

inline std::uint64_t counter(const World& world, std::uint32_t vif, std::string_view name) {
  const VifCounters counters = world.read_vif_counters(vif);
  for (std::size_t i = 0; i < counters.size(); ++i)
    if (name == vif_counter_names()[i]) return counters[i];
  FAIL("no such counter");
  return 0;
}

inline std::uint64_t dropped(const World& world, std::uint32_t vif, const std::string& direction,
                             const std::string& unit) {
  std::uint64_t sum = 0;
  for (const char* cause : kCauseNames) sum += counter(world, vif, direction + "Dropped" + cause + unit);
  return sum;
}

// Every frame is somewhere.
inline void check_conserved(const World& world) {
  for (std::uint32_t vif = 0; vif < world.vif_count(); ++vif)
    for (const std::string direction : {"tx", "rx"})
      for (const std::string unit : {"Packets", "Bytes"}) {
        const auto get = [&](const char* name) { return counter(world, vif, direction + name + unit); };
        REQUIRE(get("Offered") + get("Arrived") + get("Copied") ==
                get("Delivered") + get("Forwarded") + get("Queued") + dropped(world, vif, direction, unit));
      }
}

}  // namespace ringback
