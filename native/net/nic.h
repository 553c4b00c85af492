// A physical NIC: a queue of bytes in front of a wire. It has no clock and no events: a frame's end of transmission is
// known when it is queued, and departures are collected when somebody looks.
#pragma once
#include <cstdint>

#include "base/assert.h"
#include "base/fifo.h"
#include "base/rate_clock.h"
#include "base/time.h"
#include "vif/frame.h"

namespace ringback {

struct NicConfig {
  std::uint64_t rate_bps = 0;        // 1 .. 10^13
  std::uint64_t queue_bytes = 0;     // what may wait, the frame on the wire included
  TimeNs propagation_ns = 0;         // from the end of transmission to the far end
  std::uint32_t overhead_bytes = 0;  // serialised with each frame: preamble, FCS, gap
};

// A frame on its way between a vif and a wire, with what its world knows of it.
struct WireFrame {
  static constexpr std::uint32_t kNoVif = ~std::uint32_t{0};
  static constexpr std::uint32_t kNoBurst = ~std::uint32_t{0};
  static constexpr std::uint32_t kNoPacket = ~std::uint32_t{0};

  Frame frame;
  std::uint32_t burst = kNoBurst;     // of which it is a segment
  TimeNs offered_ns = 0;              // when its sender had it to send
  const std::byte* header = nullptr;  // its first bytes where no payload moves, and before it is in a buffer
  std::uint8_t header_bytes = 0;
  bool inbound = false;              // from the wire, for `vif`; otherwise from `vif`
  std::uint16_t segment = 0;         // its number in its burst
  std::uint32_t vif = 0;             // on whose account it is; kNoVif: the host's own
  std::uint32_t payload_seed = 0;    // of the bytes behind its header, where its world makes some
  std::uint32_t packet = kNoPacket;  // of a TCP connection, that it carries
};
static_assert(sizeof(WireFrame) == 56, "with its end of transmission, a cache line of a NIC's queue");

// Units:    frames without overhead in every count; the overhead only takes time on the wire.
// Requires: time never goes backwards.
//
// Invariants:
// 1. Frames leave in the order in which they were queued.
// 2. The ends of transmission are exact: what a division leaves over goes into the next frame's time.
class Nic {
 public:
  explicit Nic(const NicConfig& config) noexcept : config_(config), wire_(config.rate_bps) {}

  // Queues a frame. False: the queue is full and the frame is dropped; an idle NIC takes any frame.
  // Requires: collect(now) was called; has_link().
  [[nodiscard]] bool offer(TimeNs now, const WireFrame& frame) {
    RB_ASSERT(has_link_);
    if (!has_room(frame.frame.size_bytes)) {
      dropped_.add(frame);
      return false;
    }
    queue_.push({wire_.pass(now, frame.frame.size_bytes + config_.overhead_bytes), frame});
    queued_bytes_ += frame.frame.size_bytes;
    return true;
  }

  // Whether offer() would take a frame of this size. Requires: collect(now) was called.
  [[nodiscard]] bool has_room(std::uint32_t size_bytes) const noexcept {
    return queued_bytes_ + size_bytes <= config_.queue_bytes || queue_.empty();
  }
  // When the last bit of a frame that is taken now would be at the far end, unless the link changes.
  [[nodiscard]] TimeNs arrival_ns(TimeNs now, std::uint32_t size_bytes) const noexcept {
    return wire_.end_after(now, size_bytes + config_.overhead_bytes) + config_.propagation_ns;
  }
  // How long a frame of this size is on the wire, rounded down.
  [[nodiscard]] TimeNs frame_ns(std::uint32_t size_bytes) const noexcept {
    return wire_.duration_ns(size_bytes + config_.overhead_bytes);
  }
  // Whether the last frame had this size, and arrival_ns() of another one.
  [[nodiscard]] bool is_last_size(std::uint32_t size_bytes) const noexcept {
    return wire_.last_bytes() == size_bytes + config_.overhead_bytes;
  }
  [[nodiscard]] TimeNs arrival_of_last_size_ns(TimeNs now) const noexcept {
    return wire_.end_of_last_bytes_after(now) + config_.propagation_ns;
  }

