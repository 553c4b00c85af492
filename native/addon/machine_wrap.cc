#include "addon/machine_wrap.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "addon/arguments.h"
#include "addon/environment.h"
#include "memory/grant_copy.h"

namespace ringback::addon {
namespace {

// Operations that cross at a time: copied out of JavaScript's memory, which has no alignment and other writers.
constexpr std::size_t kChunk = 64;

std::span<std::byte> to_shared_bytes(Napi::Value value, const std::string& name, std::size_t unit, std::size_t most) {
  const std::span<std::byte> bytes = to_bytes(value, name);
  napi_value buffer = nullptr;
  bool detachable = true;
  if (napi_get_typedarray_info(value.Env(), value, nullptr, nullptr, nullptr, &buffer, nullptr) != napi_ok ||
      napi_is_arraybuffer(value.Env(), buffer, &detachable) != napi_ok || detachable)
    throw make_error(value.Env(), kInvalidArgument, name + " must be over a SharedArrayBuffer");
  if (bytes.empty() || bytes.size() % unit != 0 || bytes.size() / unit > most ||
      reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0)
    throw make_error(
        value.Env(), kOutOfRange,
        name + " must be 1 to " + std::to_string(most) + " times " + std::to_string(unit) + " bytes, 8-byte aligned");
  return bytes;
}

Napi::Value number_or_minus_one(Napi::Env env, std::optional<std::uint32_t> value) {
  return value ? Napi::Number::New(env, *value) : Napi::Number::New(env, -1);
}

}  // namespace

abi::domid_t to_domid(const Napi::CallbackInfo& info, std::size_t at) {
  return static_cast<abi::domid_t>(to_integer(info[at], "domid", 0, abi::DOMID_SELF));
}

Port to_port(const Napi::CallbackInfo& info, std::size_t at) {
  return static_cast<Port>(to_integer(info[at], "port", 0, UINT32_MAX));
}

void MachineWrap::init(Napi::Env env, Napi::Object exports) {
  exports.Set("Machine", DefineClass(env, "Machine",
                                     {
                                         InstanceMethod<&MachineWrap::add_domain>("addDomain"),
                                         InstanceMethod<&MachineWrap::remove_domain>("removeDomain"),
                                         InstanceMethod<&MachineWrap::allocate_page>("allocatePage"),
                                         InstanceMethod<&MachineWrap::free_page>("freePage"),
                                         InstanceMethod<&MachineWrap::free_pages>("freePages"),
                                         InstanceMethod<&MachineWrap::grant_access>("grantAccess"),
                                         InstanceMethod<&MachineWrap::end_access>("endAccess"),
                                         InstanceMethod<&MachineWrap::grants_in_use>("grantsInUse"),
                                         InstanceMethod<&MachineWrap::grant_copy>("grantCopy"),
                                         InstanceMethod<&MachineWrap::close>("close"),
                                         InstanceMethod<&MachineWrap::alloc_unbound>("allocUnbound"),
                                         InstanceMethod<&MachineWrap::bind_interdomain>("bindInterdomain"),
                                         InstanceMethod<&MachineWrap::close_port>("closePort"),
                                         InstanceMethod<&MachineWrap::send>("send"),
                                         InstanceMethod<&MachineWrap::mask>("mask"),
                                         InstanceMethod<&MachineWrap::unmask>("unmask"),
                                         InstanceMethod<&MachineWrap::is_pending>("isPending"),
                                         InstanceMethod<&MachineWrap::is_masked>("isMasked"),
                                         InstanceMethod<&MachineWrap::clear_pending>("clearPending"),
                                         InstanceMethod<&MachineWrap::take_pending>("takePending"),
                                         InstanceMethod<&MachineWrap::port_status>("portStatus"),
                                         InstanceMethod<&MachineWrap::port_counters>("portCounters"),
                                     }));
}

MachineWrap::Hypervisor& MachineWrap::open(const Napi::CallbackInfo& info) const {
  if (!hypervisor_) throw make_error(info.Env(), kClosed, "the machine is closed");
  return *hypervisor_;
}

Domain& MachineWrap::domain(const Napi::CallbackInfo& info) const {
  Domain* const found = open(info).domains.find(to_domid(info, 0));
  if (!found) throw make_error(info.Env(), kState, "the machine has no such domain");
  return *found;
}

Napi::Value MachineWrap::add_domain(const Napi::CallbackInfo& info) {
  Hypervisor& hypervisor = open(info);
  const auto domid = static_cast<abi::domid_t>(to_integer(info[0], "domid", 0, kFirstReservedDomid - 1));
  const auto memory = to_shared_bytes(info[1], "memory", kPageBytes, 1u << 20);
  const auto grants = to_shared_bytes(info[2], "grants", sizeof(abi::grant_entry_v1), GrantTable::kMaxEntries);
  if (grants.size() < abi::GNTTAB_NR_RESERVED_ENTRIES * sizeof(abi::grant_entry_v1))
    throw make_error(info.Env(), kOutOfRange, "grants must hold at least the 8 reserved entries");
  const auto ports = static_cast<std::uint32_t>(to_integer(info[3], "ports", 2, kMaxPorts));
  if (hypervisor.domains.find(domid)) return Napi::Boolean::New(info.Env(), false);
  try {
    auto added = std::make_shared<Domain>(domid, PageArena(memory), GrantTable(grants, Sharing::kManyThreads));
    loans_[domid] = {Napi::Persistent(info[1].As<Napi::Object>()), Napi::Persistent(info[2].As<Napi::Object>())};
    const bool is_new = hypervisor.events.add_domain(domid, ports) && hypervisor.domains.add(std::move(added));
    return Napi::Boolean::New(info.Env(), is_new);
  } catch (const std::bad_alloc&) {
    hypervisor.events.remove_domain(domid);
    loans_.erase(domid);
    throw make_error(info.Env(), kState, "not enough memory for this domain: fewer pages, grants or ports");
  }
}

void MachineWrap::remove_domain(const Napi::CallbackInfo& info) {
  const abi::domid_t domid = domain(info).domid;
  hypervisor_->events.remove_domain(domid);
  hypervisor_->domains.remove(domid);
  loans_.erase(domid);
}

Napi::Value MachineWrap::allocate_page(const Napi::CallbackInfo& info) {
  return number_or_minus_one(info.Env(), domain(info).arena.allocate());
}

void MachineWrap::free_page(const Napi::CallbackInfo& info) {
  PageArena& arena = domain(info).arena;
  const auto frame = static_cast<std::uint32_t>(to_integer(info[1], "frame", 0, arena.pages() - 1));
  if (!arena.is_allocated(frame))
    throw make_error(info.Env(), kState, "page " + std::to_string(frame) + " is free already");
  arena.free(frame);
}

Napi::Value MachineWrap::free_pages(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), domain(info).arena.free_pages());
}

