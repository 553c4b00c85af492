// How long a sender waits for an acknowledgement before it sends again.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace ringback::tcp {

// The smoothed round trip time and what follows from it. Integers: the estimates are kept eight and four times.
//
// Source: RFC 6298; its floor is Linux's, which is one of the deviation's term (tcp_rto_min): rto = srtt +
//         max(4 * rttvar, floor).
class RtoTimer {
 public:
  static constexpr TimeNs kInitialNs = kNsPerSecond;
  static constexpr TimeNs kMaxNs = 120 * kNsPerSecond;

  explicit RtoTimer(TimeNs floor_ns) noexcept : floor_ns_(floor_ns) {}

  // A round trip of something that was sent only once. Ends the backoff (Karn).
  void sample(TimeNs rtt_ns) noexcept {
    if (srtt8_ns_ == 0) {
      srtt8_ns_ = rtt_ns * 8;
      rttvar4_ns_ = rtt_ns * 2;
    } else {
      const TimeNs srtt_ns = srtt8_ns_ / 8;
      const TimeNs deviation_ns = rtt_ns > srtt_ns ? rtt_ns - srtt_ns : srtt_ns - rtt_ns;
      rttvar4_ns_ += deviation_ns - rttvar4_ns_ / 4;
      srtt8_ns_ += rtt_ns - srtt8_ns_ / 8;
    }
    backoff_ = 0;
  }
  // It ran out: the next wait is twice as long.
  void back_off() noexcept {
    if (rto_ns() < kMaxNs) ++backoff_;
  }

  // 0: there was no sample yet.
  [[nodiscard]] TimeNs srtt_ns() const noexcept { return srtt8_ns_ / 8; }
  [[nodiscard]] TimeNs rto_ns() const noexcept {
    const TimeNs base_ns = srtt8_ns_ == 0 ? kInitialNs : srtt8_ns_ / 8 + std::max(rttvar4_ns_, floor_ns_);
    return std::min(base_ns << backoff_, kMaxNs);
  }

 private:
  TimeNs floor_ns_;
  TimeNs srtt8_ns_ = 0;
  TimeNs rttvar4_ns_ = 0;
  std::uint32_t backoff_ = 0;
};

}  // namespace ringback::tcp
