// A simulated guest: what it wants to send waits in its own queue until the front end's ring has room.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "base/fifo.h"
#include "memory/domain.h"
#include "sim/source.h"
#include "vif/front_end.h"

namespace ringback {

// Packets and bytes, together.
struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;

  void add(std::uint32_t size_bytes) noexcept {
    ++packets;
    bytes += size_bytes;
  }
  void remove(std::uint32_t size_bytes) noexcept {
    --packets;
    bytes -= size_bytes;
  }
};

class Guest {
 public:
  // Units: backlog_packets is Linux's txqueuelen.
  Guest(std::shared_ptr<Domain> domain, const FrontEnd::Options& options, std::uint32_t backlog_packets)
      : domain_(std::move(domain)),
        front_end_(options),
        backlog_packets_(backlog_packets),
        on_ring_(FrontEnd::entries(options.ring_order)) {}

  // Queues a frame behind the others. False: the backlog is full and the frame is dropped.
  [[nodiscard]] bool offer(const Offer& offer) {
    if (backlog_.size() == backlog_packets_ && !(backlog_.empty() && front_end_.has_room(offer.size_bytes)))
      return false;
    backlog_.push(offer);
    backlog_tally_.add(offer.size_bytes);
    return true;
  }

  // Moves what fits from the backlog to the ring. Returns whether the back end must be notified.
  [[nodiscard]] bool send() {
    bool put = false;
    while (!backlog_.empty() && front_end_.has_room(backlog_.front().size_bytes)) {
      const Offer& offer = backlog_.front();
      const std::uint16_t id = front_end_.transmit({offer.header, offer.header_bytes}, offer.size_bytes);
      on_ring_[id] = offer;
      ring_tally_.add(offer.size_bytes);
      backlog_tally_.remove(offer.size_bytes);
      backlog_.pop();
      put = true;
    }
    return put && front_end_.push();
  }

  // The back end answered: takes the responses and sends on. Returns whether the back end must be notified.
  [[nodiscard]] bool on_event() {
    front_end_.reap();
    return send();
  }

  // The frame that went onto the ring with this first id; it has left the ring.
  Offer take_off_ring(std::uint16_t id) {
    const Offer offer = on_ring_[id];
    ring_tally_.remove(offer.size_bytes);
    return offer;
  }

  [[nodiscard]] FrontEnd& front_end() noexcept { return front_end_; }
  [[nodiscard]] const FrontEnd& front_end() const noexcept { return front_end_; }
  // Waiting in the guest: in the backlog and on the ring.
  [[nodiscard]] Tally queued() const noexcept {
    return {backlog_tally_.packets + ring_tally_.packets, backlog_tally_.bytes + ring_tally_.bytes};
  }

 private:
  std::shared_ptr<Domain> domain_;
  FrontEnd front_end_;
  std::size_t backlog_packets_;
  Fifo<Offer> backlog_;
  std::vector<Offer> on_ring_;  // by the first slot's id
  Tally backlog_tally_;
  Tally ring_tally_;
};

}  // namespace ringback
