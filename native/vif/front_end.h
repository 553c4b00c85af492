// The guest's side of one vif, as Linux's netfront: its queues and its control ring.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "memory/domain.h"
#include "vif/ctrl_front.h"
#include "vif/rx_front.h"
#include "vif/tx_front.h"

namespace ringback {

// Threads: one.
// Source:  xen-netfront's netfront.c struct netfront_info, setup_netfront
class FrontEnd {
 public:
  struct Layout {
    std::uint32_t queues = 1;
    std::uint32_t ring_order = 0;  // each ring but the control ring has 2^order pages
    bool shared_page = false;      // see TxFront, RxFront: for worlds that move no payload
    bool control_ring = false;
    std::uint32_t tx_slots = 0;  // see TxFront
    bool always_notify = false;  // see TxFront, RxFront
  };

  // Requires: `guest` outlives this and has pages_needed() free pages, of which some 2^ring_order are contiguous for
  // each
  //           ring, and grants_needed() free references.
  FrontEnd(Domain& guest, abi::domid_t back_end, const Layout& layout);
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;

  [[nodiscard]] static std::uint32_t pages_needed(const Layout& layout) noexcept;
  [[nodiscard]] static std::uint32_t grants_needed(const Layout& layout) noexcept;

  [[nodiscard]] std::uint32_t queues() const noexcept { return static_cast<std::uint32_t>(tx_.size()); }
  [[nodiscard]] TxFront& tx(std::uint32_t queue) noexcept { return *tx_[queue]; }
  [[nodiscard]] const TxFront& tx(std::uint32_t queue) const noexcept { return *tx_[queue]; }
  [[nodiscard]] RxFront& rx(std::uint32_t queue) noexcept { return *rx_[queue]; }
  // Null without one.
  [[nodiscard]] CtrlFront* control() noexcept { return control_.get(); }

  // The first queue's fault that has one: what the back end did that cannot be valid.
  [[nodiscard]] Fault fault() const noexcept;

 private:
  std::vector<std::unique_ptr<TxFront>> tx_;
  std::vector<std::unique_ptr<RxFront>> rx_;
  std::unique_ptr<CtrlFront> control_;
};

}  // namespace ringback
