#include "vif/front_end.h"

#include "base/assert.h"

namespace ringback {
namespace {

constexpr std::uint32_t kControlPages = 2;

}  // namespace

FrontEnd::FrontEnd(Domain& guest, abi::domid_t back_end, const Layout& layout) {
  RB_ASSERT(layout.queues > 0);
  for (std::uint32_t queue = 0; queue < layout.queues; ++queue) {
    tx_.push_back(std::make_unique<TxFront>(TxFront::Options{.guest = guest,
                                                             .back_end = back_end,
                                                             .ring_order = layout.ring_order,
                                                             .shared_page = layout.shared_page,
                                                             .always_notify = layout.always_notify,
                                                             .slots = layout.tx_slots}));
    rx_.push_back(std::make_unique<RxFront>(RxFront::Options{.guest = guest,
                                                             .back_end = back_end,
                                                             .ring_order = layout.ring_order,
                                                             .shared_page = layout.shared_page,
                                                             .always_notify = layout.always_notify}));
  }
  if (layout.control_ring) control_ = std::make_unique<CtrlFront>(guest, back_end);
}

std::uint32_t FrontEnd::pages_needed(const Layout& layout) noexcept {
  const std::uint32_t queue = TxFront::pages_needed(layout.ring_order, layout.shared_page, layout.tx_slots) +
                              RxFront::pages_needed(layout.ring_order, layout.shared_page);
  return layout.queues * queue + (layout.control_ring ? kControlPages : 0);
}

std::uint32_t FrontEnd::grants_needed(const Layout& layout) noexcept {
  const std::uint32_t queue = TxFront::ids(layout.ring_order, layout.tx_slots) + RxFront::entries(layout.ring_order);
  return layout.queues * queue + (layout.control_ring ? 1 : 0);
}

Fault FrontEnd::fault() const noexcept {
  for (std::size_t queue = 0; queue < tx_.size(); ++queue) {
    if (tx_[queue]->fault() != Fault::kNone) return tx_[queue]->fault();
    if (rx_[queue]->fault() != Fault::kNone) return rx_[queue]->fault();
  }
  return control_ ? control_->fault() : Fault::kNone;
}

}  // namespace ringback
