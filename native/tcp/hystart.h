// When a sender leaves slow start though nothing was lost: before it fills the queue on its way.
#pragma once
#include <cstdint>

#include "base/time.h"

namespace ringback::tcp {

// What an acknowledgement tells of the way there and back.
struct RoundTrip {
  TimeNs now = 0;
  TimeNs rtt_ns = 0;             // of the last segment among those that have arrived: it waited for none of the others
  std::uint64_t una = 0;         // the first segment that is not acknowledged
  std::uint64_t next = 0;        // the next that will be sent for the first time
  std::uint64_t bytes_a_ms = 0;  // at which it is sent; 0: not known yet
};

// Hybrid slow start. Segments that were sent at once come back as a train of acknowledgements: where that lasts for
// half of the shortest round trip, as much is under way as the way holds, or nearly. And where every segment of a round
// takes longer than the shortest round trip, they wait in a queue. A round ends when something is acknowledged that was
// sent after it began.
//
// Units:  time in nanoseconds, windows in segments.
// Source: Ha, Rhee, Taming the elephants (2011); Linux's hystart_update(), hystart_ack_delay(), cubictcp_acked() with
//         its defaults (hystart_detect 3, hystart_low_window 16, hystart_ack_delta_us 2000) and without pacing.
class HyStart {
 public:
  HyStart() noexcept = default;
  // A timer has run out: nothing that was measured before it holds.
  HyStart(TimeNs now, std::uint64_t next) noexcept : round_start_ns_(now), train_end_ns_(now), round_end_(next) {}

  // A round trip, of any phase. The caller leaves out those of a queue that has just overflowed and is still full.
  void learn(TimeNs rtt_ns) noexcept {
    if (rtt_ns < shortest_ns_) shortest_ns_ = rtt_ns;
  }

  // Whether to leave slow start now: true at most once.
  // Requires: a sender in slow start with a window of so many segments; learn() was told of this round trip.
  [[nodiscard]] bool detect(const RoundTrip& trip, std::uint64_t window) noexcept;

  // kNever: none was measured.
  [[nodiscard]] TimeNs shortest_ns() const noexcept { return shortest_ns_; }

 private:
  [[nodiscard]] bool is_long_train(const RoundTrip& trip) noexcept;
  [[nodiscard]] bool is_delayed(TimeNs rtt_ns) noexcept;

  TimeNs shortest_ns_ = kNever;
  TimeNs round_start_ns_ = 0;
  TimeNs train_end_ns_ = 0;            // the last acknowledgement that followed closely on the one before
  TimeNs round_shortest_ns_ = kNever;  // in this round
  std::uint64_t round_end_ = 0;        // it ends when something from here on is acknowledged
  std::uint32_t samples_ = 0;          // in this round, counted up to kSamples
  bool has_found_ = false;
};

}  // namespace ringback::tcp
