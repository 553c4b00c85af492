// What the shapers of a world hold back and let go, and what is changed about them while it runs.
#include <algorithm>

#include "base/assert.h"
#include "sim/world.h"

namespace ringback {

void World::hold_back(std::uint32_t vif) {
  vifs_[vif]->hold_back(now_ns_);
  set_shaper_timers(vif);
}

void World::set_shaper_timers(std::uint32_t vif) {
  const VifShaper& shaper = vifs_[vif]->back_end().shaper();
  set_timer(credit_timers_, Event::Kind::kCreditTimer, vif, shaper.credit().timer_ns());
  if (shaper.reserve() == nullptr) return;
  set_timer(guarantee_timers_, Event::Kind::kGuaranteeTimer, vif, shaper.guarantee_ns());
  set_grant_timer(vifs_[vif]->config().reserve);
}

void World::set_grant_timer(std::uint32_t reserve) {
  set_timer(grant_timers_, Event::Kind::kGrantTimer, reserve, reserves_[reserve].shaper->grant_ns());
}

// What is due already is due now.
void World::set_timer(Alarms& alarms, Event::Kind kind, std::uint32_t target, TimeNs due_ns) {
  if (due_ns == kNever) return;
  due_ns = std::max(due_ns, now_ns_);
  if (alarms.set(target, due_ns)) timers_.push({due_ns, kind, target});
}

void World::on_credit_timer(std::uint32_t vif) {
  credit_timers_.fired(vif, now_ns_);
  VifPath& path = *vifs_[vif];
  if (path.back_end().shaper().credit().timer_ns() != now_ns_) return;
  poll_waiters(vif, path.back_end().on_credit_timer());
}

void World::on_guarantee_timer(std::uint32_t vif) {
  guarantee_timers_.fired(vif, now_ns_);
  const TimeNs due_ns = vifs_[vif]->back_end().shaper().guarantee_ns();
  if (due_ns <= now_ns_)
    poll_waiters(vif, vifs_[vif]->back_end().resume());
  else
    set_timer(guarantee_timers_, Event::Kind::kGuaranteeTimer, vif, due_ns);
}

void World::on_grant_timer(std::uint32_t reserve) {
  grant_timers_.fired(reserve, now_ns_);
  Reserve& from = reserves_[reserve];
  if (from.shaper->grant_ns() <= now_ns_)
    from.shaper->grant(now_ns_, [&](std::uint32_t member) {
      const std::uint32_t vif = from.vifs[member];
      poll_waiters(vif, vifs_[vif]->back_end().resume());
    });
  set_grant_timer(reserve);
}

void World::poll_waiters(std::uint32_t vif, const BackEnd::Waiters& waiters) {
  vifs_[vif]->let_go(now_ns_);
  for (std::uint32_t i = 0; i < waiters.count; ++i) ready_.push({Ready::Who::kTxPoll, vif, waiters.queues[i]});
}

void World::set_credit(std::uint32_t vif, const Credit& credit) {
  collect_offers(vif);
  CreditShaper& shaper = vifs_[vif]->back_end().shaper().credit();
  if (shaper.set_credit(credit, now_ns_)) set_shaper_timers(vif);
}

void World::set_reservation(std::uint32_t vif, const Reservation& reservation) {
  collect_offers(vif);
  vifs_[vif]->back_end().shaper().set_reservation(now_ns_, reservation);
  set_shaper_timers(vif);
}

void World::set_reserve_rate(std::uint32_t reserve, std::uint64_t rate_bps) {
  reserves_[reserve].shaper->set_rate(now_ns_, rate_bps);
  for (const std::uint32_t vif : reserves_[reserve].vifs) set_shaper_timers(vif);
}

void World::set_nic_rate(std::uint32_t nic, std::uint64_t rate_bps) { network_.set_nic_rate(now_ns_, nic, rate_bps); }

void World::set_nic_link(std::uint32_t nic, bool has_link) { network_.set_nic_link(now_ns_, nic, has_link); }

}  // namespace ringback
