#include "shaping/reserve_shaper.h"

namespace ringback {

ReserveShaper::ReserveShaper(const ReserveConfig& config) noexcept
    : config_(config), wire_(std::max<std::uint64_t>(1, config.rate_bps)) {
  RB_ASSERT(config.horizon_ns > 0);
}

std::uint32_t ReserveShaper::add(const Reservation& reservation) {
  RB_ASSERT(reservation.weight >= 1 && reservation.weight <= kMaxWeight);
  members_.push_back({.min_bps = reservation.min_bps,
                      .weight = reservation.weight,
                      .guarantee = RateClock(std::max<std::uint64_t>(1, reservation.min_bps))});
  set_turns();
  return static_cast<std::uint32_t>(members_.size() - 1);
}

void ReserveShaper::wait(TimeNs now, std::uint32_t vif, std::uint32_t size_bytes) noexcept {
  Member& member = members_[vif];
  if (!member.is_waiting) join(vif);
  member.earned += member.granted_bytes * kPerByte;
  take_back_grant(now, member);
  member.needed_bytes = std::max(member.needed_bytes, on_wire(size_bytes));
}

void ReserveShaper::leave(TimeNs now, std::uint32_t vif) noexcept {
  Member& member = members_[vif];
  if (member.is_waiting) stop_waiting(vif);
  member.earned = 0;
  take_back_grant(now, member);
}

void ReserveShaper::take_back_grant(TimeNs now, Member& member) noexcept {
  if (member.granted_bytes == 0) return;
  wire_.take_back(now, std::exchange(member.granted_bytes, 0));
  stop_holding();
}

// Behind all others.
void ReserveShaper::join(std::uint32_t vif) noexcept {
  Member& member = members_[vif];
  if (waiting_count_ == 0) {
    next_ = member.previous = member.next = vif;
  } else {
    member.next = next_;
    member.previous = std::exchange(members_[next_].previous, vif);
    members_[member.previous].next = vif;
  }
  member.is_waiting = true;
  waits_for_holders_ = false;
  ++waiting_count_;
}

void ReserveShaper::stop_waiting(std::uint32_t vif) noexcept {
  Member& member = members_[vif];
  members_[member.previous].next = member.next;
  members_[member.next].previous = member.previous;
  if (next_ == vif) next_ = member.next;
  member.is_waiting = false;
  member.needed_bytes = 0;
  --waiting_count_;
}

// The next one's. Returns whether it has earned what it needs: it is granted all of that.
bool ReserveShaper::take_turn(TimeNs now) noexcept {
  const std::uint32_t vif = next_;
  Member& member = members_[vif];
  next_ = member.next;
  member.round = round_;
  member.earned += member.turn;
  if (member.earned < member.needed_bytes * kPerByte) return false;
  stop_waiting(vif);
  member.granted_bytes = static_cast<std::uint32_t>(member.earned / kPerByte);
  member.earned %= kPerByte;
  if (member.granted_bytes > 0) ++holders_;
  wire_.pass(now, member.granted_bytes);
  return true;
}

// As many turns of all as bring nobody what it needs: those would have been in vain.
void ReserveShaper::skip_turns() noexcept {
  std::uint64_t turns = ~std::uint64_t{0};
  std::uint32_t vif = next_;
  for (std::uint32_t i = 0; i < waiting_count_; ++i, vif = members_[vif].next) {
    const Member& member = members_[vif];
    turns = std::min(turns, (member.needed_bytes * kPerByte - member.earned - 1) / member.turn);
  }
  for (std::uint32_t i = 0; i < waiting_count_; ++i, vif = members_[vif].next)
    members_[vif].earned += turns * members_[vif].turn;
}

// A round of turns is about what the horizon holds, but a turn is worth a visit, and no grant is large.
void ReserveShaper::set_turns() noexcept {
  constexpr std::uint64_t kLeastBytes = 1514;
  constexpr std::uint64_t kMostBytes = 65'536;
  if (members_.empty()) return;
  std::uint64_t sum = 0;
  std::uint64_t heaviest = 1;
  for (const Member& member : members_) {
    sum += member.weight;
    heaviest = std::max<std::uint64_t>(heaviest, member.weight);
  }
  const auto horizon_bytes = static_cast<std::uint64_t>(static_cast<unsigned __int128>(config_.rate_bps) *
                                                        config_.horizon_ns / (8 * kNsPerSecond));
  const std::uint64_t most = std::clamp(horizon_bytes / sum * heaviest, kLeastBytes, kMostBytes);
  for (Member& member : members_) member.turn = std::max<std::uint64_t>(1, most * kPerByte * member.weight / heaviest);
}

void ReserveShaper::set_reservation(TimeNs now, std::uint32_t vif, const Reservation& reservation) noexcept {
  RB_ASSERT(reservation.weight >= 1 && reservation.weight <= kMaxWeight);
  Member& member = members_[vif];
  if (reservation.min_bps != member.min_bps) {
    member.min_bps = reservation.min_bps;
    member.guarantee.set_rate(now, std::max<std::uint64_t>(1, reservation.min_bps));
  }
  member.weight = reservation.weight;
  set_turns();
}

void ReserveShaper::set_rate(TimeNs now, std::uint64_t rate_bps) noexcept {
  if (config_.rate_bps == 0) {
    wire_.restart(now, std::max<std::uint64_t>(1, rate_bps));
  } else if (rate_bps > 0) {
    wire_.set_rate(now, rate_bps);
  }
  config_.rate_bps = rate_bps;
  set_turns();
}

}  // namespace ringback
