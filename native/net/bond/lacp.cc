#include "net/bond/lacp.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/rate_clock.h"

namespace ringback {
namespace {

std::uint64_t number_of(const MacAddress& mac) noexcept {
  std::uint64_t number = 0;
  for (const std::byte byte : mac) number = number << 8 | std::to_integer<std::uint64_t>(byte);
  return number;
}

LacpSystem make_host(const BondConfig& config, std::uint32_t members) {
  std::vector<LacpPort> ports;
  for (std::uint32_t i = 0; i < members; ++i)
    ports.emplace_back(number_of(config.nic_macs[0]), static_cast<std::uint16_t>(i + 1), config.lacp_rate,
                       config.lacp_active);
  return {{.is_host = true, .select = config.ad_select}, std::move(ports)};
}

std::optional<LacpSystem> make_partner(const LacpPartner& partner, std::uint32_t members) {
  constexpr std::uint64_t kSwitches = 0x02'00'02'00'00'00;  // their MAC addresses, locally administered
  if (partner.activity == LacpActivity::kOff) return {};
  std::vector<LacpPort> ports;
  for (std::uint32_t i = 0; i < members; ++i)
    ports.emplace_back(kSwitches + (partner.switches.empty() ? 0 : partner.switches[i]),
                       static_cast<std::uint16_t>(i + 1), partner.rate, partner.activity == LacpActivity::kActive);
  return LacpSystem({.is_host = false}, std::move(ports));
}

}  // namespace

Lacp::Lacp(const BondConfig& config, const Members& members)
    : host_(make_host(config, members.size())), partner_(make_partner(config.partner, members.size())) {
  RB_ASSERT(config.partner.switches.empty() || config.partner.switches.size() == members.size());
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    nic_changed(members, i);
    set_link(members, i);
  }
  while (next_own_ns() < kSettlingNs) run_own(members, next_own_ns());
}

TimeNs Lacp::next_own_ns() const noexcept {
  return under_way_.empty() ? next_tick_ns_ : std::min(next_tick_ns_, under_way_.front().arrival_ns);
}

TimeNs Lacp::next_ns() const noexcept { return next_own_ns() - kSettlingNs; }

void Lacp::run(const Members& members, TimeNs now) { run_own(members, now + kSettlingNs); }

void Lacp::run_own(const Members& members, TimeNs now) {
  while (!under_way_.empty() && under_way_.front().arrival_ns <= now) {
    const UnderWay first = under_way_.front();
    under_way_.erase(under_way_.begin());
    if (first.is_to_host)
      host_.receive(first.member, first.pdu);
    else
      partner_->receive(first.member, first.pdu);
  }
  if (next_tick_ns_ > now) return;
  next_tick_ns_ += kTickNs;
  host_.tick([&](std::uint32_t member, const LacpPdu& pdu) {
    if (partner_) send(members, now, member, false, pdu);
  });
  if (partner_)
    partner_->tick([&](std::uint32_t member, const LacpPdu& pdu) { send(members, now, member, true, pdu); });
}

void Lacp::send(const Members& members, TimeNs now, std::uint32_t member, bool is_to_host, const LacpPdu& pdu) {
  const Nic& nic = *members[member].nic;
  if (!nic.has_link()) return;
  const NicConfig& config = nic.config();
  const TimeNs sent_ns = RateClock(nic.rate_bps()).end_after(now, LacpPdu::kBytes + config.overhead_bytes);
  const UnderWay sent{sent_ns + config.propagation_ns, member, is_to_host, pdu};
  under_way_.insert(std::ranges::upper_bound(under_way_, sent.arrival_ns, {}, &UnderWay::arrival_ns), sent);
}

void Lacp::set_link(const Members& members, std::uint32_t member) noexcept {
  host_.set_link(member, members[member].is_up(), members[member].mbps());
}

void Lacp::nic_changed(const Members& members, std::uint32_t member) noexcept {
  const bool has_link = members[member].has_carrier();
  const std::uint64_t mbps = members[member].mbps();
  const bool had_link = members_has_link(member);
  links_ = (links_ & ~(1u << member)) | std::uint32_t{has_link} << member;
  host_.set_carrier(member, has_link);
  host_.set_speed(member, mbps);
  if (!has_link) std::erase_if(under_way_, [member](const UnderWay& sent) { return sent.member == member; });
  if (!partner_) return;
  partner_->set_carrier(member, has_link);
  if (has_link == had_link)
    partner_->set_speed(member, mbps);
  else
    partner_->set_link(member, has_link, mbps);
}

}  // namespace ringback
