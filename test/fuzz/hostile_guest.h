// A back end with a guest that does anything, operation by operation, and with what must hold whatever it does.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/fifo.h"
#include "fuzz/guest_memory.h"
#include "fuzz/honest_vif.h"
#include "fuzz/machine.h"
#include "fuzz/operations.h"
#include "fuzz/outcomes.h"
#include "fuzz/ring_watch.h"
#include "vif/back_end.h"

namespace ringback::fuzz {

// Invariants:
// 1. Each frame's buffer comes back: after disconnecting nothing is held but what the wire was given.
// 2. A call is bounded: frames and responses a poll, polls until there is nothing to do.
// 3. No response without a request; with nothing left to do, none is missing.
// 4. A fault stays until the guest reconnects, and until then no byte of the rings is written.
// 5. No page of the driver domain's or of another guest's changes; a frame holds bytes of its sender's only.
// 6. The grant table is as the guest left it, nothing is pinned, and what it did not offer is not written.
// 7. The vif's credit bounds what passes, and an honest neighbour's frames come through, in order, bit by bit.
class HostileGuest final : private FrameSink, private RxSink {
 public:
  // The first operation is the configuration.
  HostileGuest(const Operation& configuration, Outcomes& outcomes);

  void run(std::span<const Operation> operations);
  // Ends everything, and looks whether everything is back.
  void finish();

 private:
  struct Queue {
    RingWatch<TxRing> tx;
    RingWatch<RxRing> rx;
  };
  enum class Header : std::uint8_t { kRequests, kRequestEvent, kResponses, kResponseEvent };

  void perform(const Operation& operation);

  // ---- the guest: hostile_guest_moves.cc
  void send_packet(const Operation& operation);
  void write_ring_bytes(const Operation& operation);
  void write_header_word(const Operation& operation);
  void push(const Operation& operation);
  void write_grant_entry(const Operation& operation);
  void write_page_bytes(const Operation& operation);
  void post_rx(const Operation& operation);
  void ask_control(const Operation& operation);
  [[nodiscard]] abi::sring_header& header(std::uint32_t ring) const noexcept;
  [[nodiscard]] std::uint32_t rings() const noexcept { return static_cast<std::uint32_t>(queues_.size()) * 2 + 1; }

  // ---- the driver domain
  void connect(const Operation& operation);
  void disconnect();
  TxBack::Next poll_tx(std::uint32_t queue);
  void poll_tx_until_idle(std::uint32_t queue);
  RxBack::Next run_rx(std::uint32_t queue);
  void run_rx_until_idle(std::uint32_t queue);
  void check_tx_responses(const RingWatch<TxRing>& watch, std::uint32_t count);
  [[nodiscard]] bool is_any_stalled() const noexcept;
  void poll_control();
  void poll_all();
  void receive(const Operation& operation);
  void on_credit_timer(const Operation& operation);
  void let_time_pass(const Operation& operation);
  void exchange_honest(const Operation& operation);
  void release_frames(std::size_t left);
  void set_credit(const Operation& operation);
  void peek();

  // Around each call of the back end.
  void begin_call();
  void end_call();

  void transmit(TimeNs now, std::span<const Frame> frames) override;
  void dropped(TimeNs now, const Frame& frame) override;
  void placed(TimeNs now, const Frame& frame) override;
  void lost(TimeNs now, const Frame& frame, RxDrop cause) override;

  Outcomes& outcomes_;
  std::uint32_t max_queues_;
  std::uint32_t ring_order_;
  TimeNs now_ = 0;
  Credit credit_;
  std::uint64_t sent_bytes_ = 0;
  bool credit_changed_ = false;
  GuestMemory memory_;
  Machine machine_;
  HonestVif honest_;
  std::vector<Queue> queues_;
  std::optional<RingWatch<CtrlRing>> control_;
  bool has_control_ = false;  // the back end serves it
  BackEnd back_;
  Fault fault_ = Fault::kNone;         // as the last call left it
  std::vector<std::byte> dead_rings_;  // the rings' bytes before a call, while there is a fault
  std::vector<Frame> on_wire_;         // what the sink was given
  std::uint32_t frames_in_call_ = 0;   // transmitted or dropped
  std::uint32_t expired_in_call_ = 0;
  std::uint32_t rx_slots_in_call_ = 0;   // of frames placed, or lost to a grant
  std::uint32_t rx_waiting_frames_ = 0;  // taken and not yet reported
  std::uint16_t next_id_ = 0;
};

// One input, from the beginning to the end.
void run_hostile_guest(std::span<const std::uint8_t> input, Outcomes& outcomes);

}  // namespace ringback::fuzz
