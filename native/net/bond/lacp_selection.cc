// Which aggregator a port belongs to, and which aggregator carries.
#include <bit>

#include "base/assert.h"
#include "net/bond/lacp_system.h"

namespace ringback {

LacpSystem::LacpSystem(const Options& options, std::vector<LacpPort> ports) : options_(options) {
  RB_ASSERT(ports.size() <= 32);
  for (LacpPort& port : ports) ports_.push_back({.lacp = port});
  aggregators_.resize(ports_.size());
}

void LacpSystem::set_link(std::uint32_t index, bool is_up, std::uint64_t mbps) noexcept {
  Port& port = ports_[index];
  port.lacp.is_enabled = is_up;
  port.lacp.set_speed(is_up, mbps);
  // Linux waits for LACP with a link that is back, and hears on it what it heard before.
  port.is_sending = false;
  if (!is_up) port.is_listening = false;
  select_aggregator();
}

void LacpSystem::set_speed(std::uint32_t index, std::uint64_t mbps) noexcept {
  ports_[index].lacp.set_speed(ports_[index].lacp.is_enabled, mbps);
}

std::uint32_t LacpSystem::active() const noexcept {
  for (std::uint32_t i = 0; i < aggregators_.size(); ++i)
    if (aggregators_[i].is_active) return i;
  return kNone;
}

std::uint32_t LacpSystem::active_ports() const noexcept {
  const std::uint32_t carrying = active();
  if (carrying == kNone) return 0;
  std::uint32_t ports = 0;
  for (std::uint32_t i = 0; i < size(); ++i)
    if ((aggregators_[carrying].ports >> i & 1) != 0 && ports_[i].lacp.is_enabled) ports |= 1u << i;
  return ports;
}

// ---- a port's

void LacpSystem::select_port(std::uint32_t index) noexcept {
  LacpPort& port = ports_[index].lacp;
  if (port.is_selected) return;
  leave(index);
  join(index, find_aggregator(port));
  port.is_selected = true;
  select_aggregator();
  if (!aggregator_of(port)->is_active) port.actor.set(lacp_state::kSynchronization, false);
}

void LacpSystem::leave(std::uint32_t index) noexcept {
  LacpPort& port = ports_[index].lacp;
  Aggregator* const aggregator = aggregator_of(port);
  if (aggregator == nullptr) return;
  aggregator->ports &= ~(1u << index);
  if (aggregator->ports == 0) *aggregator = {};
  port.aggregator = 0;
}

void LacpSystem::join(std::uint32_t index, std::uint32_t aggregator) noexcept {
  LacpPort& port = ports_[index].lacp;
  Aggregator& joined = aggregators_[aggregator];
  if (joined.ports == 0) {
    joined.actor = port.actor;
    joined.partner = port.partner;
    joined.is_active = !options_.is_host;
  }
  joined.ports |= 1u << index;
  port.aggregator = aggregator + 1;
}

// One that it fits into, or the first free one: there are as many as ports.
std::uint32_t LacpSystem::find_aggregator(const LacpPort& port) const noexcept {
  std::uint32_t free = kNone;
  for (std::uint32_t i = 0; i < aggregators_.size(); ++i) {
    const Aggregator& aggregator = aggregators_[i];
    if (aggregator.ports == 0) {
      if (free == kNone) free = i;
      continue;
    }
    const bool fits = aggregator.actor.system == port.actor.system && aggregator.actor.key == port.actor.key &&
                      aggregator.partner.system == port.partner.system && aggregator.partner.key == port.partner.key;
    if (fits && port.partner.system != 0) return i;
  }
  RB_ASSERT(free != kNone);
  return free;
}

// ---- the host's

std::uint32_t LacpSystem::enabled_ports(const Aggregator& aggregator) const noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < size(); ++i)
    if ((aggregator.ports >> i & 1) != 0 && ports_[i].lacp.is_enabled) ++count;
  return count;
}

// Its ports have one speed.
std::uint64_t LacpSystem::bandwidth(const Aggregator& aggregator) const noexcept {
  return std::uint64_t{enabled_ports(aggregator)} * aggregator.actor.key;
}

bool LacpSystem::is_up(const Aggregator& aggregator) const noexcept {
  for (std::uint32_t i = 0; i < size(); ++i)
    if ((aggregator.ports >> i & 1) != 0 && ports_[i].has_carrier) return true;
  return false;
}

std::uint32_t LacpSystem::better(std::uint32_t best, std::uint32_t other) const noexcept {
  if (best == kNone) return other;
  const Aggregator& a = aggregators_[best];
  const Aggregator& b = aggregators_[other];
  if (a.has_partner() != b.has_partner()) return a.has_partner() ? best : other;
  if (options_.select == AdSelect::kCount && enabled_ports(a) != enabled_ports(b))
    return enabled_ports(a) > enabled_ports(b) ? best : other;
  return bandwidth(b) > bandwidth(a) ? other : best;
}

void LacpSystem::select_aggregator() noexcept {
  if (!options_.is_host) return;
  const std::uint32_t before = active();
  std::uint32_t best = before != kNone && is_up(aggregators_[before]) ? before : kNone;
  for (std::uint32_t i = 0; i < aggregators_.size(); ++i) {
    Aggregator& aggregator = aggregators_[i];
    aggregator.is_active = false;
    if (enabled_ports(aggregator) > 0 && is_up(aggregator)) best = better(best, i);
  }
  if (best != kNone && before != kNone && options_.select == AdSelect::kStable) {
    const Aggregator& old = aggregators_[before];
    const bool is_good = old.has_partner() || !aggregators_[best].has_partner();
    const bool has_lost_its_key = old.actor.key == 0 && aggregators_[best].actor.key != 0;
    if (enabled_ports(old) > 0 && is_good && !has_lost_its_key) best = before;
  }
  if (best == kNone) return;
  aggregators_[best].is_active = true;
  if (best != before && before != kNone)
    for (std::uint32_t i = 0; i < size(); ++i)
      if ((aggregators_[before].ports >> i & 1) != 0) disable(ports_[i]);
  if (aggregators_[best].has_partner()) return;
  for (std::uint32_t i = 0; i < size(); ++i)
    if ((aggregators_[best].ports >> i & 1) != 0) enable(ports_[i]);
}

}  // namespace ringback
