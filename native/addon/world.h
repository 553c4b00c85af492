#pragma once
#include <napi.h>

#include <memory>
#include <span>

#include "sim/world.h"

namespace ringback::addon {

// new World(options): sim/world.h for JavaScript; lib/simulation/native-binding.ts has the shapes.
class WorldWrap : public Napi::ObjectWrap<WorldWrap> {
 public:
  static void init(Napi::Env env, Napi::Object exports);
  explicit WorldWrap(const Napi::CallbackInfo& info);

 private:
  // run(untilNs, maxEvents): the time reached; refreshes the counters.
  Napi::Value run(const Napi::CallbackInfo& info);
  // hasNewCapacity: whether a bond that is watched is why run() stopped.
  Napi::Value has_new_capacity(const Napi::CallbackInfo& info);
  Napi::Value latency(const Napi::CallbackInfo& info);
  // tcpRtt(vif): { p50, p99, max } of its connections' samples.
  Napi::Value tcp_rtt(const Napi::CallbackInfo& info);
  // fault(vif): fault_name(), or null while the vif lives.
  Napi::Value fault(const Napi::CallbackInfo& info);
  Napi::Value carrier(const Napi::CallbackInfo& info);
  void reconnect(const Napi::CallbackInfo& info);
  // setCredit(vif, creditBytes, creditUsec): 0 microseconds are no cap. This and what follows happens at the time that
  // was reached.
  void set_credit(const Napi::CallbackInfo& info);
  // setReserve(vif, minBps, weight)
  void set_reserve(const Napi::CallbackInfo& info);
  // setReserveRate(reserve, rateBps)
  void set_reserve_rate(const Napi::CallbackInfo& info);
  // setNicRate(nic, rateBps)
  void set_nic_rate(const Napi::CallbackInfo& info);
  // setNicLink(nic, hasLink)
  void set_nic_link(const Napi::CallbackInfo& info);
  // bondNics(bond): for each of its NICs { link, active, linkFailures, aggregator, lacp }.
  Napi::Value bond_nics(const Napi::CallbackInfo& info);
  // backEnd(): kCpuCounterNames and their values, or null without costs.
  Napi::Value back_end(const Napi::CallbackInfo& info);
  // takeCapture(capture): a Uint8Array with what was written since the last call.
  Napi::Value take_capture(const Napi::CallbackInfo& info);
  Napi::Value trace_hash(const Napi::CallbackInfo& info);
  Napi::Value vif_counters(const Napi::CallbackInfo& info);
  Napi::Value vif_counter_names(const Napi::CallbackInfo& info);
  Napi::Value nic_counters(const Napi::CallbackInfo& info);
  Napi::Value nic_counter_names(const Napi::CallbackInfo& info);
  Napi::Value bond_counters(const Napi::CallbackInfo& info);
  Napi::Value bond_counter_names(const Napi::CallbackInfo& info);
  Napi::Value bridge_counters(const Napi::CallbackInfo& info);
  Napi::Value bridge_counter_names(const Napi::CallbackInfo& info);
  Napi::Value tcp_counters(const Napi::CallbackInfo& info);
  Napi::Value tcp_counter_names(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  World& open(Napi::Env env);
  // Argument 0 as the number of a vif of this world.
  std::uint32_t to_vif(const Napi::CallbackInfo& info);
  // Likewise, of a NIC.
  std::uint32_t to_nic(const Napi::CallbackInfo& info);
  void refresh(Napi::Env env);

  std::unique_ptr<World> world_;  // null after close()
  // JavaScript owns the counters' memory: it may outlive the world, or be transferred away at any time.
  Napi::ObjectReference vif_counters_;
  Napi::ObjectReference nic_counters_;
  Napi::ObjectReference bond_counters_;
  Napi::ObjectReference bridge_counters_;
  Napi::ObjectReference tcp_counters_;
};

}  // namespace ringback::addon
