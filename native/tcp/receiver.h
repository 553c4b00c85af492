// The receiving half of a connection: puts the stream together and decides when to acknowledge.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "tcp/segment.h"

namespace ringback::tcp {

struct ReceiverConfig {
  std::uint32_t first_sequence = 0;    // of the stream's first byte
  std::uint32_t segment_bytes = 0;     // of a full segment
  std::uint32_t window_bytes = 0;      // room for what comes: from the first byte missing on
  TimeNs delayed_ack_ns = 40'000'000;  // how long an acknowledgement may wait
  bool sack = true;
};

// Whoever reads takes what is complete at once, so the window never shrinks.
//
// Source: RFC 9293 3.8.6.3 and RFC 5681 4.2 for when to acknowledge; RFC 2018 and 2883 for blocks. Linux:
//         tcp_data_queue(), tcp_sack_new_ofo_skb().
class Receiver {
 public:
  explicit Receiver(const ReceiverConfig& config) : config_(config) {}

  // Bytes have come. Returns whether they are to be acknowledged now: two full segments wait for it, something is
  // missing before them, they fill what was missing, or they were there already.
  [[nodiscard]] bool receive(TimeNs now, std::uint32_t sequence, std::uint32_t bytes);

  // When an acknowledgement is due at the latest; kNever when none waits.
  [[nodiscard]] TimeNs due_ns() const noexcept { return due_ns_; }

  // The acknowledgement of all that has come, to be sent now.
  [[nodiscard]] Ack take_ack();

  // The stream without a gap, in bytes.
  [[nodiscard]] std::uint64_t received_bytes() const noexcept { return next_; }
  // Segments that were there already: the sender need not have sent them again, or the network has doubled them.
  [[nodiscard]] std::uint64_t duplicate_segments() const noexcept { return duplicate_segments_; }
  // Segments that have come before an earlier one.
  [[nodiscard]] std::uint64_t early_segments() const noexcept { return early_segments_; }
  [[nodiscard]] std::uint64_t acks() const noexcept { return acks_; }
  // Gaps that it waits for.
  [[nodiscard]] std::size_t gaps() const noexcept { return held_.size(); }

 private:
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
  };

  [[nodiscard]] std::uint32_t segments_of(std::uint64_t bytes) const noexcept {
    return static_cast<std::uint32_t>((bytes + config_.segment_bytes - 1) / config_.segment_bytes);
  }
  [[nodiscard]] std::uint32_t sequence_of(std::uint64_t position) const noexcept {
    return config_.first_sequence + static_cast<std::uint32_t>(position);
  }
  void note_duplicate(std::uint64_t begin, std::uint64_t end) noexcept;
  void hold(Range range);
  void note_recent(const Range& range) noexcept;
  void advance(std::uint64_t end);

  ReceiverConfig config_;
  std::uint64_t next_ = 0;                       // the first byte missing
  std::vector<Range> held_;                      // beyond it: in order, apart from each other
  std::array<Range, Ack::kMaxBlocks> recent_{};  // of them: those that grew last, the last one first
  std::uint32_t recent_count_ = 0;
  Range duplicate_{};                       // to be reported; empty: none
  std::uint64_t unacknowledged_bytes_ = 0;  // that have come in order
  TimeNs due_ns_ = kNever;
  std::uint64_t duplicate_segments_ = 0;
  std::uint64_t early_segments_ = 0;
  std::uint64_t acks_ = 0;
};

}  // namespace ringback::tcp
