// The back end's side of a vif's control ring: answers what the guest asks about hashing.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "abi/grant_table.h"
#include "memory/grant_copier.h"
#include "memory/page_arena.h"
#include "ring/back_ring.h"
#include "vif/fault.h"
#include "vif/hash_config.h"

namespace ringback {

// A page of the driver domain that nobody else uses: keys and mappings are copied into it.
struct ScratchPage {
  std::uint32_t frame;  // as the grant copier of this domain names it
  std::span<const std::byte, kPageBytes> bytes;
};

// The guest is hostile: each request is copied once, one request is one answer with its id and type, and work a poll
// is bounded. A wrong request is answered with a status and harms nobody; only a ring that cannot be disables the vif.
//
// Threads: one.
// Source:  Linux netback.c xenvif_ctrl_action, process_ctrl_request
class CtrlBack final {
 public:
  enum class Next : std::uint8_t {
    kIdle,       // nothing to do: the guest will notify
    kPollAgain,  // more requests wait
    kDisabled,   // dead until it reconnects: fault()
  };
  struct Polled {
    Next next;
    bool notify;                 // the guest must be notified of responses
    std::uint32_t answered = 0;  // requests: an event that led to none was spurious
  };

  // Requires: `grants` moves bytes (Payload::kCopy) and copies for the domain that owns `scratch`; it, `config` and the
  //           scratch page outlive this.
  CtrlBack(BackRing<CtrlRing> ring, abi::domid_t guest, GrantCopier& grants, ScratchPage scratch,
           HashConfig& config) noexcept
      : ring_(ring), guest_(guest), grants_(grants), scratch_(scratch), config_(config) {}
  CtrlBack(const CtrlBack&) = delete;
  CtrlBack& operator=(const CtrlBack&) = delete;

  // Answers what waits, as many requests as the ring has entries at most.
  //
  // Errors: Fault::kRingOverflow, where Linux would go on for up to 2^32 requests. What came before it is answered.
  [[nodiscard]] Polled poll();

  [[nodiscard]] Fault fault() const noexcept { return fault_; }

 private:
  [[nodiscard]] abi::netif_ctrl_response answer(const abi::netif_ctrl_request& request);
  [[nodiscard]] std::uint32_t set_key(abi::grant_ref_t ref, std::uint32_t bytes);
  [[nodiscard]] std::uint32_t set_mapping(abi::grant_ref_t ref, std::uint32_t count, std::uint32_t offset);
  [[nodiscard]] std::optional<std::span<const std::byte>> fetch(abi::grant_ref_t ref, std::uint32_t bytes);

  BackRing<CtrlRing> ring_;
  abi::domid_t guest_;
  Fault fault_ = Fault::kNone;
  GrantCopier& grants_;
  ScratchPage scratch_;
  HashConfig& config_;
};

}  // namespace ringback
