// A source of flows: they come at random times, have sizes from a distribution, and send side by side.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/fifo.h"
#include "base/random.h"
#include "base/time.h"
#include "net/packet_header.h"
#include "sim/exponential.h"
#include "sim/flow_sizes.h"
#include "sim/frame_gaps.h"
#include "sim/offer.h"

namespace ringback {

struct FlowsConfig {
  static constexpr std::uint32_t kMaxActive = 4096;

  TimeNs start_ns = 0;
  TimeNs stop_ns = kNever;
  std::uint64_t load_bps = 0;        // the mean of all flows' frames together, 1 .. 10^13
  std::uint64_t rate_bps = 0;        // a flow's own, 1 .. 10^13
  std::uint32_t frame_bytes = 1500;  // 60 .. 65535
  std::uint32_t active = 128;        // 1 .. kMaxActive flows at a time
  std::vector<FlowSizePoint> sizes;  // FlowSizes::are_valid
  Endpoint from = {0};               // for the headers' addresses; from and to differ
  Endpoint to = {};
};

// Flows arrive as a Poisson process of load / mean size flows a second. Each sends its bytes in UDP frames at its rate
// and is over a frame's time after its last frame.
//
// Bound:   at most `active` flows send at a time, each with ports of its own, which the flow that ended longest ago
//          gives to the next. While all are taken, flows that arrive wait for one to end, in order; none is lost.
// Memory:  a header a flow at a time, and one for each of its ports and each size of a last frame that came by: at most
//          active * frame_bytes, and no more than flows were.
class FlowsSource {
 public:
  FlowsSource(const FlowsConfig& config, std::uint64_t seed);

  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }
  [[nodiscard]] Offer take();

  // Flows drawn so far, for tests.
  [[nodiscard]] std::uint64_t started() const noexcept { return started_; }

 private:
  struct Flow {
    std::uint64_t left_bytes = 0;
    std::uint64_t carry = 0;
  };
  // A flow's next frame. Of one time, the flow with the lower ports is first.
  struct Due {
    TimeNs at = 0;
    std::uint32_t flow = 0;
    [[nodiscard]] bool operator>(const Due& other) const noexcept {
      return at != other.at ? at > other.at : flow > other.flow;
    }
  };
  struct Free {
    TimeNs from = 0;
    std::uint32_t flow = 0;
  };

  void begin_flows();
  void push(Due due);
  [[nodiscard]] Due pop();
  void schedule();
  [[nodiscard]] FlowHeader make_header_of(std::uint32_t flow, std::uint32_t frame_bytes) const noexcept;
  [[nodiscard]] const FlowHeader& header_of(std::uint32_t flow, std::uint32_t frame_bytes);

  TimeNs stop_ns_;
  std::uint64_t rate_bps_;
  Endpoint from_;
  Endpoint to_;
  FlowFraming framing_;
  FrameGaps gaps_;
  FlowSizes sizes_;
  Random random_;
  PayloadSeeds payload_seeds_;
  ExponentialGaps arrivals_;
  std::vector<Flow> flows_;
  Fifo<Free> free_;
  std::vector<Due> due_;  // a heap, the earliest first
  TimeNs arrival_ns_;     // of the next flow; kNever: none comes any more
  TimeNs begun_ns_ = 0;   // when the last one began: the next is not before it
  std::uint64_t started_ = 0;
  std::vector<FlowHeader> full_headers_;                        // by flow
  std::unordered_map<std::uint64_t, FlowHeader> last_headers_;  // by frame size and flow; they stay where they are
  TimeNs next_ns_ = kNever;
};

}  // namespace ringback
