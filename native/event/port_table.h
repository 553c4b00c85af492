// One domain's event-channel ports: who they lead to, and the bits that shared_info and vcpu_info hold in Xen.
// Every memory ordering of event channels is here, with its reason.
#pragma once
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "abi/grant_table.h"
#include "base/assert.h"

namespace ringback {

using Port = std::uint32_t;

// Two levels of 64 bits; port 0 is never used.
inline constexpr std::uint32_t kMaxPorts = 4096;

enum class PortState : std::uint8_t {  // EVTCHNSTAT_*
  kClosed = 0,
  kUnbound = 1,
  kInterdomain = 2,
};

// Where a port leads. Eight bytes, so that a sender reads it in one piece while another thread binds or closes.
struct alignas(8) PortLink {
  Port remote_port = 0;  // when interdomain
  abi::domid_t remote = 0;
  PortState state = PortState::kClosed;
  std::uint8_t pad = 0;

  bool operator==(const PortLink&) const = default;
};
static_assert(sizeof(PortLink) == 8 && std::atomic<PortLink>::is_always_lock_free);

// Ordering: pending and mask are each written and then the other is read, by a sender and by whoever unmasks; only
//           sequential consistency keeps one of the two from missing the other. Clearing a pending bit and setting it
//           are read-modify-writes of one word, so whoever clears sees what each sender that it clears for wrote
//           before.
// Threads:  any, but links change under EventChannels' lock.
class PortTable {
 public:
  // Requires: 2 <= ports <= kMaxPorts.
  explicit PortTable(std::uint32_t ports) : records_(ports), words_((ports + 63) / 64) {
    RB_ASSERT(ports >= 2 && ports <= kMaxPorts);
    words_[0].taken = 1;
  }

  [[nodiscard]] std::uint32_t ports() const noexcept { return static_cast<std::uint32_t>(records_.size()); }

  // The lowest free port, or 0. Xen hands them out in this order too.
  [[nodiscard]] Port find_free() const noexcept {
    for (std::uint32_t word = 0; word < words_.size(); ++word) {
      if (words_[word].taken == ~std::uint64_t{0}) continue;
      const Port port = word * 64 + static_cast<std::uint32_t>(std::countr_one(words_[word].taken));
      return port < ports() ? port : 0;
    }
    return 0;
  }

  // Ordering: release, so that a sender that sees the port connected sees its cleared bits.
  void set_link(Port port, PortLink link) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (port % 64);
    if (link.state == PortState::kClosed)
      words_[port / 64].taken &= ~bit;
    else
      words_[port / 64].taken |= bit;
    records_[port].link.store(link, std::memory_order_release);
  }
  [[nodiscard]] PortLink link(Port port) const noexcept { return records_[port].link.load(std::memory_order_acquire); }

  // Each returns what the bit was.
  bool set_pending(Port port) noexcept { return set(words_[port / 64].pending, port % 64); }
  bool clear_pending(Port port) noexcept { return clear(words_[port / 64].pending, port % 64); }
  bool set_mask(Port port) noexcept { return set(words_[port / 64].mask, port % 64); }
  bool clear_mask(Port port) noexcept { return clear(words_[port / 64].mask, port % 64); }

  [[nodiscard]] bool is_pending(Port port) const noexcept { return test(words_[port / 64].pending, port % 64); }
  [[nodiscard]] bool is_masked(Port port) const noexcept { return test(words_[port / 64].mask, port % 64); }
  [[nodiscard]] bool is_upcall_pending() const noexcept { return upcall_pending_.load(); }

  // Tells the domain that the port's word holds something: the selector first, as whoever answers an upcall takes it
  // last.
  //
  // Ordering: what is set already need not be set again. The pending bit came first, so whoever clears these after this
  //           has looked at them looks at the pending bit later still.
  void raise_upcall(Port port) noexcept {
    if (!test(selector_, port / 64)) set(selector_, port / 64);
    if (!upcall_pending_.load()) upcall_pending_.store(true);
  }

  // Answers an upcall: which words to look at.
  [[nodiscard]] std::uint64_t take_selector() noexcept {
    upcall_pending_.store(false);
    return selector_.exchange(0);
  }
  [[nodiscard]] std::uint64_t deliverable(std::uint32_t word) const noexcept {
    return words_[word].pending.load() & ~words_[word].mask.load();
  }

  // Ordering: relaxed, they are only counts.
  void count_send(Port port, bool coalesced) noexcept {
    records_[port].sends.fetch_add(1, std::memory_order_relaxed);
    if (coalesced) records_[port].coalesced.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t sends(Port port) const noexcept {
    return records_[port].sends.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t coalesced(Port port) const noexcept {
    return records_[port].coalesced.load(std::memory_order_relaxed);
  }
  void reset_counters(Port port) noexcept {
    records_[port].sends.store(0, std::memory_order_relaxed);
    records_[port].coalesced.store(0, std::memory_order_relaxed);
  }

 private:
  using Word = std::atomic<std::uint64_t>;

  struct Record {
    std::atomic<PortLink> link{};
    std::atomic<std::uint64_t> sends{0};
    std::atomic<std::uint64_t> coalesced{0};
  };

  // The bits of 64 ports.
  struct Words {
    std::uint64_t taken = 0;
    Word pending{0};
    Word mask{0};
  };

  static bool set(Word& word, std::uint32_t bit) noexcept {
    const std::uint64_t mask = std::uint64_t{1} << bit;
    return (word.fetch_or(mask) & mask) != 0;
  }
  static bool clear(Word& word, std::uint32_t bit) noexcept {
    const std::uint64_t mask = std::uint64_t{1} << bit;
    return (word.fetch_and(~mask) & mask) != 0;
  }
  static bool test(const Word& word, std::uint32_t bit) noexcept { return (word.load() >> bit & 1) != 0; }

  std::vector<Record> records_;
  std::vector<Words> words_;
  Word selector_{0};
  std::atomic<bool> upcall_pending_{false};
};

}  // namespace ringback
