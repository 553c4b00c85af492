#include "tcp/sender.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ringback::tcp {

Sender::Sender(const SenderConfig& config)
    : config_(config),
      total_segments_(config.bytes == SenderConfig::kEndless
                          ? ~std::uint64_t{0}
                          : (config.bytes + config.segment_bytes - 1) / config.segment_bytes),
      congestion_(config.algorithm, config.initial_segments),
      board_(config.sack, judges_by_time()),
      rto_(config.min_rto_ns),
      window_end_(config.window_bytes) {
  RB_ASSERT(config.segment_bytes > 0 && config.burst_segments > 0);
  RB_ASSERT(config.window_bytes >= 2 * config.segment_bytes && config.window_bytes < 1u << 30);
}

std::uint64_t Sender::begin_of(std::uint64_t segment) const noexcept {
  const std::uint64_t position = segment * config_.segment_bytes;
  return config_.bytes == SenderConfig::kEndless ? position : std::min(position, config_.bytes);
}

// The segment that begins there, or in which it lies.
std::uint64_t Sender::segment_at(std::uint64_t position) const noexcept {
  if (config_.bytes != SenderConfig::kEndless && position >= config_.bytes) return total_segments_;
  return position / config_.segment_bytes;
}

// ---- sending

// At the rate at which the window would be sent if it were paced: twice as fast as now in slow start, a fifth faster
// after it.
std::uint64_t Sender::bytes_a_ms() const noexcept {
  if (rto_.srtt_ns() == 0) return 0;
  const std::uint64_t percent = congestion_.segments() < congestion_.threshold_segments() / 2 ? 200 : 120;
  return congestion_.segments() * config_.segment_bytes * percent * 10'000 / rto_.srtt_ns();
}

std::uint64_t Sender::most_in_burst() const noexcept {
  const std::uint64_t segments = std::max<std::uint64_t>(2, bytes_a_ms() / config_.segment_bytes);
  return std::min<std::uint64_t>(rto_.srtt_ns() == 0 ? config_.burst_segments : segments, config_.burst_segments);
}

// New segments that the stream has and the receiver has room for.
std::uint64_t Sender::sendable() const noexcept {
  const std::uint64_t next = board_.next();
  if (next >= total_segments_) return 0;
  std::uint64_t end = segment_at(window_end_);
  end = std::min(end, total_segments_);
  return end > next ? end - next : 0;
}

// What the guest's own queue holds leaves within a millisecond, if it goes on as it does; two bursts are always fine.
bool Sender::has_queued_enough(std::uint64_t queued_bytes, std::uint64_t most) const noexcept {
  const std::uint64_t enough = std::max(2 * most * config_.segment_bytes, bytes_a_ms());
  return queued_bytes > 0 && queued_bytes >= std::min(enough, kMaxQueuedBytes);
}

// A larger burst will be possible when the next acknowledgement has come: it costs as much as a small one.
bool Sender::waits_for_more(std::uint64_t room, std::uint64_t most) const noexcept {
  if (phase_ != Phase::kOpen || board_.out() == 0 || room >= most) return false;
  return room < congestion_.segments() / 3;
}

std::optional<Burst> Sender::next(TimeNs now, std::uint64_t queued_bytes) {
  const std::uint64_t most = most_in_burst();
  const std::uint64_t under_way = board_.in_flight();
  const std::uint64_t room = congestion_.segments() > under_way ? congestion_.segments() - under_way : 0;
  is_window_limited_ = room == 0;
  if (room == 0) return std::nullopt;
  if (has_queued_enough(queued_bytes, most)) return std::nullopt;
  if (const Scoreboard::Run lost = board_.next_lost(std::min(room, most)); lost.segments > 0) {
    board_.send_again(now, lost);
    if (undo_) {
      undo_->has_resent = true;
      undo_->resent += lost.segments;
    }
    return burst(now, lost.first, lost.segments, true);
  }
  const std::uint64_t segments = std::min({sendable(), room, most});
  if (segments == room && waits_for_more(room, most)) {
    is_window_limited_ = true;
    return std::nullopt;
  }
  if (segments == 0) return std::nullopt;
  const std::uint64_t first = board_.next();
  board_.send(now, segments);
  return burst(now, first, segments, false);
}

