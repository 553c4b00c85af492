// Traffic sources: what a guest has to send, and when.
#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "base/time.h"
#include "sim/constant_source.h"
#include "sim/flows_source.h"
#include "sim/offer.h"
#include "sim/on_off_source.h"
#include "sim/poisson_source.h"
#include "sim/replay_source.h"
#include "sim/uplink.h"

namespace ringback {

// Any source, and where its frames begin: at a vif's guest, or at the far end of a NIC's wire or a bond's wires, for a
// vif. The times of its frames never fall.
class Source {
 public:
  using Kind = std::variant<ConstantSource, PoissonSource, OnOffSource, FlowsSource, ReplaySource>;

  // From the guest of `vif`.
  Source(std::uint32_t vif, Kind kind) : vif_(vif), kind_(std::move(kind)) {}
  // For `vif`, from the wire of a NIC, or those of a bond.
  Source(std::uint32_t vif, const Uplink& inlet, Kind kind) : vif_(vif), inlet_(inlet), kind_(std::move(kind)) {}

  [[nodiscard]] std::uint32_t vif() const noexcept { return vif_; }
  // Where its frames arrive; nothing when a guest sends them.
  [[nodiscard]] const std::optional<Uplink>& inlet() const noexcept { return inlet_; }
  // When the next frame is offered; kNever after the last one.
  [[nodiscard]] TimeNs next_ns() const noexcept {
    return std::visit([](const auto& source) { return source.next_ns(); }, kind_);
  }
  // Takes that frame. Requires: next_ns() != kNever.
  [[nodiscard]] Offer take() {
    return std::visit([](auto& source) { return source.take(); }, kind_);
  }
  // For many frames at once: visitor(source of its own kind).
  template <class Visitor>
  void visit(Visitor&& visitor) {
    std::visit(std::forward<Visitor>(visitor), kind_);
  }

 private:
  std::uint32_t vif_;
  std::optional<Uplink> inlet_;
  Kind kind_;
};

}  // namespace ringback
