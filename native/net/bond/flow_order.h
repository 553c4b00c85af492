// Which frames will arrive before an earlier frame of their flow.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace ringback {

// Keeps the last arrival of some thousand flows, those that arrive last.
//
// Invariant: never a false count. A flow that finds no room takes that of the flow of its set which arrives first, and
//            that one is forgotten: what it would have counted is not, and nothing else is.
class FlowOrder {
 public:
  // Flows that are kept at most.
  static constexpr std::size_t kFlows = 4096;

  FlowOrder() : sets_(kSets) {}

  // Whether a frame of this flow arrives before one of it that was told before. At the same time is not before.
  // Units: flow: flow_id(); arrival_ns: when the frame's last bit is at the far end.
  [[nodiscard]] bool overtakes(std::uint64_t flow, TimeNs arrival_ns) noexcept {
    Set& set = sets_[flow % kSets];
    const auto found = std::ranges::find(set, flow, &Entry::flow);
    if (found != set.end()) {
      if (arrival_ns < found->last_ns) return true;
      found->last_ns = arrival_ns;
      return false;
    }
    Entry& forgotten = *std::ranges::min_element(set, {}, &Entry::last_ns);
    forgotten = {flow, arrival_ns};
    return false;
  }

  // Nothing that was told counts any more: for when frames under way are lost, or arrive at another time than told.
  void forget() noexcept { std::ranges::fill(sets_, Set{}); }

 private:
  struct Entry {
    std::uint64_t flow = 0;  // an unused one is flow 0, which has not arrived yet
    TimeNs last_ns = 0;
  };
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kSets = kFlows / kWays;
  using Set = std::array<Entry, kWays>;

  std::vector<Set> sets_;
};

}  // namespace ringback