Napi::Value MachineWrap::grant_access(const Napi::CallbackInfo& info) {
  Domain& granting = domain(info);
  const auto frame = static_cast<std::uint32_t>(to_integer(info[2], "frame", 0, granting.arena.pages() - 1));
  const bool readonly = to_boolean(info[3], "readonly");
  return number_or_minus_one(info.Env(), granting.grants.grant_foreign_access(to_domid(info, 1), frame, readonly));
}

Napi::Value MachineWrap::end_access(const Napi::CallbackInfo& info) {
  GrantTable& grants = domain(info).grants;
  const auto ref = static_cast<abi::grant_ref_t>(to_integer(info[1], "ref", 0, grants.entries() - 1));
  if (!grants.is_granted(ref))
    throw make_error(info.Env(), kState, "reference " + std::to_string(ref) + " is no grant of this domain's");
  return Napi::Boolean::New(info.Env(), grants.try_end_foreign_access(ref));
}

Napi::Value MachineWrap::grants_in_use(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), domain(info).grants.in_use());
}

void MachineWrap::grant_copy(const Napi::CallbackInfo& info) {
  const abi::domid_t caller = domain(info).domid;
  std::span<std::byte> operations = to_bytes(info[1], "operations");
  if (operations.size() % sizeof(abi::gnttab_copy) != 0)
    throw make_error(info.Env(), kOutOfRange, "operations must be a multiple of 40 bytes");
  const Payload payload = to_boolean(info[2], "payload") ? Payload::kCopy : Payload::kNone;
  std::array<abi::gnttab_copy, kChunk> chunk;
  while (!operations.empty()) {
    const std::size_t count = std::min(kChunk, operations.size() / sizeof(abi::gnttab_copy));
    std::memcpy(chunk.data(), operations.data(), count * sizeof(abi::gnttab_copy));
    ringback::grant_copy(hypervisor_->domains, caller, {chunk.data(), count}, payload);
    for (std::size_t i = 0; i < count; ++i)
      std::memcpy(operations.data() + i * sizeof(abi::gnttab_copy) + offsetof(abi::gnttab_copy, status),
                  &chunk[i].status, sizeof chunk[i].status);
    operations = operations.subspan(count * sizeof(abi::gnttab_copy));
  }
}

void MachineWrap::close(const Napi::CallbackInfo&) {
  hypervisor_.reset();
  loans_.clear();
}

}  // namespace ringback::addon
