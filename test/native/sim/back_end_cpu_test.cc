#include "sim/back_end_cpu.h"

#include <doctest/doctest.h>

#include <array>
#include <span>
#include <vector>

#include "memory/grant_copy.h"

using namespace ringback;

namespace {

using Who = Ready::Who;

struct CpuRig {
  DomainTable domains;
  LocalGrantCopier copier{domains, 0, Payload::kNone};
  BackEndCpu cpu;

  explicit CpuRig(const CpuCosts& costs, const std::vector<VifConfig>& vifs = {{.queues = 2}, {}})
      : cpu(costs, vifs, copier, copier) {}

  // The work that begins, and takes `packets`.
  Ready begin(TimeNs now, std::uint32_t packets = 1) {
    const auto work = cpu.begin(now);
    REQUIRE(work.has_value());
    cpu.count_packets(packets);
    busy = cpu.end(now);
    return *work;
  }
  [[nodiscard]] bool may_begin(TimeNs now) { return cpu.begin(now).has_value(); }
  BackEndCpu::Busy busy{};
};

}  // namespace

TEST_CASE("cpu: work waits in the order in which it became ready, once however often it did") {
  CpuRig rig({.packet_ps = 1000});
  rig.cpu.add({Who::kTxPoll, 1, 0});
  rig.cpu.add({Who::kRxRun, 0, 1});
  rig.cpu.add({Who::kTxPoll, 1, 0});
  rig.cpu.add({Who::kTxPoll, 0, 1});
  for (const Ready& expected : {Ready{Who::kTxPoll, 1, 0}, Ready{Who::kRxRun, 0, 1}, Ready{Who::kTxPoll, 0, 1}}) {
    const Ready work = rig.begin(rig.busy.until_ns);
    CHECK(work.who == expected.who);
    CHECK(work.vif == expected.vif);
    CHECK(work.index == expected.index);
    CHECK_FALSE(rig.may_begin(rig.busy.until_ns));  // the only core is busy
    static_cast<void>(rig.cpu.finish(rig.busy.core));
  }
  CHECK_FALSE(rig.may_begin(10));
}

TEST_CASE("cpu: work takes the free core with the lowest number") {
  CpuRig rig({.cores = 3, .packet_ps = 1000});
  for (const std::uint32_t queue : {0u, 1u}) rig.cpu.add({Who::kTxPoll, 0, queue});
  rig.cpu.add({Who::kTxPoll, 1, 0});
  for (const std::uint32_t core : {0u, 1u, 2u}) {
    static_cast<void>(rig.begin(5));
    CHECK(rig.busy.core == core);
    CHECK(rig.busy.until_ns == 6);
  }
  static_cast<void>(rig.cpu.finish(1));
  rig.cpu.add({Who::kRxRun, 1, 0});
  static_cast<void>(rig.begin(6));
  CHECK(rig.busy.core == 1);
}

TEST_CASE("cpu: a queue's direction is on one core at a time; both directions may be on two") {
  CpuRig rig({.cores = 4, .packet_ps = 1000});
  rig.cpu.add({Who::kTxPoll, 0, 0});
  rig.cpu.add({Who::kBackEndEvent, 0, 0});  // the port of the same direction
  rig.cpu.add({Who::kRxRun, 0, 0});
  rig.cpu.add({Who::kControlPoll, 0, 0});
  CHECK(rig.begin(0).who == Who::kTxPoll);
  const std::uint32_t core = rig.busy.core;
  CHECK(rig.begin(0).who == Who::kRxRun);
  CHECK(rig.begin(0).who == Who::kControlPoll);
  CHECK_FALSE(rig.may_begin(0));
  static_cast<void>(rig.cpu.finish(core));
  CHECK(rig.begin(1).who == Who::kBackEndEvent);
}