  // Calls departed(end of transmission, frame) for each frame whose last bit has left by `now`.
  template <class Departed>
  void collect(TimeNs now, Departed&& departed) {
    while (!queue_.empty() && queue_.front().finish_ns <= now) {
      const Queued& first = queue_.front();
      sent_.add(first.frame);
      queued_bytes_ -= first.frame.frame.size_bytes;
      departed(first.finish_ns, first.frame);
      queue_.pop();
    }
  }

  // When the first frame's last bit leaves; kNever when nothing waits.
  [[nodiscard]] TimeNs next_finish_ns() const noexcept { return queue_.empty() ? kNever : queue_.front().finish_ns; }

  // When the last frame's last bit leaves, or has left.
  [[nodiscard]] TimeNs last_finish_ns() const noexcept { return wire_.end_ns(); }

  // The link is as fast as this from now on; what is left of the frame on the wire goes at the new speed too.
  // Requires: collect(now) was called.
  void set_rate(TimeNs now, std::uint64_t rate_bps) noexcept {
    busy_ns_ = busy_ns();
    sent_before_ = sent_;
    if (queue_.empty()) {
      wire_.restart(now, rate_bps);
      return;
    }
    RateClock on_wire(wire_.rate_bps());
    on_wire.restart(queue_.front().finish_ns, wire_.rate_bps());
    on_wire.set_rate(now, rate_bps);
    queue_.at(0).finish_ns = on_wire.end_ns();
    wire_.restart(on_wire.end_ns(), rate_bps);
    for (std::size_t i = 1; i < queue_.size(); ++i)
      queue_.at(i).finish_ns = wire_.pass(now, queue_.at(i).frame.frame.size_bytes + config_.overhead_bytes);
  }

  // Without a link nothing may be offered. What waits, or is on the wire, is lost: lost(frame) is called for each.
  // Requires: collect(now) was called.
  template <class Lost>
  void set_link(TimeNs now, bool has_link, Lost&& lost) {
    has_link_ = has_link;
    if (has_link) return;
    for (; !queue_.empty(); queue_.pop()) lost(queue_.front().frame);
    queued_bytes_ = 0;
    wire_.restart(now, wire_.rate_bps());
  }
  [[nodiscard]] bool has_link() const noexcept { return has_link_; }

  [[nodiscard]] const NicConfig& config() const noexcept { return config_; }
  [[nodiscard]] std::uint64_t rate_bps() const noexcept { return wire_.rate_bps(); }
  [[nodiscard]] std::uint64_t sent_packets() const noexcept { return sent_.packets; }
  [[nodiscard]] std::uint64_t sent_bytes() const noexcept { return sent_.bytes; }
  [[nodiscard]] std::uint64_t dropped_packets() const noexcept { return dropped_.packets; }
  [[nodiscard]] std::uint64_t dropped_bytes() const noexcept { return dropped_.bytes; }
  [[nodiscard]] std::uint64_t queued_packets() const noexcept { return queue_.size(); }
  [[nodiscard]] std::uint64_t queued_bytes() const noexcept { return queued_bytes_; }

  // How long the wire has carried the frames that were sent; a frame that was on it when its rate changed counts as if
  // it had gone at the new one.
  [[nodiscard]] TimeNs busy_ns() const noexcept {
    const std::uint64_t packets = sent_.packets - sent_before_.packets;
    const auto wire_bytes = static_cast<unsigned __int128>(sent_.bytes - sent_before_.bytes) +
                            static_cast<unsigned __int128>(packets) * config_.overhead_bytes;
    return busy_ns_ + static_cast<TimeNs>(wire_bytes * 8 * kNsPerSecond / wire_.rate_bps());
  }

 private:
  struct Queued {
    TimeNs finish_ns;
    WireFrame frame;
  };
  struct Sum {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    void add(const WireFrame& frame) noexcept {
      ++packets;
      bytes += frame.frame.size_bytes;
    }
  };

  NicConfig config_;
  RateClock wire_;
  bool has_link_ = true;
  std::uint64_t queued_bytes_ = 0;
  Sum sent_;
  Sum dropped_;
  Sum sent_before_;     // the last change of rate,
  TimeNs busy_ns_ = 0;  // and how long that took
  Fifo<Queued> queue_;
};

}  // namespace ringback
