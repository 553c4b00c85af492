#include "tcp/scoreboard.h"

#include <vector>

#include "base/assert.h"

namespace ringback::tcp {

void Scoreboard::send(TimeNs now, std::uint64_t segments) {
  for (std::uint64_t i = 0; i < segments; ++i) {
    if (by_time_) watched_.push({next(), orders_ + 1});
    segments_.push({.sent_ns = now, .order = ++orders_});
  }
}

Scoreboard::Run Scoreboard::next_lost(std::uint64_t most) noexcept {
  const auto waits = [this](std::uint64_t number) { return at(number).is_lost && !at(number).is_resent; };
  if (lost_ == resent_) return {next(), 0};
  lost_from_ = std::max(lost_from_, una_);
  while (lost_from_ < next() && !waits(lost_from_)) ++lost_from_;
  std::uint64_t end = lost_from_;
  while (end < next() && end - lost_from_ < most && waits(end)) ++end;
  return {lost_from_, end - lost_from_};
}

void Scoreboard::send_again(TimeNs now, const Run& run) {
  for (std::uint64_t number = run.first; number < run.first + run.segments; ++number) {
    Segment& segment = at(number);
    RB_ASSERT(segment.is_lost && !segment.is_resent);
    segment.sent_ns = now;
    segment.order = ++orders_;
    segment.is_resent = segment.was_resent = true;
    ++resent_;
    watched_.push({number, segment.order});
  }
}

void Scoreboard::acknowledge(std::uint64_t una, Delivered& delivered) {
  RB_ASSERT(una_ <= una && una <= next());
  const std::uint64_t count = una - una_;
  if (count == 0) return;
  // Without SACK the first was missing, and each of the others may be one that a duplicate has told of.
  const std::uint64_t known = sack_ ? 0 : std::min(sacked_, count - 1);
  bool is_ambiguous = false;
  for (; una_ < una; ++una_) {
    Segment& segment = segments_.at(0);
    if (!segment.is_sacked) {
      arrived(una_, segment, delivered);
      is_ambiguous = is_ambiguous || segment.was_resent;
    }
    if (segment.is_sacked && una_ > judged_) --sacked_beyond_;
    forget(segment);
    segments_.pop();
  }
  if (is_ambiguous) delivered.sent_ns = kNever;  // what came before the gap was filled has waited for that
  if (!sack_) {
    sacked_ = std::min(sacked_ - known, out() - lost_);
    delivered.segments -= known;
  }
  if (judged_ < una_) restart_judging();
}

void Scoreboard::arrived(std::uint64_t number, const Segment& segment, Delivered& delivered) noexcept {
  ++delivered.segments;
  std::uint64_t& late_by = segment.was_resent ? delivered.resent_late_by : delivered.late_by;
  if (number < highest_sacked_) late_by = std::max(late_by, highest_sacked_ - 1 - number);
  if (delivered.rack != nullptr)
    delivered.rack->arrived(delivered.now_ns, segment.sent_ns, segment.order, segment.was_resent);
  if (segment.was_resent) return;
  if (delivered.sent_ns == kNever) delivered.sent_ns = segment.sent_ns;
  delivered.last_sent_ns = std::max(delivered.last_sent_ns, segment.sent_ns);
  arrived_order_ = std::max(arrived_order_, segment.order);
}

// It counts for nothing any more but, perhaps, as SACKed.
void Scoreboard::forget(Segment& segment) noexcept {
  if (segment.is_sacked) --sacked_;
  if (segment.is_lost) --lost_;
  if (segment.is_resent) --resent_;
  segment.is_sacked = segment.is_lost = segment.is_resent = false;
}

void Scoreboard::sack(std::uint64_t begin, std::uint64_t end, Delivered& delivered) {
  begin = std::max(begin, una_);
  end = std::min(end, next());
  for (std::uint64_t number = begin; number < end; ++number) {
    Segment& segment = at(number);
    if (segment.is_sacked) continue;
    arrived(number, segment, delivered);
    forget(segment);
    segment.is_sacked = true;
    ++sacked_;
    if (number > judged_) ++sacked_beyond_;
  }
  if (begin < end) highest_sacked_ = std::max(highest_sacked_, end);
}

void Scoreboard::duplicate_ack(Delivered& delivered) noexcept {
  if (sacked_ + lost_ >= out()) return;
  ++sacked_;
  ++delivered.segments;
}

void Scoreboard::mark_lost(std::uint64_t number) noexcept {
  Segment& segment = at(number);
  if (segment.is_sacked || segment.is_lost) return;
  segment.is_lost = true;
  ++lost_;
  lost_from_ = std::min(lost_from_, number);
}

void Scoreboard::mark_overtaken(std::uint64_t threshold) noexcept {
  if (!sack_) {
    if (sacked_ >= threshold) mark_first_lost();
    return;
  }
  while (sacked_beyond_ >= threshold) {
    mark_lost(judged_);
    ++judged_;
    if (at(judged_).is_sacked) --sacked_beyond_;
  }
}

void Scoreboard::mark_resent_lost(std::uint64_t threshold) noexcept {
  for (; !watched_.empty(); watched_.pop()) {
    const auto [number, order] = watched_.front();
    if (number < una_ || at(number).order != order || !at(number).is_resent) continue;
    if (order + threshold > arrived_order_) return;
    mark_lost_again(number);
  }
}

TimeNs Scoreboard::mark_overdue(TimeNs now, const Rack& rack, TimeNs patience_ns) noexcept {
  for (; !watched_.empty(); watched_.pop()) {
    const auto [number, order] = watched_.front();
    if (number < una_ || at(number).order != order) continue;
    const Segment& segment = at(number);
    if (segment.is_sacked || (segment.is_lost && !segment.is_resent)) continue;
    if (!rack.has_overtaken(order)) return kNever;
    const TimeNs due_ns = segment.sent_ns + patience_ns;
    if (due_ns > now) return due_ns;
    if (segment.is_resent)
      mark_lost_again(number);
    else
      mark_lost(number);
  }
  return kNever;
}

void Scoreboard::mark_lost_again(std::uint64_t number) noexcept {
  at(number).is_resent = false;
  --resent_;
  lost_from_ = std::min(lost_from_, number);
}

void Scoreboard::mark_first_lost() noexcept {
  if (out() == 0) return;
  mark_lost(una_);
  if (!sack_ && sacked_ + lost_ > out()) sacked_ = out() - lost_;
}

void Scoreboard::mark_all_lost() noexcept {
  if (!sack_) sacked_ = 0;
  for (std::uint64_t number = una_; number < next(); ++number) {
    Segment& segment = at(number);
    if (segment.is_resent) --resent_;
    segment.is_resent = false;
    mark_lost(number);
  }
  lost_from_ = una_;
}

void Scoreboard::give_back() {
  for (std::uint64_t number = una_; number < next(); ++number) {
    Segment& segment = at(number);
    if (!segment.is_lost) continue;
    if (segment.is_resent) --resent_;
    segment.is_lost = segment.is_resent = false;
    --lost_;
  }
  if (by_time_) watch_all();
  restart_judging();
}

void Scoreboard::watch_all() {
  std::vector<Transmission> under_way;
  for (std::uint64_t number = una_; number < next(); ++number)
    if (!at(number).is_sacked) under_way.push_back({number, at(number).order});
  std::ranges::sort(under_way, {}, &Transmission::order);
  while (!watched_.empty()) watched_.pop();
  for (const Transmission& transmission : under_way) watched_.push(transmission);
}

void Scoreboard::restart_judging() noexcept {
  judged_ = una_;
  sacked_beyond_ = sacked_ - (out() > 0 && at(una_).is_sacked ? 1 : 0);
}

}  // namespace ringback::tcp
