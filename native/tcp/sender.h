// The sending half of a connection: what to send and when, and what to send again.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "tcp/congestion.h"
#include "tcp/rack.h"
#include "tcp/rto_timer.h"
#include "tcp/scoreboard.h"
#include "tcp/segment.h"

namespace ringback::tcp {

// When a segment counts as lost.
enum class Reordering : std::uint8_t {
  kFixed,     // three later ones, always (RFC 6675's DupThresh)
  kAdaptive,  // as many as have overtaken a segment that was not lost, up to 300: Linux's tp->reordering
  kRack,      // by time (rack.h), where there is SACK; else as kFixed
};

struct SenderConfig {
  static constexpr std::uint64_t kEndless = 0;

  std::uint32_t first_sequence = 0;  // of the stream's first byte
  std::uint32_t segment_bytes = 0;   // of a full segment
  std::uint32_t burst_segments = 1;  // that are handed down at once, at most
  std::uint32_t window_bytes = 0;    // the receiver's, to begin with: at least two segments
  std::uint64_t bytes = kEndless;    // of the stream
  Algorithm algorithm = Algorithm::kCubic;
  Reordering reordering = Reordering::kFixed;
  bool sack = true;
  std::uint32_t initial_segments = 10;  // RFC 6928
  TimeNs min_rto_ns = 200'000'000;      // Linux's
};

struct SenderCounts {
  std::uint64_t segments = 0;     // sent, all transmissions
  std::uint64_t retransmits = 0;  // of them
  std::uint64_t fast_recoveries = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t undos = 0;  // of reductions, since nothing had been lost
};

// No pacing: what the window allows is sent at once, in bursts.
//
// Source: RFC 5681, 6582 (recovery without SACK), 6675 (with it), 3042 (limited transmit: what has arrived makes
//         room), 6937 (how fast the window shrinks), 3708 and Linux's tcp_undo_cwnd_reduction() (undo); Linux's
//         tcp_tso_autosize(), tcp_tso_should_defer(), tcp_small_queue_check() for what is handed down when.
class Sender {
 public:
  explicit Sender(const SenderConfig& config);

  // The next bytes to hand down now; nothing when something has to happen first. `queued_bytes` of what was handed
  // down is still in the sender's own queue. The caller asks until there is nothing.
  [[nodiscard]] std::optional<Burst> next(TimeNs now, std::uint64_t queued_bytes);

  // An acknowledgement has come.
  void acknowledge(TimeNs now, const Ack& ack);

  // When a timer runs out; kNever when nothing is under way.
  [[nodiscard]] TimeNs due_ns() const noexcept { return std::min(due_ns_, reordering_due_ns_); }
  // It has: what was overtaken long enough ago is lost; or everything that is not known to be there is, and is sent
  // again in slow start. Where both have run out the second follows by another call.
  // Requires: due_ns() <= now.
  void time_out(TimeNs now);

  // Nothing new is sent from now on: the stream ends with what was.
  void finish() noexcept { total_segments_ = board_.next(); }
  [[nodiscard]] bool has_sent_all() const noexcept { return board_.next() == total_segments_; }
  // All bytes of the stream are acknowledged.
  [[nodiscard]] bool is_done() const noexcept { return board_.una() == total_segments_; }
  [[nodiscard]] std::uint64_t acknowledged_bytes() const noexcept { return begin_of(board_.una()); }

  [[nodiscard]] const Congestion& congestion() const noexcept { return congestion_; }
  [[nodiscard]] const Scoreboard& board() const noexcept { return board_; }
  [[nodiscard]] const RtoTimer& rto() const noexcept { return rto_; }
  [[nodiscard]] std::uint64_t threshold() const noexcept { return threshold_; }
  [[nodiscard]] bool is_recovering() const noexcept { return phase_ != Phase::kOpen; }
  [[nodiscard]] const SenderCounts& counts() const noexcept { return counts_; }
  // Of the sample that the last acknowledgement gave; 0: it gave none.
  [[nodiscard]] TimeNs last_rtt_ns() const noexcept { return last_rtt_ns_; }

 private:
  enum class Phase : std::uint8_t { kOpen, kRecovery, kLoss };

  static constexpr std::uint64_t kDupThresh = 3;
  static constexpr std::uint64_t kMaxReordering = 300;        // net.ipv4.tcp_max_reordering
  static constexpr std::uint64_t kMaxQueuedBytes = 1u << 20;  // net.ipv4.tcp_limit_output_bytes

  // What is put back when the retransmissions turn out to have been in vain.
  struct Undo {
    Congestion before;
    std::uint64_t from_segment;  // the first that was missing
    std::uint64_t late_by = 0;   // how far behind a later one a segment has arrived that was sent again
    bool has_resent = false;
    std::uint64_t resent = 0;  // segments sent again, less those that are known to have been there
  };

  [[nodiscard]] bool judges_by_time() const noexcept { return config_.sack && config_.reordering == Reordering::kRack; }
  [[nodiscard]] std::uint64_t begin_of(std::uint64_t segment) const noexcept;
  [[nodiscard]] std::uint64_t segment_at(std::uint64_t position) const noexcept;
  [[nodiscard]] std::uint64_t bytes_a_ms() const noexcept;
  [[nodiscard]] std::uint64_t most_in_burst() const noexcept;
  [[nodiscard]] std::uint64_t sendable() const noexcept;
  [[nodiscard]] bool has_queued_enough(std::uint64_t queued_bytes, std::uint64_t most) const noexcept;
  [[nodiscard]] bool waits_for_more(std::uint64_t room, std::uint64_t most) const noexcept;
  [[nodiscard]] Burst burst(TimeNs now, std::uint64_t first, std::uint64_t segments, bool is_retransmission);

  [[nodiscard]] bool take_blocks(const Ack& ack, std::uint64_t position, Delivered& delivered);
  [[nodiscard]] bool is_about_duplicate(const Ack& ack, std::uint64_t position) const noexcept;
  void learn(std::uint64_t late_by) noexcept;
  void take_duplicate(std::uint64_t begin, std::uint64_t end) noexcept;
  void judge(TimeNs now, bool has_advanced, const Delivered& delivered);
  void grow(TimeNs now, bool has_advanced, std::uint64_t delivered);
  void mark_lost(TimeNs now, bool has_advanced);
  void enter_recovery();
  void reduce_proportionally(std::uint64_t delivered, bool has_advanced) noexcept;
  [[nodiscard]] bool may_undo() const noexcept { return undo_ && undo_->has_resent && undo_->resent == 0; }
  void begin_undo();
  void undo() noexcept;

  SenderConfig config_;
  std::uint64_t total_segments_;
  Congestion congestion_;
  Scoreboard board_;
  RtoTimer rto_;
  Rack rack_;
  Phase phase_ = Phase::kOpen;
  std::uint64_t threshold_ = kDupThresh;
  std::uint64_t recovery_point_ = 0;  // recovery ends when all before it have arrived
  std::uint64_t window_end_;          // the first byte that the receiver has no room for
  bool is_window_limited_ = false;    // the congestion window held it back when it sent last,
  std::uint64_t sent_in_flight_ = 0;  // with so much under way
  std::optional<Undo> undo_;
  std::uint64_t prior_segments_ = 0;  // the window before the recovery
  std::uint64_t prr_delivered_ = 0;   // in it
  std::uint64_t prr_sent_ = 0;
  TimeNs due_ns_ = kNever;             // the retransmission timer
  TimeNs reordering_due_ns_ = kNever;  // when the next that was overtaken is lost
  TimeNs last_rtt_ns_ = 0;
  SenderCounts counts_;
};

}  // namespace ringback::tcp
