// A front end with a back end that does anything, operation by operation, and with what must hold whatever it does.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fuzz/operations.h"
#include "fuzz/outcomes.h"
#include "memory/domain.h"
#include "vif/front_end.h"

namespace ringback::fuzz {

// Invariants:
// 1. A page is granted exactly while its slot is out, and no page of the rings ever is.
// 2. A frame that the consumer has cannot be written by the back end, whatever that still uses; its parts lie in pages
//    that were posted, and it is no larger than a frame can be.
// 3. A fault stays, and nothing is put on that ring after it.
// 4. In the end every grant is ended and every page is back, but those that the back end still uses.
class HostileBackEnd final : private RxConsumer {
 public:
  // The first operation is the configuration.
  HostileBackEnd(const Operation& configuration, Outcomes& outcomes);

  void run(std::span<const Operation> operations);
  // Ends everything, with pages in use or without, and looks whether everything is back.
  void finish(const Operation& configuration);

 private:
  struct Pinned {
    abi::grant_ref_t ref;
    std::uint32_t frame;
    Access access;
  };
  // What the back end remembers of a queue.
  struct Peer {
    abi::RING_IDX tx_cons = 0;
    abi::RING_IDX tx_prod = 0;
    abi::RING_IDX rx_cons = 0;
    std::vector<abi::netif_tx_request> out;  // TX requests taken and not answered; a size of 0xffff and no flags: extra
    std::uint32_t extras_out = 0;
  };
  struct Faults {
    std::vector<Fault> tx;
    std::vector<Fault> rx;
    Fault control = Fault::kNone;
  };

  void perform(const Operation& operation);
  void check_faults();
  void check_grants() const;

  // ---- the guest
  void transmit(const Operation& operation);
  void request_multicast(const Operation& operation);
  void receive(std::uint32_t queue);
  void ask(const Operation& operation);
  void poll_control();
  void reap(std::uint32_t queue);
  void open();
  void close();
  void reopen();
  void received(const RxFrame& frame) override;

  // ---- the back end: hostile_back_end_moves.cc
  void write_ring_bytes(const Operation& operation);
  void write_header_word(const Operation& operation);
  void take_tx(Peer& peer, std::uint32_t queue);
  void answer_tx(const Operation& operation, std::uint32_t queue);
  void deliver(const Operation& operation, std::uint32_t queue);
  void answer_control(const Operation& operation);
  void pin(const Operation& operation);
  void use(abi::grant_ref_t ref, Access access);
  void unpin(std::size_t at);
  void write_pages(std::uint8_t value);
  bool copy_to(abi::grant_ref_t ref, std::uint32_t bytes);
  void remember(abi::grant_ref_t ref);
  [[nodiscard]] std::span<std::byte> ring(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t rings() const noexcept { return queues_ * 2 + (has_control_ ? 1 : 0); }

  static constexpr std::size_t kRemembered = 64;
  static constexpr std::size_t kMostPinned = 12;

  Outcomes& outcomes_;
  std::uint32_t queues_;
  bool has_control_;
  DomainTable domains_;
  std::shared_ptr<Domain> guest_;
  std::shared_ptr<Domain> driver_;
  std::uint32_t all_pages_;
  std::unique_ptr<FrontEnd> front_;
  std::vector<Peer> peers_;
  Faults faults_;
  std::vector<Pinned> pinned_;
  std::array<abi::grant_ref_t, kRemembered> remembered_{};
  std::size_t remembered_count_ = 0;
};

// One input, from the beginning to the end.
void run_hostile_back_end(std::span<const std::uint8_t> input, Outcomes& outcomes);

}  // namespace ringback::fuzz
