#include "event/event_channel.h"

namespace ringback {

bool EventChannels::add_domain(abi::domid_t domid, std::uint32_t ports) {
  if (find(domid)) return false;
  if (domid >= domains_.size()) domains_.resize(std::size_t{domid} + 1);
  domains_[domid] = std::make_unique<PortTable>(ports);
  return true;
}

bool EventChannels::remove_domain(abi::domid_t domid) {
  PortTable* table = find(domid);
  if (!table) return false;
  const std::lock_guard lock(links_);
  for (Port port = 1; port < table->ports(); ++port) disconnect(*table, port);
  domains_[domid].reset();
  return true;
}

PortResult EventChannels::alloc_unbound(abi::domid_t domid, abi::domid_t remote) {
  PortTable* table = find(domid);
  if (!table) return {kNoDomain, 0};
  const std::lock_guard lock(links_);
  const Port port = table->find_free();
  if (port == 0) return {kNoPort, 0};
  table->reset_counters(port);
  table->set_link(port, {0, remote == abi::DOMID_SELF ? domid : remote, PortState::kUnbound});
  return {kEventOkay, port};
}

PortResult EventChannels::bind_interdomain(abi::domid_t domid, abi::domid_t remote, Port remote_port) {
  const PortResult result = connect(domid, remote == abi::DOMID_SELF ? domid : remote, remote_port);
  // After the lock is gone: the sink may call back.
  if (result.error == kEventOkay) raise(domid, *find(domid), result.port);
  return result;
}

PortResult EventChannels::connect(abi::domid_t domid, abi::domid_t remote, Port remote_port) {
  PortTable* local = find(domid);
  PortTable* other = find(remote);
  if (!local || !other) return {kNoDomain, 0};
  const std::lock_guard lock(links_);
  const Port port = local->find_free();
  if (port == 0) return {kNoPort, 0};
  if (remote_port == 0 || remote_port >= other->ports()) return {kBadPort, 0};
  if (other->link(remote_port) != PortLink{0, domid, PortState::kUnbound}) return {kBadPort, 0};
  local->reset_counters(port);
  local->set_link(port, {remote_port, remote, PortState::kInterdomain});
  other->set_link(remote_port, {port, domid, PortState::kInterdomain});
  return {kEventOkay, port};
}

int EventChannels::close(abi::domid_t domid, Port port) {
  if (!find(domid)) return kNoDomain;
  PortTable* table = find(domid, port);
  if (!table) return kBadPort;
  const std::lock_guard lock(links_);
  if (table->link(port).state == PortState::kClosed) return kBadPort;
  disconnect(*table, port);
  return kEventOkay;
}

// The mask is the guest's own business: Xen leaves it as it is, and so does this.
void EventChannels::disconnect(PortTable& table, Port port) noexcept {
  const PortLink link = table.link(port);
  if (link.state == PortState::kInterdomain) {
    PortTable* other = find(link.remote);
    RB_ASSERT(other && other->link(link.remote_port).remote_port == port);
    const abi::domid_t self = other->link(link.remote_port).remote;
    other->set_link(link.remote_port, {0, self, PortState::kUnbound});
  }
  table.set_link(port, {});
  table.clear_pending(port);
}

int EventChannels::send(abi::domid_t domid, Port port) {
  PortTable* table = find(domid, port);
  if (!table) return find(domid) ? kBadPort : kNoDomain;
  const PortLink link = table->link(port);
  if (link.state == PortState::kClosed) return kBadPort;
  // A port that is closed just now may still be made pending: a spurious event, which guests must expect anyway.
  const bool coalesced =
      link.state == PortState::kInterdomain && !raise(link.remote, *find(link.remote), link.remote_port);
  table->count_send(port, coalesced);
  return kEventOkay;
}

// Returns false when the port was pending already.
bool EventChannels::raise(abi::domid_t domid, PortTable& table, Port port) {
  if (table.set_pending(port)) return false;
  if (!table.is_masked(port)) {
    table.raise_upcall(port);
    sink_.on_event(domid, port);
  }
  return true;
}

int EventChannels::mask(abi::domid_t domid, Port port) {
  PortTable* table = find(domid, port);
  if (!table) return find(domid) ? kBadPort : kNoDomain;
  table->set_mask(port);
  return kEventOkay;
}

int EventChannels::unmask(abi::domid_t domid, Port port) {
  PortTable* table = find(domid, port);
  if (!table) return find(domid) ? kBadPort : kNoDomain;
  if (table->clear_mask(port) && table->is_pending(port)) {
    table->raise_upcall(port);
    sink_.on_event(domid, port);
  }
  return kEventOkay;
}

bool EventChannels::clear_pending(abi::domid_t domid, Port port) {
  PortTable* table = find(domid, port);
  return table && table->clear_pending(port);
}

std::size_t EventChannels::take_pending(abi::domid_t domid, std::span<Port> out) {
  PortTable* table = find(domid);
  if (!table || out.empty()) return 0;
  std::size_t taken = 0;
  for (std::uint64_t words = table->take_selector(); words != 0; words &= words - 1) {
    const auto word = static_cast<std::uint32_t>(std::countr_zero(words));
    for (std::uint64_t bits = table->deliverable(word); bits != 0; bits &= bits - 1) {
      const Port port = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
      if (taken == out.size())
        table->raise_upcall(port);  // this word and, below, each word not looked at yet
      else if (table->clear_pending(port))
        out[taken++] = port;
    }
  }
  return taken;
}

bool EventChannels::is_pending(abi::domid_t domid, Port port) const {
  const PortTable* table = find(domid, port);
  return table && table->is_pending(port);
}

bool EventChannels::is_masked(abi::domid_t domid, Port port) const {
  const PortTable* table = find(domid, port);
  return table && table->is_masked(port);
}

bool EventChannels::is_upcall_pending(abi::domid_t domid) const {
  const PortTable* table = find(domid);
  return table && table->is_upcall_pending();
}

PortLink EventChannels::status(abi::domid_t domid, Port port) const {
  const PortTable* table = find(domid, port);
  return table ? table->link(port) : PortLink{};
}

PortCounters EventChannels::counters(abi::domid_t domid, Port port) const {
  const PortTable* table = find(domid, port);
  return table ? PortCounters{table->sends(port), table->coalesced(port)} : PortCounters{};
}

}  // namespace ringback
