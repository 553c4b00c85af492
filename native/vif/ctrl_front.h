// The guest's side of a vif's control ring: asks the back end to hash received frames, and how.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "abi/grant_table.h"
#include "abi/netif.h"
#include "memory/domain.h"
#include "ring/front_ring.h"
#include "vif/fault.h"
#include "vif/toeplitz.h"

namespace ringback {

// What configure() sets; the algorithm is Toeplitz.
struct HashSettings {
  std::uint32_t flags = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4 | abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP |
                        abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6 | abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;
  HashKey key = kDefaultHashKey;
  std::vector<std::uint32_t> mapping;  // a queue an entry; empty: the hash modulo the queues
};

// One request is out at a time: the one page that carries keys and mappings is then free again. The back end is
// trusted with the page and with nothing else: what it answers is checked.
//
// Threads: one.
//
// Invariants:
// 1. The page is granted, readonly, exactly while a request that names it is out.
// 2. After a fault nothing is sent and nothing is believed.
//
// Source: xen/io/netif.h "Control ring", "Control messages"
class CtrlFront final {
 public:
  enum class Next : std::uint8_t {
    kIdle,        // nothing is out
    kWaiting,     // the back end will notify
    kAnswered,    // a single request was answered: response()
    kConfigured,  // the last request of configure() succeeded
    kRefused,     // configure() ended here: response() says what was refused, with which status
    kDisabled,    // dead: fault()
  };
  struct Polled {
    Next next;
    bool notify;  // the back end must be notified of the next request
  };

  // Entries of a mapping that fit into the page.
  static constexpr std::size_t kMaxMappingEntries = kPageBytes / sizeof(std::uint32_t);

  // Allocates and initialises the ring's page and a page for keys and mappings.
  //
  // Requires: `guest` has two free pages and outlives this; whoever serves the ring is gone before this is.
  CtrlFront(Domain& guest, abi::domid_t back_end);
  CtrlFront(const CtrlFront&) = delete;
  CtrlFront& operator=(const CtrlFront&) = delete;
  // Takes the grant back and frees the pages; a page that is still being read stays with the guest, unused.
  ~CtrlFront();

  [[nodiscard]] std::span<std::byte> ring_memory() noexcept { return guest_.arena.page(ring_frame_); }

  // Begins the sequence: algorithm, types, key, size of the mapping and, when it is not empty, the mapping. poll()
  // goes on with it. Returns whether the back end must be notified.
  //
  // Requires: may_ask(); settings.mapping.size() <= kMaxMappingEntries.
  [[nodiscard]] bool configure(HashSettings settings);

  // Whether a request may be made now.
  [[nodiscard]] bool may_ask() const noexcept { return !waiting_ && fault_ == Fault::kNone; }

  // Single requests: each is put and pushed, and poll() says when it was answered. Returns whether the back end must be
  // notified.
  //
  // Requires: may_ask(); for those that carry bytes, that they fit into the page and that the guest's table has a free
  //           reference.
  [[nodiscard]] bool set_algorithm(std::uint32_t algorithm);
  [[nodiscard]] bool get_flags();
  [[nodiscard]] bool set_flags(std::uint32_t types);
  [[nodiscard]] bool set_key(std::span<const std::byte> key);
  [[nodiscard]] bool get_mapping_size();
  [[nodiscard]] bool set_mapping_size(std::uint32_t entries);
  [[nodiscard]] bool set_mapping(std::uint32_t offset, std::span<const std::uint32_t> entries);

  // Takes the answer, if it is there, ends the grant and asks what comes next.
  //
  // Errors: kResponseOverflow, an answer that nobody asked for; kBadResponse, an id or a type other than the request's;
  //         kGrantInUse, an answer while the page is still being read.
  [[nodiscard]] Polled poll();

  // The last answer that poll() took. Its status and data are the back end's word.
  [[nodiscard]] const abi::netif_ctrl_response& response() const noexcept { return response_; }
  [[nodiscard]] Fault fault() const noexcept { return fault_; }

 private:
  enum class Step : std::uint8_t { kNone, kAlgorithm, kFlags, kKey, kMappingSize, kMapping };

  [[nodiscard]] bool ask(std::uint16_t type, std::array<std::uint32_t, 3> data);
  [[nodiscard]] abi::grant_ref_t grant(const void* bytes, std::size_t count);
  [[nodiscard]] bool try_end_grant() noexcept;
  [[nodiscard]] Fault take(const abi::netif_ctrl_response& response) noexcept;
  [[nodiscard]] Polled next_step();

  static constexpr abi::grant_ref_t kNotGranted = 0;  // a reserved reference: never given out

  Domain& guest_;
  abi::domid_t back_end_;
  std::uint32_t ring_frame_;
  std::uint32_t data_frame_;
  FrontRing<CtrlRing> ring_;
  Fault fault_ = Fault::kNone;
  bool waiting_ = false;
  Step step_ = Step::kNone;  // of configure(): the request that is out
  std::uint16_t next_id_ = 0;
  abi::grant_ref_t granted_ = kNotGranted;
  abi::netif_ctrl_request request_{};  // a private copy of what is out
  abi::netif_ctrl_response response_{};
  HashSettings settings_;
};

}  // namespace ringback
