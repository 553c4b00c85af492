// The other end of a NIC's wire: what sends to the host, through a queue as long and a wire as fast as the NIC's own.
#pragma once
#include "base/fifo.h"
#include "base/time.h"
#include "net/nic.h"

namespace ringback {

// Requires: time never goes backwards.
class FarEnd {
 public:
  explicit FarEnd(const NicConfig& config) noexcept : nic_(config) {}

  // Queues a frame for the host. False: the queue is full and the frame is lost.
  [[nodiscard]] bool offer(TimeNs now, const WireFrame& frame) {
    put_on_wire(now);
    return nic_.offer(now, frame);
  }

  // When the next frame's last bit arrives; kNever when none is under way.
  [[nodiscard]] TimeNs next_arrival_ns() const noexcept {
    if (!on_wire_.empty()) return on_wire_.front().arrival_ns;
    const TimeNs finish_ns = nic_.next_finish_ns();
    return finish_ns == kNever ? kNever : finish_ns + nic_.config().propagation_ns;
  }

  // Calls arrived(time, frame) for each frame that has arrived by `now`.
  template <class Arrived>
  void collect(TimeNs now, Arrived&& arrived) {
    put_on_wire(now);
    while (!on_wire_.empty() && on_wire_.front().arrival_ns <= now) {
      const Arriving first = on_wire_.front();
      on_wire_.pop();
      ++received_packets_;
      received_bytes_ += first.frame.frame.size_bytes;
      arrived(first.arrival_ns, first.frame);
    }
  }

  void set_rate(TimeNs now, std::uint64_t rate_bps) {
    put_on_wire(now);
    nic_.set_rate(now, rate_bps);
  }

  // As Nic::set_link(); what is on its way is lost too.
  template <class Lost>
  void set_link(TimeNs now, bool has_link, Lost&& lost) {
    put_on_wire(now);
    nic_.set_link(now, has_link, lost);
    if (has_link) return;
    for (; !on_wire_.empty(); on_wire_.pop()) {
      ++lost_packets_;
      lost_bytes_ += on_wire_.front().frame.frame.size_bytes;
      lost(on_wire_.front().frame);
    }
  }

  [[nodiscard]] const Nic& nic() const noexcept { return nic_; }
  [[nodiscard]] std::uint64_t received_packets() const noexcept { return received_packets_; }
  [[nodiscard]] std::uint64_t received_bytes() const noexcept { return received_bytes_; }
  // In the queue and on the wire.
  [[nodiscard]] std::uint64_t queued_packets() const noexcept {
    return nic_.queued_packets() + nic_.sent_packets() - received_packets_ - lost_packets_;
  }
  [[nodiscard]] std::uint64_t queued_bytes() const noexcept {
    return nic_.queued_bytes() + nic_.sent_bytes() - received_bytes_ - lost_bytes_;
  }

 private:
  struct Arriving {
    TimeNs arrival_ns;
    WireFrame frame;
  };

  void put_on_wire(TimeNs now) {
    nic_.collect(now, [this](TimeNs finish_ns, const WireFrame& frame) {
      on_wire_.push({finish_ns + nic_.config().propagation_ns, frame});
    });
  }

  Nic nic_;
  Fifo<Arriving> on_wire_;
  std::uint64_t received_packets_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t lost_packets_ = 0;  // on their way
  std::uint64_t lost_bytes_ = 0;
};

}  // namespace ringback
