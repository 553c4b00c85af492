#include "net/bond/load_balancer.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/bond/frame_kinds.h"
#include "net/flow_keys.h"
#include "net/wire_bytes.h"
#include "net/xmit_hash.h"

namespace ringback {
namespace {

constexpr std::uint32_t kTicksPerSecond = 10;
constexpr std::uint32_t kRebalanceTicks = TlbTable::kRebalanceSeconds * kTicksPerSecond;

MacAddress mac_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
  MacAddress mac;
  std::ranges::copy(bytes.subspan(at, mac.size()), mac.begin());
  return mac;
}

// Linux's _simple_hash.
std::uint32_t fold_bytes(std::span<const std::byte> bytes) noexcept {
  std::byte hash{0};
  for (const std::byte byte : bytes) hash ^= byte;
  return std::to_integer<std::uint32_t>(hash);
}

// What is behind a complete Ethernet header.
std::span<const std::byte> payload_of(std::span<const std::byte> header, const LinkKeys& link) noexcept {
  return header.subspan(std::min(link.payload_at, header.size()));
}

// The destination address of an IP packet that may be balanced by it; nothing of one that may not.
std::optional<std::span<const std::byte>> balanced_address(std::span<const std::byte> header, std::uint16_t type,
                                                           std::span<const std::byte> packet) noexcept {
  if (is_broadcast(header)) return {};
  if (type == kIpv4Type && packet.size() >= 20) {
    const auto address = packet.subspan(16, 4);
    if (get32(address, 0) == 0xffff'ffff || get8(packet, 9) == kIgmpProtocol) return {};
    return address;
  }
  if (type == kIpv6Type && packet.size() >= 40) {
    if (is_all_ipv6_nodes(header)) return {};
    const bool is_from_nobody = is_all_zeros(packet.subspan(8, 16));  // asks whether an address is free
    if (is_from_nobody) return {};
    return packet.subspan(24, 16);
  }
  return {};
}

}  // namespace

LoadBalancer::LoadBalancer(const BondConfig& config) noexcept
    : config_(config), is_alb_(config.mode == BondMode::kBalanceAlb), rebalance_ticks_(kRebalanceTicks) {
  RB_ASSERT(config.lp_interval_ns > 0 && config.lp_interval_ns % kTickNs == 0);
  for (std::uint32_t i = 0; i < macs_.size(); ++i) macs_[i] = static_cast<std::uint8_t>(i);
}

std::uint32_t LoadBalancer::choose(const View& view, std::span<const std::byte> header,
                                   std::uint32_t size_bytes) noexcept {
  std::uint32_t member = is_alb_ ? choose_alb(view, header, size_bytes) : choose_tlb(view, header, size_bytes);
  if (member == kNoMember) {
    member = view.active;
    if (config_.tlb_dynamic_lb) table_.add_unbalanced(size_bytes);
  }
  if (member == kNoMember || view.members[member].can_send()) return member;
  if (config_.tlb_dynamic_lb) table_.clear(member, false);
  return kNoMember;
}

std::uint32_t LoadBalancer::choose_tlb(const View& view, std::span<const std::byte> header,
                                       std::uint32_t size_bytes) noexcept {
  if (is_group(header)) return kNoMember;
  const LinkKeys link = read_link(header);
  if (link.type != kIpv4Type && link.type != kIpv6Type) return kNoMember;
  if (!config_.tlb_dynamic_lb) return send_balanced(view, header, 0, size_bytes);
  return send_balanced(view, header, xmit_hash(config_.xmit_hash_policy, header) & 0xff, size_bytes);
}

std::uint32_t LoadBalancer::send_balanced(const View& view, std::span<const std::byte> header, std::uint32_t bucket,
                                          std::uint32_t size_bytes) noexcept {
  if (config_.tlb_dynamic_lb) return table_.choose(view.members, bucket, size_bytes);
  return view.usable.empty() ? kNoMember : view.usable.pick(xmit_hash(config_.xmit_hash_policy, header));
}

std::uint32_t LoadBalancer::choose_alb(const View& view, std::span<const std::byte> header,
                                       std::uint32_t size_bytes) noexcept {
  const LinkKeys link = read_link(header);
  const auto packet = payload_of(header, link);
  if (link.type == kArpType) return choose_arp(view, packet);
  const auto address = balanced_address(header, link.type, packet);
  if (!address) return kNoMember;
  if (link.type == kIpv4Type && !is_group(header))
    clients_.note(view.members, macs_, {get32(packet, 12), get32(packet, 16)}, mac_at(header, 0));
  return send_balanced(view, header, fold_bytes(*address), size_bytes);
}

std::uint32_t LoadBalancer::choose_arp(const View& view, std::span<const std::byte> arp) noexcept {
  if (arp.size() < 28) return kNoMember;
  const AlbPair pair{get32(arp, 14), get32(arp, 24)};
  const std::uint32_t operation = get16(arp, 6);
  if (operation == static_cast<std::uint32_t>(ArpOptions::Operation::kReply))
    return clients_.reply(view.members, macs_, pair, mac_at(arp, 18), view.active);
  if (operation == static_cast<std::uint32_t>(ArpOptions::Operation::kRequest))
    clients_.request(view.members, macs_, pair, view.active);
  return kNoMember;
}

std::uint32_t LoadBalancer::inbound_mac(const View& view, std::span<const std::byte> header) noexcept {
  if (!is_alb_ || is_group(header)) return 0;
  const LinkKeys link = read_link(header);
  const auto packet = payload_of(header, link);
  if (link.type == kArpType && packet.size() >= 28) {
    const AlbPair pair{get32(packet, 24), get32(packet, 14)};
    if (get16(packet, 6) == static_cast<std::uint32_t>(ArpOptions::Operation::kReply))
      clients_.heard_reply(pair, mac_at(packet, 8));
    return clients_.told(pair);
  }
  if (link.type != kIpv4Type || packet.size() < 20) return 0;
  const AlbPair pair{get32(packet, 16), get32(packet, 12)};
  clients_.note(view.members, macs_, pair, mac_at(header, 6));
  return clients_.told(pair);
}

void LoadBalancer::learn(std::uint32_t member, std::uint32_t mac, BondSender& sender) {
  sender.send(member, mac, make_learning_frame(config_.nic_macs[mac]));
}

void LoadBalancer::link_changed(const View& view, std::uint32_t member, bool is_up, BondSender& sender) {
  if (is_up) {
    rebalance_ticks_ = kRebalanceTicks;
    clients_.order_rebalance();
    return;
  }
  table_.clear(member, false);
  if (!is_alb_) return;
  clients_.leave(view.members, member);
  // What clients still send to its address comes to the active one.
  if (view.active != kNoMember && view.active != member) learn(view.active, macs_[member], sender);
}

void LoadBalancer::active_changed(const View& view, std::uint32_t before, BondSender* sender) {
  const std::uint32_t active = view.active;
  if (active == kNoMember) return;
  const auto holder = static_cast<std::uint32_t>(std::ranges::find(macs_, 0) - macs_.begin());
  const std::uint32_t other = before == kNoMember ? holder : before;
  table_.clear(other, true);
  table_.clear(active, true);
  std::swap(macs_[other], macs_[active]);
  if (sender == nullptr) return;
  const bool others_can = view.members[other].can_send();
  const bool active_can = view.members[active].can_send();
  for (const std::uint32_t member : {other, active}) {
    if (!view.members[member].can_send()) continue;
    learn(member, macs_[member], *sender);
    if (is_alb_) clients_.address_changed(member);
  }
  if (is_alb_ && others_can != active_can) learn(active, macs_[others_can ? active : other], *sender);
}

void LoadBalancer::tick(const View& view, BondSender& sender) {
  next_ns_ += kTickNs;
  if (++learning_ticks_ >= config_.lp_interval_ns / kTickNs) {
    learning_ticks_ = 0;
    for (std::uint32_t i = 0; i < view.members.size(); ++i) learn(i, macs_[i], sender);
  }
  if (++rebalance_ticks_ >= kRebalanceTicks) {
    rebalance_ticks_ = 0;
    table_.rebalance(view.members, view.active);
  }
  if (is_alb_) clients_.tick(view.members, macs_, config_.nic_macs, sender);
}

}  // namespace ringback
