#include "addon/world.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "addon/arguments.h"
#include "addon/bond_options.h"
#include "addon/environment.h"
#include "addon/source_options.h"
#include "addon/world_options.h"

namespace ringback::addon {
namespace {

template <class Names>
Napi::Array to_strings(Napi::Env env, const Names& names) {
  Napi::Array array = Napi::Array::New(env, names.size());
  for (std::uint32_t i = 0; i < names.size(); ++i) array.Set(i, Napi::String::New(env, names[i]));
  return array;
}

// Where `values` values can be written, or nothing when the array's memory was transferred away.
std::span<std::uint64_t> writable(Napi::Env env, const Napi::ObjectReference& array, std::size_t values) {
  void* data = nullptr;
  std::size_t length = 0;
  if (napi_get_typedarray_info(env, array.Value(), nullptr, &length, &data, nullptr, nullptr) != napi_ok ||
      length != values)
    return {};
  return {static_cast<std::uint64_t*>(data), length};
}

Napi::Object to_quantiles(Napi::Env env, const Histogram& histogram) {
  const auto number = [&](std::uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); };
  Napi::Object result = Napi::Object::New(env);
  result.Set("p50", number(histogram.quantile(50, 100)));
  result.Set("p99", number(histogram.quantile(99, 100)));
  result.Set("max", number(histogram.max()));
  return result;
}

}  // namespace

void WorldWrap::init(Napi::Env env, Napi::Object exports) {
  exports.Set("World", DefineClass(env, "World",
                                   {
                                       InstanceMethod<&WorldWrap::run>("run"),
                                       InstanceMethod<&WorldWrap::latency>("latency"),
                                       InstanceMethod<&WorldWrap::tcp_rtt>("tcpRtt"),
                                       InstanceMethod<&WorldWrap::fault>("fault"),
                                       InstanceMethod<&WorldWrap::carrier>("carrier"),
                                       InstanceMethod<&WorldWrap::reconnect>("reconnect"),
                                       InstanceMethod<&WorldWrap::set_credit>("setCredit"),
                                       InstanceMethod<&WorldWrap::set_reserve>("setReserve"),
                                       InstanceMethod<&WorldWrap::set_reserve_rate>("setReserveRate"),
                                       InstanceMethod<&WorldWrap::set_nic_rate>("setNicRate"),
                                       InstanceMethod<&WorldWrap::set_nic_link>("setNicLink"),
                                       InstanceMethod<&WorldWrap::back_end>("backEnd"),
                                       InstanceMethod<&WorldWrap::bond_nics>("bondNics"),
                                       InstanceMethod<&WorldWrap::take_capture>("takeCapture"),
                                       InstanceMethod<&WorldWrap::trace_hash>("traceHash"),
                                       InstanceMethod<&WorldWrap::close>("close"),
                                       InstanceAccessor<&WorldWrap::has_new_capacity>("hasNewCapacity"),
                                       InstanceAccessor<&WorldWrap::vif_counters>("vifCounters"),
                                       InstanceAccessor<&WorldWrap::vif_counter_names>("vifCounterNames"),
                                       InstanceAccessor<&WorldWrap::nic_counters>("nicCounters"),
                                       InstanceAccessor<&WorldWrap::nic_counter_names>("nicCounterNames"),
                                       InstanceAccessor<&WorldWrap::bond_counters>("bondCounters"),
                                       InstanceAccessor<&WorldWrap::bond_counter_names>("bondCounterNames"),
                                       InstanceAccessor<&WorldWrap::bridge_counters>("bridgeCounters"),
                                       InstanceAccessor<&WorldWrap::bridge_counter_names>("bridgeCounterNames"),
                                       InstanceAccessor<&WorldWrap::tcp_counters>("tcpCounters"),
                                       InstanceAccessor<&WorldWrap::tcp_counter_names>("tcpCounterNames"),
                                   }));
}

WorldWrap::WorldWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<WorldWrap>(info) {
  WorldOptions options = to_world_options(info[0]);
  try {
    world_ = std::make_unique<World>(options.config);
    for (Source& source : options.sources) world_->add_source(std::move(source));
    for (const auto& [config, seed] : options.tcp) world_->add_tcp(config, seed);
  } catch (const std::bad_alloc&) {
    throw make_error(info.Env(), kState, "not enough memory for this world: fewer vifs, or smaller queues");
  }
  const auto rows = [&](std::size_t count, std::size_t columns) {
    return Napi::Persistent(Napi::BigUint64Array::New(info.Env(), count * columns).As<Napi::Object>());
  };
  vif_counters_ = rows(world_->vif_count(), kVifCounters);
  nic_counters_ = rows(world_->network().nics(), kNicCounterNames.size());
  bond_counters_ = rows(world_->network().bonds(), kBondCounterNames.size());
  bridge_counters_ = rows(world_->network().bridges(), kBridgeCounterNames.size());
  tcp_counters_ = rows(world_->vif_count(), kTcpCounterNames.size());
  refresh(info.Env());  // what bonds carry is there from the beginning
}

