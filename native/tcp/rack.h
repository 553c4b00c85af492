// Losses by time: what was sent long enough before something that has arrived is lost.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace ringback::tcp {

// How long is enough: the round trip of what has arrived last, and a window for what is merely late. While nothing was
// ever late the window is none once three are SACKed or a recovery goes on, as with DupThresh; else a quarter of the
// shortest round trip, and one more for each round trip in which a duplicate showed that this was too short.
//
// Units:  transmissions are known by their place in the order in which they were sent, from 1; segments by their number
//         in the stream.
// Source: RFC 8985, 6.2; Linux tcp_rack_advance(), tcp_rack_reo_wnd(), tcp_rack_update_reo_wnd(), tcp_dsack_seen(),
//         tcp_try_undo_recovery(). Linux forgets a shortest round trip after five minutes; here it holds for ever.
class Rack {
 public:
  // A transmission has arrived. Where the segment was sent more than once nobody can tell which: an arrival that is
  // faster than any round trip is an earlier one's.
  void arrived(TimeNs now, TimeNs sent_ns, std::uint64_t order, bool was_resent) noexcept {
    const TimeNs rtt_ns = now - sent_ns;
    if (was_resent && rtt_ns < min_rtt_ns_) return;
    if (!was_resent) min_rtt_ns_ = std::min(min_rtt_ns_, rtt_ns);
    rtt_ns_ = rtt_ns;
    order_ = std::max(order_, order);
  }
  // Something that was not lost has arrived behind a later segment.
  void saw_reordering() noexcept { has_reordering_ = true; }
  // A DSACK tells of so many segments; all before `una` are acknowledged, all before `next` were sent, `resent` of them
  // again. Duplicates of what was not sent again are the network's.
  void duplicated(std::uint64_t segments, std::uint64_t resent, std::uint64_t una, std::uint64_t next) noexcept {
    duplicates_ += segments;
    if (duplicates_ > resent || !has_reordering_ || una < round_end_) return;
    round_end_ = next;
    steps_ = std::min(steps_ + 1, kMostSteps);
    recoveries_left_ = kKeptRecoveries;
  }
  // A recovery has ended, and was not undone.
  void recovered() noexcept {
    if (recoveries_left_ > 0 && --recoveries_left_ == 0) steps_ = 1;
  }

  // Something that was sent after this transmission has arrived.
  [[nodiscard]] bool has_overtaken(std::uint64_t order) const noexcept { return order < order_; }
  // How long after it was sent a transmission that was overtaken is lost. `is_sure`: three segments are SACKed, or a
  // recovery goes on. `srtt_ns` bounds the window.
  [[nodiscard]] TimeNs patience_ns(bool is_sure, TimeNs srtt_ns) const noexcept {
    if (is_sure && !has_reordering_) return rtt_ns_;
    return rtt_ns_ + std::min(min_rtt_ns_ / 4 * steps_, srtt_ns);
  }

 private:
  static constexpr std::uint32_t kMostSteps = 255;
  static constexpr std::uint32_t kKeptRecoveries = 16;  // TCP_RACK_RECOVERY_THRESH

  TimeNs min_rtt_ns_ = kNever;
  TimeNs rtt_ns_ = 0;
  std::uint64_t order_ = 0;  // of the last one that is known to have arrived
  bool has_reordering_ = false;
  std::uint64_t duplicates_ = 0;
  std::uint64_t round_end_ = 0;  // the window grows again when all before it are acknowledged
  std::uint32_t steps_ = 1;
  std::uint32_t recoveries_left_ = 0;  // after which the window shrinks
};

}  // namespace ringback::tcp
