#pragma once
#include <napi.h>

#include <cstdint>
#include <map>
#include <memory>

#include "event/event_channel.h"
#include "memory/domain.h"

namespace ringback::addon {

// new Machine(): domains with their memory, grants and event channels, for JavaScript. Each method but the constructor
// and close() names a domain first, by its id. JavaScript polls for events, so nothing is called on delivery.
class MachineWrap : public Napi::ObjectWrap<MachineWrap> {
 public:
  static void init(Napi::Env env, Napi::Object exports);
  explicit MachineWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<MachineWrap>(info) {}

 private:
  struct SilentSink final : EventSink {
    void on_event(abi::domid_t, Port) override {}
  };
  struct Hypervisor {
    DomainTable domains;
    SilentSink sink;
    EventChannels events{sink};
  };
  // Keeps what a domain borrows. SharedArrayBuffers only: nothing can take their memory away.
  struct Loan {
    Napi::ObjectReference memory;
    Napi::ObjectReference grants;
  };

  // machine_wrap.cc
  // addDomain(domid, memory, grants, ports): memory and grants are Uint8Arrays over SharedArrayBuffers. False when the
  // id is taken.
  Napi::Value add_domain(const Napi::CallbackInfo& info);
  void remove_domain(const Napi::CallbackInfo& info);
  // -1 when there is none.
  Napi::Value allocate_page(const Napi::CallbackInfo& info);
  void free_page(const Napi::CallbackInfo& info);
  Napi::Value free_pages(const Napi::CallbackInfo& info);
  // grantAccess(domid, to, frame, readonly): the reference, or -1 when there is none.
  Napi::Value grant_access(const Napi::CallbackInfo& info);
  Napi::Value end_access(const Napi::CallbackInfo& info);
  Napi::Value grants_in_use(const Napi::CallbackInfo& info);
  // grantCopy(domid, operations, payload): statuses are written into the operations.
  void grant_copy(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  // machine_events.cc: statuses are Xen's negative errno values, ports are positive.
  Napi::Value alloc_unbound(const Napi::CallbackInfo& info);
  Napi::Value bind_interdomain(const Napi::CallbackInfo& info);
  Napi::Value close_port(const Napi::CallbackInfo& info);
  Napi::Value send(const Napi::CallbackInfo& info);
  Napi::Value mask(const Napi::CallbackInfo& info);
  Napi::Value unmask(const Napi::CallbackInfo& info);
  Napi::Value is_pending(const Napi::CallbackInfo& info);
  Napi::Value is_masked(const Napi::CallbackInfo& info);
  Napi::Value clear_pending(const Napi::CallbackInfo& info);
  // takePending(domid, ports: Uint32Array): how many were written.
  Napi::Value take_pending(const Napi::CallbackInfo& info);
  // portStatus(domid, port, out: Uint32Array): state, remote domain, remote port.
  void port_status(const Napi::CallbackInfo& info);
  // portCounters(domid, port, out: BigInt64Array): sends, coalesced sends.
  void port_counters(const Napi::CallbackInfo& info);

  // Throws ERR_CLOSED after close(), ERR_STATE when argument 0 is no domain here.
  [[nodiscard]] Hypervisor& open(const Napi::CallbackInfo& info) const;
  [[nodiscard]] Domain& domain(const Napi::CallbackInfo& info) const;
  // The event channels, once argument 0 is known to be a domain.
  [[nodiscard]] EventChannels& events(const Napi::CallbackInfo& info) const;

  // Destroyed from the last to the first: the domains go before what they borrow.
  std::map<abi::domid_t, Loan> loans_;
  std::unique_ptr<Hypervisor> hypervisor_ = std::make_unique<Hypervisor>();
};

// Argument `at` as a domain's id or DOMID_SELF, or as a port.
[[nodiscard]] abi::domid_t to_domid(const Napi::CallbackInfo& info, std::size_t at);
[[nodiscard]] Port to_port(const Napi::CallbackInfo& info, std::size_t at);

}  // namespace ringback::addon