World& WorldWrap::open(Napi::Env env) {
  if (!world_) throw make_error(env, kClosed, "the world is closed");
  return *world_;
}

std::uint32_t WorldWrap::to_vif(const Napi::CallbackInfo& info) {
  const std::uint32_t count = open(info.Env()).vif_count();
  if (count == 0) throw make_error(info.Env(), kOutOfRange, "vif: this world has none");
  return static_cast<std::uint32_t>(to_integer(info[0], "vif", 0, count - 1));
}

Napi::Value WorldWrap::run(const Napi::CallbackInfo& info) {
  World& world = open(info.Env());
  const std::uint64_t until_ns = to_integer(info[0], "untilNs", 0, kMaxSafeInteger);
  const TimeNs reached_ns = world.run(until_ns, to_integer(info[1], "maxEvents", 1, kMaxSafeInteger));
  refresh(info.Env());
  return Napi::Number::New(info.Env(), static_cast<double>(reached_ns));
}

Napi::Value WorldWrap::has_new_capacity(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), open(info.Env()).has_new_capacity());
}

void WorldWrap::refresh(Napi::Env env) {
  constexpr std::size_t kNic = kNicCounterNames.size();
  constexpr std::size_t kBond = kBondCounterNames.size();
  constexpr std::size_t kBridge = kBridgeCounterNames.size();
  const Network& network = world_->network();
  const auto vifs = writable(env, vif_counters_, world_->vif_count() * kVifCounters);
  for (std::uint32_t vif = 0; vif < vifs.size() / kVifCounters; ++vif)
    std::ranges::copy(world_->read_vif_counters(vif), vifs.subspan(vif * kVifCounters).begin());
  const auto nics = writable(env, nic_counters_, network.nics() * kNic);
  for (std::uint32_t nic = 0; nic < nics.size() / kNic; ++nic)
    network.read_nic_counters(nic, nics.subspan(nic * kNic).first<kNic>());
  const auto bonds = writable(env, bond_counters_, network.bonds() * kBond);
  for (std::uint32_t bond = 0; bond < bonds.size() / kBond; ++bond)
    network.read_bond_counters(bond, bonds.subspan(bond * kBond).first<kBond>());
  const auto bridges = writable(env, bridge_counters_, network.bridges() * kBridge);
  for (std::uint32_t bridge = 0; bridge < bridges.size() / kBridge; ++bridge)
    network.read_bridge_counters(bridge, bridges.subspan(bridge * kBridge).first<kBridge>());
  if (world_->tcp().empty()) return;
  constexpr std::size_t kTcp = kTcpCounterNames.size();
  const auto tcp = writable(env, tcp_counters_, world_->vif_count() * kTcp);
  for (std::uint32_t vif = 0; vif < tcp.size() / kTcp; ++vif)
    std::ranges::copy(world_->tcp().counters(vif), tcp.subspan(vif * kTcp).begin());
}

Napi::Value WorldWrap::latency(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const World& world = open(env);
  const VifPath& vif = world.vif(to_vif(info));
  const std::string direction = info[1].IsString() ? info[1].As<Napi::String>().Utf8Value() : "";
  if (direction != "tx" && direction != "rx" && direction != "all")
    throw make_error(env, kInvalidArgument, "direction must be 'tx', 'rx' or 'all'");
  Histogram latency;
  if (direction != "rx") latency.merge(vif.tx_latency());
  if (direction != "tx") latency.merge(vif.rx_latency());
  return to_quantiles(env, latency);
}

Napi::Value WorldWrap::tcp_rtt(const Napi::CallbackInfo& info) {
  const World& world = open(info.Env());
  return to_quantiles(info.Env(), world.tcp().rtt(to_vif(info)));
}

Napi::Value WorldWrap::fault(const Napi::CallbackInfo& info) {
  const World& world = open(info.Env());
  const Fault fault = world.vif(to_vif(info)).fault();
  if (fault == Fault::kNone) return info.Env().Null();
  return Napi::String::New(info.Env(), fault_name(fault));
}

Napi::Value WorldWrap::carrier(const Napi::CallbackInfo& info) {
  const World& world = open(info.Env());
  return Napi::Boolean::New(info.Env(), world.vif(to_vif(info)).back_end().has_carrier());
}

void WorldWrap::reconnect(const Napi::CallbackInfo& info) {
  World& world = open(info.Env());
  world.reconnect(to_vif(info));
  refresh(info.Env());
}

void WorldWrap::set_credit(const Napi::CallbackInfo& info) {
  World& world = open(info.Env());
  const std::uint32_t vif = to_vif(info);
  const std::uint64_t bytes = to_integer(info[1], "creditBytes", 0, kMaxSafeInteger);
  const std::uint64_t usec = to_integer(info[2], "creditUsec", 0, UINT32_MAX);
  if (usec > 0 && bytes == 0) throw make_error(info.Env(), kOutOfRange, "creditBytes: must be at least 1");
  world.set_credit(vif, usec == 0 ? Credit{} : Credit{bytes, usec * 1000});
}

