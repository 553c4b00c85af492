// LACP's mux machine: when a port is attached to its aggregator, and when it carries.
#include "net/bond/lacp_system.h"

namespace ringback {

using namespace lacp_state;

void LacpSystem::enable(Port& port) noexcept {
  if (!port.lacp.is_enabled || !port.has_carrier) return;
  port.is_sending = true;
  port.is_listening = true;
}

void LacpSystem::disable(Port& port) noexcept {
  port.is_sending = false;
  port.is_listening = false;
}

bool LacpSystem::is_ready(const Aggregator& aggregator) const noexcept {
  for (std::uint32_t i = 0; i < size(); ++i)
    if ((aggregator.ports >> i & 1) != 0 && !ports_[i].lacp.is_ready) return false;
  return true;
}

LacpMux LacpSystem::next_mux_state(LacpPort& port) noexcept {
  const Aggregator* const aggregator = aggregator_of(port);
  const bool is_partner_in = port.partner.has(kSynchronization);
  switch (port.mux) {
    case LacpMux::kDetached:
      return port.is_selected ? LacpMux::kWaiting : LacpMux::kDetached;
    case LacpMux::kWaiting:
      if (!port.is_selected) return LacpMux::kDetached;
      if (port.wait_ticks > 0 && --port.wait_ticks == 0) port.is_ready = true;
      return port.wait_ticks == 0 && is_ready(*aggregator) ? LacpMux::kAttached : LacpMux::kWaiting;
    case LacpMux::kAttached:
      if (!port.is_selected) return LacpMux::kDetached;
      if (!aggregator->is_active) return LacpMux::kAttached;
      if (is_partner_in) return LacpMux::kCollectingDistributing;
      port.actor.set(kSynchronization, true);
      return LacpMux::kAttached;
    case LacpMux::kCollectingDistributing:
      return port.is_selected && is_partner_in && port.actor.has(kSynchronization) ? LacpMux::kCollectingDistributing
                                                                                   : LacpMux::kAttached;
  }
  return LacpMux::kDetached;
}

void LacpSystem::tick_mux(std::uint32_t index) noexcept {
  LacpPort& port = ports_[index].lacp;
  const LacpMux before = port.mux;
  port.mux = port.begins ? LacpMux::kDetached : next_mux_state(port);
  if (port.mux != before || port.begins) return enter_mux(index);
  // Linux takes a link that is back again in, if nothing else has changed.
  if (port.mux == LacpMux::kCollectingDistributing && aggregator_of(port)->is_active && !ports_[index].is_sending)
    enable(ports_[index]);
}

void LacpSystem::enter_mux(std::uint32_t index) noexcept {
  constexpr std::uint32_t kWaitTicks = 2 * LacpPort::kTicksPerSecond;
  Port& port = ports_[index];
  const Aggregator* const aggregator = aggregator_of(port.lacp);
  const bool is_active = aggregator != nullptr && aggregator->is_active;
  switch (port.lacp.mux) {
    case LacpMux::kDetached:
      port.lacp.is_ready = false;
      port.lacp.actor.set(kSynchronization | kCollecting | kDistributing, false);
      break;
    case LacpMux::kWaiting:
      port.lacp.wait_ticks = kWaitTicks;
      return;
    case LacpMux::kAttached:
      port.lacp.actor.set(kCollecting | kDistributing, false);
      port.lacp.actor.set(kSynchronization, is_active);
      break;
    case LacpMux::kCollectingDistributing:
      port.lacp.actor.set(kSynchronization | kCollecting | kDistributing, true);
      if (is_active) enable(port);
      port.lacp.must_send = true;
      return;
  }
  // A port without a partner is enabled without the mux.
  if (aggregator != nullptr && aggregator->has_partner()) disable(port);
  port.lacp.must_send = true;
}

}  // namespace ringback
