#include "net/bond/lacp_port.h"

namespace ringback {
namespace {

using namespace lacp_state;

constexpr LacpParams kNobody{.key = 1, .port = 1};

}  // namespace

LacpPort::LacpPort(std::uint64_t system, std::uint16_t number, LacpRate rate, bool is_active) noexcept
    : actor{.system = system, .port = number, .state = kAggregation}, partner(kNobody) {
  actor.set(kTimeout, rate == LacpRate::kFast);
  actor.set(kActivity, is_active);
}

void LacpPort::set_speed(bool is_up, std::uint64_t mbps) noexcept {
  const auto key = static_cast<std::uint32_t>(is_up ? mbps : 0);
  if (key == actor.key) return;
  actor.key = key;
  is_lacp_enabled = key != 0;
  if (key != 0) begins = true;
}

// ---- receive

LacpReceive LacpPort::next_receive_state(bool has_pdu) noexcept {
  if (begins) return LacpReceive::kInitialize;
  if (!is_enabled) return LacpReceive::kPortDisabled;
  const bool listens = receive_state == LacpReceive::kExpired || receive_state == LacpReceive::kDefaulted ||
                       receive_state == LacpReceive::kCurrent;
  if (has_pdu && listens) return LacpReceive::kCurrent;
  if (receive_ticks_ > 0 && --receive_ticks_ == 0) {
    if (receive_state == LacpReceive::kExpired) return LacpReceive::kDefaulted;
    if (receive_state == LacpReceive::kCurrent) return LacpReceive::kExpired;
  }
  if (receive_state == LacpReceive::kPortDisabled)
    return is_lacp_enabled ? LacpReceive::kExpired : LacpReceive::kLacpDisabled;
  return receive_state;
}

void LacpPort::receive(const LacpPdu* pdu) noexcept {
  const LacpReceive state = next_receive_state(pdu != nullptr);
  if (state == receive_state && pdu == nullptr && !begins) return;
  receive_state = state;
  enter(state, pdu);
}

void LacpPort::enter(LacpReceive state, const LacpPdu* pdu) noexcept {
  switch (state) {
    case LacpReceive::kInitialize:
      is_lacp_enabled = actor.key != 0;
      is_selected = false;
      record_default();
      actor.set(kExpired, false);
      receive_state = LacpReceive::kPortDisabled;
      break;
    case LacpReceive::kPortDisabled:
      break;
    case LacpReceive::kLacpDisabled:
      is_selected = false;
      record_default();
      actor.set(kExpired, false);
      break;
    case LacpReceive::kExpired:
      // Asks to be answered soon.
      partner.set(kSynchronization, false);
      partner.set(kTimeout, true);
      receive_ticks_ = kShortTimeoutTicks;
      actor.set(kExpired, true);
      break;
    case LacpReceive::kDefaulted:
      if (!are_alike(partner, kNobody, kAggregation)) is_selected = false;
      record_default();
      actor.set(kExpired, false);
      break;
    case LacpReceive::kCurrent:
      record(*pdu);
      receive_ticks_ = actor.has(kTimeout) ? kShortTimeoutTicks : kLongTimeoutTicks;
      actor.set(kExpired, false);
      break;
  }
}

void LacpPort::record_default() noexcept {
  partner = kNobody;
  actor.set(kDefaulted, true);
}

void LacpPort::record(const LacpPdu& pdu) noexcept {
  if (!are_alike(pdu.actor, partner, kAggregation)) is_selected = false;
  constexpr std::uint8_t kToldOfUs = kActivity | kTimeout | kSynchronization | kAggregation;
  if (!are_alike(pdu.partner, actor, kToldOfUs)) must_send = true;
  // Only who knows us is in synchronization with us.
  const bool is_matched = are_alike(pdu.partner, actor, kAggregation) || !pdu.actor.has(kAggregation);
  partner = pdu.actor;
  partner.set(kSynchronization, is_matched && pdu.actor.has(kSynchronization));
  actor.set(kDefaulted, false);
}

// ---- transmission

void LacpPort::tick_periodic() noexcept {
  constexpr std::uint32_t kSlowTicks = 30 * kTicksPerSecond;
  const Periodic before = periodic;
  const bool is_fast = partner.has(kTimeout);
  if (begins || !is_lacp_enabled || !is_enabled || !is_anybody_active()) {
    periodic = Periodic::kNone;
  } else if (periodic_ticks_ > 0) {
    if (--periodic_ticks_ == 0 || (periodic == Periodic::kSlow && is_fast)) {
      periodic_ticks_ = 0;
      periodic = Periodic::kTransmit;
    } else if (periodic == Periodic::kFast && !is_fast) {
      periodic = Periodic::kSlow;
    }
  } else if (periodic == Periodic::kNone) {
    periodic = Periodic::kFast;
  } else if (periodic == Periodic::kTransmit) {
    periodic = is_fast ? Periodic::kFast : Periodic::kSlow;
  }
  if (periodic == before) return;
  // The tick in which it transmits is one of the interval's.
  if (periodic == Periodic::kNone) periodic_ticks_ = 0;
  if (periodic == Periodic::kFast) periodic_ticks_ = kTicksPerSecond - 1;
  if (periodic == Periodic::kSlow) periodic_ticks_ = kSlowTicks - 1;
  if (periodic == Periodic::kTransmit) must_send = true;
}

std::optional<LacpPdu> LacpPort::transmit() noexcept {
  constexpr std::uint32_t kHoldTicks = kTicksPerSecond / 3;
  if (hold_ticks_ > 0 && --hold_ticks_ > 0) return {};
  if (!is_anybody_active()) must_send = false;
  if (!must_send || !is_lacp_enabled) return {};
  must_send = false;
  hold_ticks_ = kHoldTicks;
  return LacpPdu{actor, partner};
}

}  // namespace ringback
