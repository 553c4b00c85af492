// What tests of worlds ask again and again.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world.h"

namespace ringback {

inline std::uint64_t counter(const World& world, std::uint32_t vif, std::string_view name) {
  const VifCounters counters = world.read_vif_counters(vif);
  for (std::size_t i = 0; i < counters.size(); ++i)
    if (name == vif_counter_names()[i]) return counters[i];
  FAIL("no such counter");
  return 0;
}

inline std::uint64_t nic_counter(const World& world, std::uint32_t nic, std::string_view name) {
  std::array<std::uint64_t, kNicCounterNames.size()> counters{};
  world.network().read_nic_counters(nic, counters);
  for (std::size_t i = 0; i < counters.size(); ++i)
    if (name == kNicCounterNames[i]) return counters[i];
  FAIL("no such counter");
  return 0;
}

inline std::uint64_t dropped(const World& world, std::uint32_t vif, const std::string& direction,
                             const std::string& unit) {
  std::uint64_t sum = 0;
  for (const char* cause : kCauseNames) sum += counter(world, vif, direction + "Dropped" + cause + unit);
  return sum;
}

// The places of a sum's two sides among the counters.
struct Balance {
  std::vector<std::size_t> in;
  std::vector<std::size_t> out;
};

inline std::vector<Balance> balances() {
  const auto place = [](const std::string& name) {
    const auto names = vif_counter_names();
    const auto found = std::ranges::find(names, name);
    REQUIRE(found != names.end());
    return static_cast<std::size_t>(found - names.begin());
  };
  std::vector<Balance> all;
  for (const std::string direction : {"tx", "rx"})
    for (const std::string unit : {"Packets", "Bytes"}) {
      Balance& balance = all.emplace_back();
      for (const char* name : {"Offered", "Arrived", "Copied"}) balance.in.push_back(place(direction + name + unit));
      for (const char* name : {"Delivered", "Forwarded", "Queued"})
        balance.out.push_back(place(direction + name + unit));
      for (const std::string cause : kCauseNames) balance.out.push_back(place(direction + "Dropped" + cause + unit));
    }
  return all;
}

// Every frame is somewhere. Tests ask this thousands of times.
inline void check_conserved(const World& world) {
  static const std::vector<Balance> all = balances();
  for (std::uint32_t vif = 0; vif < world.vif_count(); ++vif) {
    const VifCounters counters = world.read_vif_counters(vif);
    const auto sum = [&](const std::vector<std::size_t>& places) {
      std::uint64_t total = 0;
      for (const std::size_t at : places) total += counters[at];
      return total;
    };
    for (const Balance& balance : all) REQUIRE(sum(balance.in) == sum(balance.out));
  }
}

}  // namespace ringback
