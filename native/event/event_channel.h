// Two-level event channels among the domains of one process.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "abi/grant_table.h"
#include "event/port_table.h"

namespace ringback {

// Where deliveries go: a simulated world schedules a poll of the port, a real one wakes a thread.
class EventSink {
 public:
  // `port` of `domid` became deliverable: pending and not masked. Once for each change; a send that races an unmask may
  // make it twice, and never makes it none. Runs on the thread that caused it, and may call EventChannels again.
  virtual void on_event(abi::domid_t domid, Port port) = 0;

 protected:
  // Never deleted through this interface.
  ~EventSink() = default;
};

// Xen's errno values, as its event-channel operations return them.
inline constexpr int kEventOkay = 0;
inline constexpr int kNoDomain = -3;  // -ESRCH
inline constexpr int kBadPort = -22;  // -EINVAL: no such port, or not in the state that it needs
inline constexpr int kNoPort = -28;   // -ENOSPC

struct PortResult {
  int error = kEventOkay;
  Port port = 0;
};

struct PortCounters {
  std::uint64_t sends = 0;      // sends through this port, lost ones included
  std::uint64_t coalesced = 0;  // those that found the other side pending already
};

// Threads: any thread may send, mask, unmask and take; adding and removing domains exclude everything else.
// Errors:  kNoDomain, kBadPort and kNoPort where a call returns a status.
// Source:  Xen event_channel.c and event_2l.c
class EventChannels {
 public:
  // Requires: `sink` outlives this.
  explicit EventChannels(EventSink& sink) noexcept : sink_(sink) {}

  // Gives a domain its ports 1 to ports-1, all free. False when it has some already. Nothing allocates after this.
  // Requires: 2 <= ports <= kMaxPorts.
  [[nodiscard]] bool add_domain(abi::domid_t domid, std::uint32_t ports = kMaxPorts);

  // Closes the domain's ports, which leaves their peers unbound.
  bool remove_domain(abi::domid_t domid);

  // A port that `remote`, which need not exist yet, may bind to. DOMID_SELF is `domid` itself.
  [[nodiscard]] PortResult alloc_unbound(abi::domid_t domid, abi::domid_t remote);

  // A new port of `domid`, connected to one of `remote` that alloc_unbound made for `domid`. It is pending at once:
  // what the remote sent before was lost.
  [[nodiscard]] PortResult bind_interdomain(abi::domid_t domid, abi::domid_t remote, Port remote_port);

  // Frees the port; the other end, if there is one, is unbound again and waits for the same domain.
  int close(abi::domid_t domid, Port port);

  // Makes the other end pending and delivers it, unless it is pending already or masked. A send through an unbound port
  // is lost, without an error.
  //
  // Ordering: what the sender wrote before is seen by whoever clears the pending bit after.
  int send(abi::domid_t domid, Port port);

  // A masked port becomes pending without being delivered.
  int mask(abi::domid_t domid, Port port);

  // Delivers a port that became pending meanwhile.
  int unmask(abi::domid_t domid, Port port);

  // Clears the pending bit, as a handler does before it looks for work; returns whether it was set.
  bool clear_pending(abi::domid_t domid, Port port);

  // What a guest's upcall does: clears upcall_pending, then the pending bit of each deliverable port that it returns,
  // the lowest first; at most out.size(), the rest waits for the next call. Returns their number.
  std::size_t take_pending(abi::domid_t domid, std::span<Port> out);

  [[nodiscard]] bool is_pending(abi::domid_t domid, Port port) const;
  [[nodiscard]] bool is_masked(abi::domid_t domid, Port port) const;
  // Whether an upcall was raised that take_pending has not answered yet.
  [[nodiscard]] bool is_upcall_pending(abi::domid_t domid) const;
  // EVTCHNOP_status; closed for what does not exist.
  [[nodiscard]] PortLink status(abi::domid_t domid, Port port) const;
  [[nodiscard]] PortCounters counters(abi::domid_t domid, Port port) const;

 private:
  [[nodiscard]] PortTable* find(abi::domid_t domid) const noexcept {
    return domid < domains_.size() ? domains_[domid].get() : nullptr;
  }
  // The domain's table if `port` is one of its ports.
  [[nodiscard]] PortTable* find(abi::domid_t domid, Port port) const noexcept {
    PortTable* table = find(domid);
    return table && port != 0 && port < table->ports() ? table : nullptr;
  }
  [[nodiscard]] PortResult connect(abi::domid_t domid, abi::domid_t remote, Port remote_port);
  void disconnect(PortTable& table, Port port) noexcept;
  bool raise(abi::domid_t domid, PortTable& table, Port port);

  EventSink& sink_;
  std::vector<std::unique_ptr<PortTable>> domains_;
  // Held while links change; never while the sink runs.
  mutable std::mutex links_;
};

}  // namespace ringback
