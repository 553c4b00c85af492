// What a sender knows of the segments that it has sent and that are not acknowledged yet.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/fifo.h"
#include "base/time.h"
#include "tcp/rack.h"

namespace ringback::tcp {

// What an acknowledgement has told of segments.
struct Delivered {
  std::uint64_t segments = 0;  // arrived, as is known now for the first time
  TimeNs sent_ns = kNever;     // when the first of them was sent that was sent only once; kNever: none was,
  TimeNs last_sent_ns = 0;     // and the last of them
  // How far behind a later segment one of them has arrived at most, in segments: of those that were sent once, and of
  // those of which nobody can tell which transmission it was.
  std::uint64_t late_by = 0;
  std::uint64_t resent_late_by = 0;
  // What is told of each of them, and when it was known.
  Rack* rack = nullptr;
  TimeNs now_ns = 0;
};

// Segments are numbered from the stream's first on. Between una() and next() each is under way, or known to be
// there (SACK), or taken for lost; what is lost may be under way again.
//
// Without SACK a duplicate acknowledgement stands for one segment that has arrived, nobody knows which.
//
// Source: RFC 6675 (IsLost, pipe); Linux's sacked_out, lost_out, retrans_out: tcp_packets_in_flight(),
//         tcp_mark_lost_retrans() before RACK; RFC 8985, tcp_rack_detect_loss() with it.
//
// Invariants:
// 1. Each segment was judged lost at most once since it was sent for the first time, or last given back.
// 2. in_flight() = segments - known to be there - lost + sent again.
// 3. Judged by time, each transmission under way is watched, in the order in which they were sent.
class Scoreboard {
 public:
  // `by_time`: mark_overdue() judges, and not mark_overtaken() and mark_resent_lost().
  explicit Scoreboard(bool sack, bool by_time = false) noexcept : sack_(sack), by_time_(by_time) {}

  [[nodiscard]] std::uint64_t una() const noexcept { return una_; }
  [[nodiscard]] std::uint64_t next() const noexcept { return una_ + segments_.size(); }
  [[nodiscard]] std::uint64_t out() const noexcept { return segments_.size(); }
  [[nodiscard]] std::uint64_t sacked() const noexcept { return sacked_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  // Lost ones that are under way again.
  [[nodiscard]] std::uint64_t resent() const noexcept { return resent_; }
  [[nodiscard]] std::uint64_t in_flight() const noexcept { return out() - sacked_ - lost_ + resent_; }

  // ---- sending

  void send(TimeNs now, std::uint64_t segments);
  // The first segment that is lost and not under way again, and how many such follow each other from there on, at
  // most `most`.
  struct Run {
    std::uint64_t first;
    std::uint64_t segments;
  };
  [[nodiscard]] Run next_lost(std::uint64_t most) noexcept;
  // Requires: they are lost and not under way.
  void send_again(TimeNs now, const Run& run);

  // ---- what acknowledgements say

  // All before `una` have arrived. Requires: una() <= una <= next().
  void acknowledge(std::uint64_t una, Delivered& delivered);
  // Those from `begin` to `end` have arrived.
  void sack(std::uint64_t begin, std::uint64_t end, Delivered& delivered);
  // Without SACK: one more has.
  void duplicate_ack(Delivered& delivered) noexcept;

  // ---- judging

  // Takes for lost what at least `threshold` later ones have overtaken.
  void mark_overtaken(std::uint64_t threshold) noexcept;
  // And what was sent again, where something has arrived that was sent at least `threshold` segments later.
  void mark_resent_lost(std::uint64_t threshold) noexcept;
  // Takes for lost what something has overtaken that was sent later, `patience_ns` after it was sent. Returns when the
  // next is due; kNever: none was overtaken. (Linux's timer waits for the last that was.)
  [[nodiscard]] TimeNs mark_overdue(TimeNs now, const Rack& rack, TimeNs patience_ns) noexcept;
  void mark_first_lost() noexcept;
  // None of those that are not known to be there will arrive.
  void mark_all_lost() noexcept;
  // Nothing was lost after all; judging begins anew.
  void give_back();

 private:
  struct Segment {
    TimeNs sent_ns = 0;       // its last transmission,
    std::uint64_t order = 0;  // whose place this is among all
    bool is_sacked = false;
    bool is_lost = false;
    bool is_resent = false;  // lost and under way again
    bool was_resent = false;
  };
  struct Transmission {
    std::uint64_t segment;
    std::uint64_t order;
  };

  [[nodiscard]] Segment& at(std::uint64_t segment) noexcept { return segments_.at(segment - una_); }
  void arrived(std::uint64_t number, const Segment& segment, Delivered& delivered) noexcept;
  void forget(Segment& segment) noexcept;
  void mark_lost(std::uint64_t number) noexcept;
  void mark_lost_again(std::uint64_t number) noexcept;
  void watch_all();
  void restart_judging() noexcept;

  bool sack_;
  bool by_time_;
  std::uint64_t una_ = 0;
  Fifo<Segment> segments_;
  Fifo<Transmission> watched_;       // of what was sent again, or by time of all; some mean nothing any more
  std::uint64_t orders_ = 0;         // transmissions so far
  std::uint64_t arrived_order_ = 0;  // the last of those that are known to have arrived
  std::uint64_t sacked_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t resent_ = 0;
  std::uint64_t highest_sacked_ = 0;  // the number after it
  std::uint64_t judged_ = 0;          // all before it were judged,
  std::uint64_t sacked_beyond_ = 0;   // and so many SACKed ones are after it
  std::uint64_t lost_from_ = 0;       // no lost one before it waits to be sent again
};

}  // namespace ringback::tcp
