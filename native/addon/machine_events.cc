#include "addon/arguments.h"
#include "addon/environment.h"
#include "addon/machine_wrap.h"

namespace ringback::addon {
namespace {

Napi::Value to_number(Napi::Env env, PortResult result) {
  return result.error == kEventOkay ? Napi::Number::New(env, result.port) : Napi::Number::New(env, result.error);
}

}  // namespace

EventChannels& MachineWrap::events(const Napi::CallbackInfo& info) const {
  (void)domain(info);
  return hypervisor_->events;
}

Napi::Value MachineWrap::alloc_unbound(const Napi::CallbackInfo& info) {
  return to_number(info.Env(), events(info).alloc_unbound(to_domid(info, 0), to_domid(info, 1)));
}

Napi::Value MachineWrap::bind_interdomain(const Napi::CallbackInfo& info) {
  return to_number(info.Env(), events(info).bind_interdomain(to_domid(info, 0), to_domid(info, 1), to_port(info, 2)));
}

Napi::Value MachineWrap::close_port(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), events(info).close(to_domid(info, 0), to_port(info, 1)));
}

Napi::Value MachineWrap::send(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), events(info).send(to_domid(info, 0), to_port(info, 1)));
}

Napi::Value MachineWrap::mask(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), events(info).mask(to_domid(info, 0), to_port(info, 1)));
}

Napi::Value MachineWrap::unmask(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), events(info).unmask(to_domid(info, 0), to_port(info, 1)));
}

Napi::Value MachineWrap::is_pending(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), events(info).is_pending(to_domid(info, 0), to_port(info, 1)));
}

Napi::Value MachineWrap::is_masked(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), events(info).is_masked(to_domid(info, 0), to_port(info, 1)));
}

Napi::Value MachineWrap::clear_pending(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), events(info).clear_pending(to_domid(info, 0), to_port(info, 1)));
}

Napi::Value MachineWrap::take_pending(const Napi::CallbackInfo& info) {
  EventChannels& channels = events(info);
  const std::span<Port> ports = to_uint32_array(info[1], "ports");
  return Napi::Number::New(info.Env(), static_cast<double>(channels.take_pending(to_domid(info, 0), ports)));
}

void MachineWrap::port_status(const Napi::CallbackInfo& info) {
  const PortLink link = events(info).status(to_domid(info, 0), to_port(info, 1));
  const std::span<std::uint32_t> out = to_uint32_array(info[2], "out");
  if (out.size() < 3) throw make_error(info.Env(), kOutOfRange, "out must have room for 3 values");
  out[0] = static_cast<std::uint32_t>(link.state);
  out[1] = link.remote;
  out[2] = link.remote_port;
}

void MachineWrap::port_counters(const Napi::CallbackInfo& info) {
  const PortCounters counters = events(info).counters(to_domid(info, 0), to_port(info, 1));
  const std::span<std::int64_t> out = to_bigint64_array(info[2], "out");
  if (out.size() < 2) throw make_error(info.Env(), kOutOfRange, "out must have room for 2 values");
  out[0] = static_cast<std::int64_t>(counters.sends);
  out[1] = static_cast<std::int64_t>(counters.coalesced);
}

}  // namespace ringback::addon