Burst Sender::burst(TimeNs now, std::uint64_t first, std::uint64_t segments, bool is_retransmission) {
  // As in Linux (tcp_xmit_retransmit_queue): what is sent again by time first of all has its own time to arrive.
  const bool begins_anew = judges_by_time() && is_retransmission && first == board_.una();
  if (due_ns_ == kNever || begins_anew) due_ns_ = now + rto_.rto_ns();
  sent_in_flight_ = board_.in_flight();
  is_window_limited_ = sent_in_flight_ >= congestion_.segments();
  prr_sent_ += segments;
  counts_.segments += segments;
  if (is_retransmission) counts_.retransmits += segments;
  const std::uint64_t begin = begin_of(first);
  return {.sequence = config_.first_sequence + static_cast<std::uint32_t>(begin),
          .bytes = static_cast<std::uint32_t>(begin_of(first + segments) - begin),
          .segments = static_cast<std::uint32_t>(segments),
          .is_retransmission = is_retransmission};
}

// ---- acknowledgements

void Sender::acknowledge(TimeNs now, const Ack& ack) {
  const std::uint64_t una = begin_of(board_.una());
  const std::uint64_t position = position_of(ack.ack - config_.first_sequence, una);
  last_rtt_ns_ = 0;
  if (position > begin_of(board_.next())) return;  // of what was not sent; what lies before 0 too
  Delivered delivered{.rack = judges_by_time() ? &rack_ : nullptr, .now_ns = now};
  const bool has_advanced = position > una;
  const bool has_more_room = position + ack.window_bytes > window_end_;
  if (has_more_room) window_end_ = position + ack.window_bytes;
  if (has_advanced) board_.acknowledge(segment_at(position), delivered);
  bool has_duplicate = false;
  if (config_.sack)
    has_duplicate = take_blocks(ack, position, delivered);
  else if (position == una && !has_more_room && board_.out() > 0)
    board_.duplicate_ack(delivered);
  if (delivered.sent_ns != kNever) {
    last_rtt_ns_ = std::max<TimeNs>(1, now - delivered.sent_ns);
    rto_.sample(last_rtt_ns_);
    congestion_.measured({.now = now,
                          .rtt_ns = std::max<TimeNs>(1, now - delivered.last_sent_ns),
                          .una = board_.una(),
                          .next = board_.next(),
                          .bytes_a_ms = bytes_a_ms()});
  }
  learn(delivered.late_by);
  if (undo_) undo_->late_by = std::max(undo_->late_by, delivered.resent_late_by);
  if (may_undo() && (has_advanced || has_duplicate)) undo();
  judge(now, has_advanced, delivered);
  if (has_advanced) due_ns_ = board_.out() == 0 ? kNever : now + rto_.rto_ns();
}

// Something that was not lost has arrived so many segments behind a later one.
void Sender::learn(std::uint64_t late_by) noexcept {
  if (late_by > 0) rack_.saw_reordering();
  if (config_.reordering != Reordering::kFixed && late_by >= threshold_)
    threshold_ = std::min(late_by + 1, kMaxReordering);
}

// A first block about bytes that were acknowledged, or lie within the second one, is about a duplicate (RFC 2883).
bool Sender::is_about_duplicate(const Ack& ack, std::uint64_t position) const noexcept {
  if (ack.block_count == 0) return false;
  const auto at = [&](std::uint32_t sequence) { return position_of(sequence - config_.first_sequence, position); };
  const Block& first = ack.blocks[0];
  if (at(first.begin) < position || at(first.begin) >> 63 != 0) return true;
  if (ack.block_count < 2) return false;
  const Block& second = ack.blocks[1];
  return at(first.begin) >= at(second.begin) && at(first.end) <= at(second.end);
}

// Returns whether it tells of a duplicate.
bool Sender::take_blocks(const Ack& ack, std::uint64_t position, Delivered& delivered) {
  const bool has_duplicate = is_about_duplicate(ack, position);
  bool is_duplicate = has_duplicate;
  for (const Block& block : ack.sack()) {
    const std::uint64_t begin = position_of(block.begin - config_.first_sequence, position);
    const std::uint64_t end = position_of(block.end - config_.first_sequence, position);
    if (begin >= end || end > begin_of(board_.next())) {
      is_duplicate = false;
      continue;
    }
    // Segments that lie wholly within.
    const std::uint64_t first = (begin + config_.segment_bytes - 1) / config_.segment_bytes;
    if (std::exchange(is_duplicate, false))
      take_duplicate(first, segment_at(end));
    else
      board_.sack(first, segment_at(end), delivered);
  }
  return has_duplicate;
}

void Sender::take_duplicate(std::uint64_t begin, std::uint64_t end) noexcept {
  if (begin < end) rack_.duplicated(end - begin, counts_.retransmits, board_.una(), board_.next());
  if (!undo_ || end <= undo_->from_segment || begin >= end) return;
  undo_->resent -= std::min(undo_->resent, end - begin);
}