void WorldWrap::set_reserve(const Napi::CallbackInfo& info) {
  World& world = open(info.Env());
  const std::uint32_t vif = to_vif(info);
  const std::uint64_t min_bps = to_integer(info[1], "minBps", 0, kMaxRateBps);
  const std::uint64_t weight = to_integer(info[2], "weight", 1, ReserveShaper::kMaxWeight);
  world.set_reservation(vif, {min_bps, static_cast<std::uint32_t>(weight)});
}

void WorldWrap::set_reserve_rate(const Napi::CallbackInfo& info) {
  World& world = open(info.Env());
  if (world.reserve_count() == 0) throw make_error(info.Env(), kOutOfRange, "reserve: this world has none");
  const std::uint64_t reserve = to_integer(info[0], "reserve", 0, world.reserve_count() - 1);
  world.set_reserve_rate(static_cast<std::uint32_t>(reserve), to_integer(info[1], "rateBps", 0, kMaxRateBps));
}

std::uint32_t WorldWrap::to_nic(const Napi::CallbackInfo& info) {
  const std::uint32_t count = open(info.Env()).network().nics();
  if (count == 0) throw make_error(info.Env(), kOutOfRange, "nic: this world has none");
  return static_cast<std::uint32_t>(to_integer(info[0], "nic", 0, count - 1));
}

void WorldWrap::set_nic_rate(const Napi::CallbackInfo& info) {
  const std::uint32_t nic = to_nic(info);
  open(info.Env()).set_nic_rate(nic, to_integer(info[1], "rateBps", 1, kMaxRateBps));
  refresh(info.Env());
}

void WorldWrap::set_nic_link(const Napi::CallbackInfo& info) {
  const std::uint32_t nic = to_nic(info);
  if (!info[1].IsBoolean()) throw make_error(info.Env(), kInvalidArgument, "hasLink must be true or false");
  open(info.Env()).set_nic_link(nic, info[1].As<Napi::Boolean>().Value());
  refresh(info.Env());
}

Napi::Value WorldWrap::back_end(const Napi::CallbackInfo& info) {
  const World& world = open(info.Env());
  if (!world.has_costs()) return info.Env().Null();
  Napi::Object result = Napi::Object::New(info.Env());
  const auto values = world.read_cpu_counters();
  for (std::size_t i = 0; i < values.size(); ++i)
    result.Set(kCpuCounterNames[i], Napi::Number::New(info.Env(), static_cast<double>(values[i])));
  return result;
}

Napi::Value WorldWrap::bond_nics(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Network& network = open(env).network();
  if (network.bonds() == 0) throw make_error(env, kOutOfRange, "bond: this world has none");
  const auto bond = static_cast<std::uint32_t>(to_integer(info[0], "bond", 0, network.bonds() - 1));
  return to_member_states(env, network.bond(bond));
}

Napi::Value WorldWrap::take_capture(const Napi::CallbackInfo& info) {
  Captures& captures = open(info.Env()).captures();
  if (captures.count() == 0) throw make_error(info.Env(), kOutOfRange, "capture: this world has none");
  const auto capture = static_cast<std::uint32_t>(to_integer(info[0], "capture", 0, captures.count() - 1));
  const std::vector<std::byte> bytes = captures.writer(capture).take();
  auto array = Napi::Uint8Array::New(info.Env(), bytes.size());
  std::ranges::copy(bytes, reinterpret_cast<std::byte*>(array.Data()));
  return array;
}

Napi::Value WorldWrap::trace_hash(const Napi::CallbackInfo& info) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, open(info.Env()).trace_hash());
  return Napi::String::New(info.Env(), digits);
}

Napi::Value WorldWrap::vif_counters(const Napi::CallbackInfo&) { return vif_counters_.Value(); }
Napi::Value WorldWrap::nic_counters(const Napi::CallbackInfo&) { return nic_counters_.Value(); }
Napi::Value WorldWrap::vif_counter_names(const Napi::CallbackInfo& info) {
  return to_strings(info.Env(), ringback::vif_counter_names());
}
Napi::Value WorldWrap::nic_counter_names(const Napi::CallbackInfo& info) {
  return to_strings(info.Env(), kNicCounterNames);
}

Napi::Value WorldWrap::bond_counters(const Napi::CallbackInfo&) { return bond_counters_.Value(); }
Napi::Value WorldWrap::bond_counter_names(const Napi::CallbackInfo& info) {
  return to_strings(info.Env(), kBondCounterNames);
}

Napi::Value WorldWrap::bridge_counters(const Napi::CallbackInfo&) { return bridge_counters_.Value(); }
Napi::Value WorldWrap::bridge_counter_names(const Napi::CallbackInfo& info) {
  return to_strings(info.Env(), kBridgeCounterNames);
}

Napi::Value WorldWrap::tcp_counters(const Napi::CallbackInfo&) { return tcp_counters_.Value(); }
Napi::Value WorldWrap::tcp_counter_names(const Napi::CallbackInfo& info) {
  return to_strings(info.Env(), kTcpCounterNames);
}

void WorldWrap::close(const Napi::CallbackInfo&) { world_.reset(); }

}  // namespace ringback::addon
