// What the back ends of a world do, at once or on a core of the driver domain.
#include "base/assert.h"
#include "sim/vif_ports.h"
#include "sim/world.h"

namespace ringback {

// Events without a reason make the port stay masked for a while.
void World::on_back_end_event(std::uint32_t vif, std::uint32_t port) {
  VifPath& path = *vifs_[vif];
  channels_.clear_pending(kDriverDomain, back_port(vif, port));
  // The event has waited for a core: has_new_requests() is to see what the guest did meanwhile.
  if (cpu_) collect_offers(vif);
  const PortRole role = role_of(path.config(), port);
  bool found_work = false;
  if (role.is_control()) found_work = poll_control(vif);
  if (role.tx && path.back_end().has_new_requests(role.queue)) {
    found_work = true;
    poll_tx(vif, role.queue);
  }
  if (role.rx) found_work = run_rx(vif, role.queue) || found_work;
  const TimeNs delay_ns = path.backoff(port).handled(!found_work);
  if (delay_ns == 0 || path.config().always_notify) return;
  channels_.mask(kDriverDomain, back_port(vif, port));
  timers_.push({now_ns_ + delay_ns, Event::Kind::kUnmask, back_port(vif, port)});
}

void World::poll_tx(std::uint32_t vif, std::uint32_t queue) {
  collect_offers(vif);
  VifPath& path = *vifs_[vif];
  const TxBack::Polled polled = path.back_end().poll_tx(queue, now_ns_);
  if (cpu_) cpu_->count_packets(polled.packets);
  if (polled.notify) notify_front_end(vif, port_of(path.config(), queue, false));
  switch (polled.next) {
    case TxBack::Next::kIdle:
      if (path.back_end().shaper().reserve() != nullptr) set_grant_timer(path.config().reserve);
      return wake_sources(vif);
    case TxBack::Next::kPollAgain:
      go_on({Ready::Who::kTxPoll, vif, queue});
      return wake_sources(vif);
    case TxBack::Next::kWaitForCredit:
      return hold_back(vif);
    case TxBack::Next::kDisabled:
      if (!path.back_end().shaper().waits()) path.let_go(now_ns_);
      if (path.back_end().shaper().reserve() != nullptr) set_grant_timer(path.config().reserve);
      wake_sources(vif);
      // what waits for the guest is given up
      for (std::uint32_t i = 0; i < path.config().queues; ++i) static_cast<void>(run_rx(vif, i));
      return;
  }
}

bool World::run_rx(std::uint32_t vif, std::uint32_t queue) {
  VifPath& path = *vifs_[vif];
  const RxBack::Ran ran = path.back_end().run_rx(queue, now_ns_);
  if (cpu_) cpu_->count_packets(ran.packets);
  if (ran.notify) notify_front_end(vif, port_of(path.config(), queue, true));
  if (ran.next == RxBack::Next::kRunAgain) go_on({Ready::Who::kRxRun, vif, queue});
  if (ran.next == RxBack::Next::kIdle) arm_rx_timer(vif, queue);
  return ran.found_work;
}

bool World::poll_control(std::uint32_t vif) {
  VifPath& path = *vifs_[vif];
  const CtrlBack::Polled polled = path.back_end().poll_control();
  if (polled.notify) notify_front_end(vif, control_port_of(path.config()));
  if (polled.next == CtrlBack::Next::kPollAgain) go_on({Ready::Who::kControlPoll, vif, 0});
  return polled.answered > 0;
}

// A queue's timer never becomes due earlier than it was, so an old one may fire for nothing but never too late.
void World::arm_rx_timer(std::uint32_t vif, std::uint32_t queue) {
  const std::uint32_t target = vif * BackEnd::kMaxQueues + queue;
  const TimeNs due_ns = vifs_[vif]->back_end().rx_timer_ns(queue);
  if (due_ns == kNever || rx_timer_armed_[target]) return;
  rx_timer_armed_[target] = true;
  timers_.push({due_ns, Event::Kind::kRxTimer, target});
}

void World::do_work(const Ready& work) {
  switch (work.who) {
    case Ready::Who::kBackEndEvent:
      return on_back_end_event(work.vif, work.index);
    case Ready::Who::kTxPoll:
      return poll_tx(work.vif, work.index);
    case Ready::Who::kRxRun:
      return static_cast<void>(run_rx(work.vif, work.index));
    default:
      return static_cast<void>(poll_control(work.vif));
  }
}

void World::go_on(const Ready& work) {
  if (cpu_)
    cpu_->go_on(work);
  else
    ready_.push(work);
}

void World::notify_front_end(std::uint32_t vif, std::uint32_t port) {
  if (cpu_)
    cpu_->send_event(vif, port);
  else
    channels_.send(kDriverDomain, back_port(vif, port));
}

bool World::begin_work() {
  const auto work = cpu_->begin(now_ns_);
  if (!work) return false;
  do_work(*work);
  const BackEndCpu::Busy busy = cpu_->end(now_ns_);
  timers_.push({busy.until_ns, Event::Kind::kCoreDone, busy.core});
  return true;
}

void World::finish_work(std::uint32_t core) {
  const BackEndCpu::Effects effects = cpu_->finish(core);
  // What a NIC drops now comes after what the guest had no room for meanwhile.
  if (!effects.frames.empty()) collect_offers(effects.frames.front().from->index());
  for (const auto& [from, frame] : effects.frames) network_.transmit(now_ns_, *from, frame);
  for (const auto& [vif, port] : effects.events) channels_.send(kDriverDomain, back_port(vif, port));
  for (const Ready& left : effects.left) cpu_->add(left);
}

}  // namespace ringback