void Sender::judge(TimeNs now, bool has_advanced, const Delivered& delivered) {
  if (phase_ != Phase::kOpen && board_.una() >= recovery_point_) {
    if (phase_ == Phase::kRecovery) congestion_.set_to_threshold();
    phase_ = Phase::kOpen;
    rack_.recovered();
  }
  mark_lost(now, has_advanced);
  if (phase_ == Phase::kOpen && board_.lost() > 0) enter_recovery();
  if (phase_ == Phase::kRecovery)
    reduce_proportionally(delivered.segments, has_advanced);
  else
    grow(now, has_advanced, delivered.segments);
}

void Sender::mark_lost(TimeNs now, bool has_advanced) {
  if (judges_by_time()) {
    const bool is_sure = phase_ != Phase::kOpen || board_.sacked() >= kDupThresh;
    reordering_due_ns_ = board_.mark_overdue(now, rack_, rack_.patience_ns(is_sure, rto_.srtt_ns()));
    return;
  }
  // Without SACK a retransmission in vain makes duplicate acknowledgements too: they do not begin a recovery.
  const bool may_begin = config_.sack || board_.una() > recovery_point_ || recovery_point_ == 0;
  if (phase_ == Phase::kRecovery && !config_.sack && has_advanced) board_.mark_first_lost();
  if (phase_ != Phase::kOpen || may_begin) board_.mark_overtaken(threshold_);
  if (config_.sack) board_.mark_resent_lost(threshold_);
}

// The window grows only where it was what held the sender back.
void Sender::grow(TimeNs now, bool has_advanced, std::uint64_t delivered) {
  const bool has_progress = has_advanced || (threshold_ > kDupThresh && delivered > 0);
  const bool is_limited =
      is_window_limited_ || (congestion_.is_slow_start() && congestion_.segments() < 2 * sent_in_flight_);
  if (has_progress && is_limited) congestion_.acknowledged(now, delivered, rto_.srtt_ns());
}

void Sender::enter_recovery() {
  begin_undo();
  prior_segments_ = congestion_.segments();
  congestion_.reduce();
  prr_delivered_ = prr_sent_ = 0;
  recovery_point_ = board_.next();
  phase_ = Phase::kRecovery;
  ++counts_.fast_recoveries;
}

// What is under way shrinks in step with what arrives, and grows by no more where it is too little already.
void Sender::reduce_proportionally(std::uint64_t delivered, bool has_advanced) noexcept {
  prr_delivered_ += delivered;
  const std::uint64_t under_way = board_.in_flight();
  const std::uint64_t threshold = congestion_.threshold_segments();
  const auto less = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; };
  std::uint64_t room = 0;
  if (under_way > threshold)
    room = less((prr_delivered_ * threshold + prior_segments_ - 1) / prior_segments_, prr_sent_);
  else
    room =
        std::min(threshold - under_way, std::max(less(prr_delivered_, prr_sent_), delivered) + (has_advanced ? 1 : 0));
  if (prr_sent_ == 0) room = std::max<std::uint64_t>(room, 1);  // the fast retransmission
  congestion_.set_segments(under_way + room);
}

// Some may be under way again already, from the recovery before.
void Sender::begin_undo() {
  const std::uint64_t resent = board_.resent();
  undo_ = {.before = congestion_, .from_segment = board_.una(), .has_resent = resent > 0, .resent = resent};
}

// The retransmissions were in vain: nothing had been lost, so nothing needed to be slower.
void Sender::undo() noexcept {
  learn(undo_->late_by);
  congestion_.undo(undo_->before);
  undo_.reset();
  board_.give_back();
  phase_ = Phase::kOpen;
  ++counts_.undos;
}

void Sender::time_out(TimeNs now) {
  if (reordering_due_ns_ <= now) {
    mark_lost(now, false);
    if (phase_ != Phase::kOpen || board_.lost() == 0) return;
    enter_recovery();
    return reduce_proportionally(1, false);
  }
  RB_ASSERT(due_ns_ <= now && board_.out() > 0);
  ++counts_.timeouts;
  if (phase_ == Phase::kOpen) {
    if (board_.sacked() >= kDupThresh) threshold_ = kDupThresh;
    begin_undo();
    congestion_.reduce();
  }
  congestion_.time_out(now, board_.next());
  board_.mark_all_lost();
  recovery_point_ = board_.next();
  phase_ = Phase::kLoss;
  rto_.back_off();
  due_ns_ = now + rto_.rto_ns();
}

}  // namespace ringback::tcp
