#include "sim/back_end_cpu.h"

#include <algorithm>

#include "base/assert.h"
#include "sim/vif_ports.h"

namespace ringback {
namespace {

constexpr std::uint32_t kControl = 1u << (2 * BackEnd::kMaxQueues);

constexpr std::uint32_t tx_direction(std::uint32_t queue) { return 1u << (2 * queue); }
constexpr std::uint32_t rx_direction(std::uint32_t queue) { return 2u << (2 * queue); }

// A bit of its own for each work that a vif can have.
std::uint64_t bit_of(const Ready& work) {
  constexpr std::uint32_t kQueues = BackEnd::kMaxQueues;
  switch (work.who) {
    case Ready::Who::kTxPoll:
      return std::uint64_t{1} << work.index;
    case Ready::Who::kRxRun:
      return std::uint64_t{1} << (kQueues + work.index);
    case Ready::Who::kControlPoll:
      return std::uint64_t{1} << (2 * kQueues);
    default:
      return std::uint64_t{1} << (2 * kQueues + 1 + work.index);
  }
}

}  // namespace

BackEndCpu::BackEndCpu(const CpuCosts& costs, std::span<const VifConfig> vifs, GrantCopier& grants,
                       GrantCopier& control_grants)
    : costs_(costs),
      vifs_(vifs.begin(), vifs.end()),
      grants_(grants, bytes_),
      control_grants_(control_grants, bytes_),
      cores_(costs.cores),
      waits_(vifs.size(), 0),
      busy_directions_(vifs.size(), 0) {
  RB_ASSERT(costs.cores > 0 && costs.cores <= kMaxCores);
}

std::uint32_t BackEndCpu::directions_of(const Ready& work) const noexcept {
  switch (work.who) {
    case Ready::Who::kTxPoll:
      return tx_direction(work.index);
    case Ready::Who::kRxRun:
      return rx_direction(work.index);
    case Ready::Who::kControlPoll:
      return kControl;
    default:
      break;
  }
  const PortRole role = role_of(vifs_[work.vif], work.index);
  if (role.is_control()) return kControl;
  return (role.tx ? tx_direction(role.queue) : 0) | (role.rx ? rx_direction(role.queue) : 0);
}

void BackEndCpu::add(const Ready& work) {
  RB_ASSERT(work.who != Ready::Who::kFrontEnd);
  if ((waits_[work.vif] & bit_of(work)) != 0) return;
  waits_[work.vif] |= bit_of(work);
  waiting_.push_back(work);
}

std::uint32_t BackEndCpu::free_core() const noexcept {
  const auto core = std::ranges::find(cores_, false, &Core::busy);
  return core == cores_.end() ? kNone : static_cast<std::uint32_t>(core - cores_.begin());
}

std::deque<Ready>::iterator BackEndCpu::first_startable() {
  passed_over_.clear();
  return std::ranges::find_if(waiting_, [this](const Ready& work) {
    const std::uint32_t wanted = directions_of(work);
    std::uint32_t taken = busy_directions_[work.vif];
    for (const PassedOver& earlier : passed_over_)
      if (earlier.vif == work.vif) taken |= earlier.directions;
    if ((wanted & taken) == 0) return true;
    passed_over_.push_back({work.vif, wanted});
    return false;
  });
}

std::optional<Ready> BackEndCpu::begin(TimeNs now) {
  RB_ASSERT(!is_doing());
  const std::uint32_t core = waiting_.empty() ? kNone : free_core();
  if (core == kNone) return std::nullopt;
  const auto first = first_startable();
  if (first == waiting_.end()) return std::nullopt;
  doing_ = core;
  Core& on = doing();
  on.busy = true;
  on.work = *first;
  waiting_.erase(first);
  if (on.end_ns != now) on.end_ps = 0;
  waits_[on.work.vif] &= ~bit_of(on.work);
  busy_directions_[on.work.vif] |= directions_of(on.work);
  on.frames.clear();
  on.events.clear();
  on.left.clear();
  packets_ = bytes_ = 0;
  return on.work;
}

void BackEndCpu::transmit(TimeNs, VifPath& from, const WireFrame& frame) {
  from.in_network(frame).add(frame.frame.size_bytes);
  doing().frames.push_back({&from, frame});
}

void BackEndCpu::send_event(std::uint32_t vif, std::uint32_t port) { doing().events.push_back({vif, port}); }

void BackEndCpu::count_packets(std::uint32_t packets) noexcept {
  packets_ += packets;
  if (packets > 0) ++polls_;
}

BackEndCpu::Busy BackEndCpu::end(TimeNs now) {
  Core& core = doing();
  const bool was_notified = core.work.who == Ready::Who::kBackEndEvent;
  const std::uint64_t notifies = core.events.size() + (was_notified ? 1 : 0);
  const std::uint64_t cost_ps =
      core.end_ps + notifies * costs_.notify_ps + packets_ * costs_.packet_ps + bytes_ * costs_.byte_ps;
  core.end_ns = now + cost_ps / kPsPerNs;
  core.end_ps = cost_ps % kPsPerNs;
  busy_ns_ += core.end_ns - now;
  all_packets_ += packets_;
  if (was_notified) ++wakeups_;
  return {std::exchange(doing_, kNone), core.end_ns};
}

BackEndCpu::Effects BackEndCpu::finish(std::uint32_t core) {
  Core& done = cores_[core];
  RB_ASSERT(done.busy);
  done.busy = false;
  busy_directions_[done.work.vif] &= ~directions_of(done.work);
  for (const Sent& sent : done.frames) sent.from->in_network(sent.frame).remove(sent.frame.frame.size_bytes);
  return {done.frames, done.events, done.left};
}

void BackEndCpu::forget(std::uint32_t vif) {
  std::erase_if(waiting_, [vif](const Ready& work) { return work.vif == vif; });
  waits_[vif] = 0;
  for (Core& core : cores_) {
    std::erase_if(core.events, [vif](const GuestEvent& event) { return event.vif == vif; });
    std::erase_if(core.left, [vif](const Ready& work) { return work.vif == vif; });
  }
}

BackEndCpu::Counters BackEndCpu::counters(TimeNs now) const {
  TimeNs busy_ns = busy_ns_;
  for (const Core& core : cores_)
    if (core.busy && core.end_ns > now) busy_ns -= core.end_ns - now;
  return {costs_.cores, busy_ns, wakeups_, polls_, all_packets_};
}

void BackEndCpu::fold_into(TraceHash& hash, TimeNs now) const {
  for (const std::uint64_t value : counters(now)) hash.fold(value);
}

}  // namespace ringback
