#include "tcp/receiver.h"

#include <algorithm>

#include "base/assert.h"

namespace ringback::tcp {

bool Receiver::receive(TimeNs now, std::uint32_t sequence, std::uint32_t bytes) {
  const std::uint64_t begin = position_of(sequence - config_.first_sequence, next_);
  // From before the stream's first byte, or from beyond the window: nothing that was sent here.
  if (begin > next_ + config_.window_bytes) return true;
  const std::uint64_t end = begin + bytes;
  const bool was_complete = held_.empty();
  if (begin > next_) {
    hold({begin, end});
    return true;
  }
  if (end <= next_) {
    note_duplicate(begin, end);
    return true;
  }
  if (begin < next_) note_duplicate(begin, next_);
  unacknowledged_bytes_ += end - next_;
  advance(end);
  if (!was_complete || duplicate_.begin != duplicate_.end) return true;
  if (unacknowledged_bytes_ >= 2 * std::uint64_t{config_.segment_bytes}) return true;
  due_ns_ = std::min(due_ns_, now + config_.delayed_ack_ns);
  return false;
}

void Receiver::note_duplicate(std::uint64_t begin, std::uint64_t end) noexcept {
  duplicate_segments_ += segments_of(end - begin);
  duplicate_ = {begin, end};
}

// Joins a range with those that it touches. They were apart, so those it touches are neighbours.
void Receiver::hold(Range range) {
  const auto first = std::ranges::lower_bound(held_, range.begin, {}, &Range::end);
  auto last = first;
  std::uint64_t known = 0;
  Range joined = range;
  for (; last != held_.end() && last->begin <= range.end; ++last) {
    const std::uint64_t begin = std::max(last->begin, range.begin);
    const std::uint64_t end = std::min(last->end, range.end);
    if (begin < end) {
      known += end - begin;
      note_duplicate(begin, end);
    }
    joined = {std::min(joined.begin, last->begin), std::max(joined.end, last->end)};
  }
  early_segments_ += segments_of(range.end - range.begin - known);
  if (first == last) {
    held_.insert(first, joined);
  } else {
    *first = joined;
    held_.erase(first + 1, last);
  }
  note_recent(joined);
}

void Receiver::note_recent(const Range& range) noexcept {
  std::array<Range, Ack::kMaxBlocks> recent{};
  std::uint32_t count = 0;
  recent[count++] = range;
  for (std::uint32_t i = 0; i < recent_count_ && count < recent.size(); ++i)
    if (recent_[i].begin > range.end || recent_[i].end < range.begin) recent[count++] = recent_[i];
  recent_ = recent;
  recent_count_ = count;
}

// The stream is complete up to `end`, and on through what was held from there on.
void Receiver::advance(std::uint64_t end) {
  auto done = held_.begin();
  for (; done != held_.end() && done->begin <= end; ++done) {
    if (done->begin < end) note_duplicate(done->begin, std::min(done->end, end));
    end = std::max(end, done->end);
  }
  held_.erase(held_.begin(), done);
  next_ = end;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < recent_count_; ++i)
    if (recent_[i].begin > next_) recent_[count++] = recent_[i];
  recent_count_ = count;
}

Ack Receiver::take_ack() {
  Ack ack{.ack = sequence_of(next_), .window_bytes = config_.window_bytes};
  if (config_.sack) {
    if (duplicate_.begin != duplicate_.end) ack.add({sequence_of(duplicate_.begin), sequence_of(duplicate_.end)});
    for (std::uint32_t i = 0; i < recent_count_ && ack.block_count < Ack::kMaxBlocks; ++i)
      ack.add({sequence_of(recent_[i].begin), sequence_of(recent_[i].end)});
  }
  duplicate_ = {};
  unacknowledged_bytes_ = 0;
  due_ns_ = kNever;
  ++acks_;
  return ack;
}

}  // namespace ringback::tcp
