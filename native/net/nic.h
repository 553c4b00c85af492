// A physical NIC: a queue of bytes in front of a wire. It has no clock and no events: a frame's end of transmission is
// known when it is queued, and departures are collected when somebody looks.
#pragma once
#include <cstdint>

#include "base/assert.h"
#include "base/fifo.h"
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
  Frame frame;
  TimeNs offered_ns = 0;              // when its sender had it to send
  const std::byte* header = nullptr;  // its first bytes where no payload moves, and before it is in a buffer
  std::uint16_t header_bytes = 0;
  bool inbound = false;            // from the wire, for `vif`; otherwise from `vif`
  std::uint32_t vif = 0;           // on whose account it is
  std::uint32_t payload_seed = 0;  // of the bytes behind its header, where its world makes some
};

// Units:    frames without overhead in every count; the overhead only takes time on the wire.
// Requires: time never goes backwards.
//
// Invariants:
// 1. Frames leave in the order in which they were queued.
// 2. The ends of transmission are exact: what a division leaves over goes into the next frame's time.
class Nic {
 public:
  explicit Nic(const NicConfig& config) noexcept : config_(config) {
    RB_ASSERT(config.rate_bps > 0);
    divide(0);
  }

  // Queues a frame. False: the queue is full and the frame is dropped; an idle NIC takes any frame.
  // Requires: collect(now) was called.
  [[nodiscard]] bool offer(TimeNs now, const WireFrame& frame) {
    if (queued_bytes_ + frame.frame.size_bytes > config_.queue_bytes && !queue_.empty()) {
      ++dropped_packets_;
      dropped_bytes_ += frame.frame.size_bytes;
      return false;
    }
    queue_.push({serialise(now, frame.frame.size_bytes), frame});
    queued_bytes_ += frame.frame.size_bytes;
    return true;
  }

  // Calls departed(end of transmission, frame) for each frame whose last bit has left by `now`.
  template <class Departed>
  void collect(TimeNs now, Departed&& departed) {
    while (!queue_.empty() && queue_.front().finish_ns <= now) {
      const Queued& first = queue_.front();
      ++sent_packets_;
      sent_bytes_ += first.frame.frame.size_bytes;
      queued_bytes_ -= first.frame.frame.size_bytes;
      departed(first.finish_ns, first.frame);
      queue_.pop();
    }
  }

  // When the first frame's last bit leaves; kNever when nothing waits.
  [[nodiscard]] TimeNs next_finish_ns() const noexcept { return queue_.empty() ? kNever : queue_.front().finish_ns; }

  [[nodiscard]] const NicConfig& config() const noexcept { return config_; }
  [[nodiscard]] std::uint64_t sent_packets() const noexcept { return sent_packets_; }
  [[nodiscard]] std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
  [[nodiscard]] std::uint64_t dropped_packets() const noexcept { return dropped_packets_; }
  [[nodiscard]] std::uint64_t dropped_bytes() const noexcept { return dropped_bytes_; }
  [[nodiscard]] std::uint64_t queued_packets() const noexcept { return queue_.size(); }
  [[nodiscard]] std::uint64_t queued_bytes() const noexcept { return queued_bytes_; }

  // How long the wire has carried the frames that were sent.
  [[nodiscard]] TimeNs busy_ns() const noexcept {
    const auto wire_bytes = static_cast<unsigned __int128>(sent_bytes_) + sent_packets_ * config_.overhead_bytes;
    return static_cast<TimeNs>(wire_bytes * 8 * kNsPerSecond / config_.rate_bps);
  }

 private:
  struct Queued {
    TimeNs finish_ns;
    WireFrame frame;
  };

  // The end of transmission of a frame that is queued now, rounded down to a nanosecond.
  [[nodiscard]] TimeNs serialise(TimeNs now, std::uint32_t size_bytes) noexcept {
    if (now > tail_ns_) {
      tail_ns_ = now;
      tail_remainder_ = 0;
    }
    if (size_bytes != last_size_bytes_) divide(size_bytes);
    tail_ns_ += last_ns_;
    tail_remainder_ += last_remainder_;
    if (tail_remainder_ >= config_.rate_bps) {
      tail_remainder_ -= config_.rate_bps;
      ++tail_ns_;
    }
    return tail_ns_;
  }

  // How long a frame takes. Frames of one size come in a row, and a division costs as much as all the rest.
  void divide(std::uint32_t size_bytes) noexcept {
    const std::uint64_t bits = (std::uint64_t{size_bytes} + config_.overhead_bytes) * 8;
    last_size_bytes_ = size_bytes;
    last_ns_ = bits * kNsPerSecond / config_.rate_bps;
    last_remainder_ = bits * kNsPerSecond % config_.rate_bps;
  }

  NicConfig config_;
  TimeNs tail_ns_ = 0;                 // when the last queued frame will have been sent
  std::uint64_t tail_remainder_ = 0;   // and the fraction of a nanosecond after that, in 1/rate_bps
  std::uint32_t last_size_bytes_ = 0;  // of the last frame, and how long it took
  TimeNs last_ns_ = 0;
  std::uint64_t last_remainder_ = 0;
  std::uint64_t queued_bytes_ = 0;
  std::uint64_t sent_packets_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t dropped_packets_ = 0;
  std::uint64_t dropped_bytes_ = 0;
  Fifo<Queued> queue_;
};

}  // namespace ringback