TEST_CASE("cpu: an event for both directions needs both, and is not overtaken by either") {
  CpuRig rig({.cores = 4, .packet_ps = 1000}, {{.split_event_channels = false}});
  rig.cpu.add({Who::kTxPoll, 0, 0});
  CHECK(rig.begin(0).who == Who::kTxPoll);
  const std::uint32_t core = rig.busy.core;
  rig.cpu.add({Who::kBackEndEvent, 0, 0});
  rig.cpu.add({Who::kRxRun, 0, 0});
  CHECK_FALSE(rig.may_begin(0));
  static_cast<void>(rig.cpu.finish(core));
  CHECK(rig.begin(1).who == Who::kBackEndEvent);
  CHECK_FALSE(rig.may_begin(1));
  static_cast<void>(rig.cpu.finish(rig.busy.core));
  CHECK(rig.begin(2).who == Who::kRxRun);
}

TEST_CASE("cpu: parts of a nanosecond go into the work that follows at once, and into no other") {
  CpuRig rig({.packet_ps = 1600});
  const auto until = [&](TimeNs now) {
    rig.cpu.add({Who::kTxPoll, 0, 0});
    static_cast<void>(rig.begin(now));
    static_cast<void>(rig.cpu.finish(rig.busy.core));
    return rig.busy.until_ns;
  };
  CHECK(until(10) == 11);
  CHECK(until(11) == 13);
  CHECK(until(13) == 14);
  CHECK(until(15) == 16);
  CHECK(until(16) == 18);
  CHECK(rig.cpu.counters(18)[1] == 7);
}

TEST_CASE("cpu: what is not over is not busy time yet") {
  CpuRig rig({.cores = 2, .packet_ps = 10'000});
  rig.cpu.add({Who::kTxPoll, 0, 0});
  rig.cpu.add({Who::kTxPoll, 0, 1});
  static_cast<void>(rig.begin(100));
  static_cast<void>(rig.begin(100, 2));
  CHECK(rig.cpu.counters(100)[1] == 0);
  CHECK(rig.cpu.counters(105)[1] == 10);
  CHECK(rig.cpu.counters(115)[1] == 10 + 15);
  CHECK(rig.cpu.counters(200)[1] == 30);
}

TEST_CASE("cpu: bytes are counted where a copy succeeded") {
  class HalfCopier final : public GrantCopier {
   public:
    void copy(std::span<abi::gnttab_copy> operations) override {
      for (std::size_t i = 0; i < operations.size(); ++i)
        operations[i].status = i % 2 == 0 ? abi::GNTST_okay : abi::GNTST_bad_gntref;
    }
  } half;
  std::uint64_t bytes = 5;
  MeteredCopier copier(half, bytes);
  std::array<abi::gnttab_copy, 3> operations{};
  for (std::uint16_t i = 0; i < operations.size(); ++i) operations[i].len = static_cast<std::uint16_t>(100 + i);
  copier.copy(operations);
  CHECK(bytes == 5 + 100 + 102);
}

TEST_CASE("cpu: a guest that comes back has no work waiting and gets no old event") {
  CpuRig rig({.packet_ps = 1000});
  rig.cpu.add({Who::kTxPoll, 0, 0});
  static_cast<void>(rig.cpu.begin(0));
  rig.cpu.send_event(0, 1);
  rig.cpu.go_on({Who::kTxPoll, 0, 0});
  const auto busy = rig.cpu.end(0);
  rig.cpu.add({Who::kRxRun, 0, 0});
  rig.cpu.add({Who::kRxRun, 1, 0});
  rig.cpu.forget(0);
  const auto effects = rig.cpu.finish(busy.core);
  CHECK(effects.events.empty());
  CHECK(effects.left.empty());
  CHECK(rig.begin(1).vif == 1);
  static_cast<void>(rig.cpu.finish(rig.busy.core));
  CHECK_FALSE(rig.may_begin(2));
  rig.cpu.add({Who::kRxRun, 0, 0});
  CHECK(rig.begin(2).vif == 0);
}
