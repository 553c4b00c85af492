// Where a bond's frames go: on which NIC one leaves, and on which wire the far end sends one.
#include "net/bond/bond.h"
#include "net/bond/earliest.h"
#include "net/bond/frame_kinds.h"
#include "net/flow_id.h"
#include "net/xmit_hash.h"

namespace ringback {

// Each mode's way is a function of its own: together they would save and restore as many registers as the longest one.
std::uint32_t Bond::choose(TimeNs now, std::span<const std::byte> header, std::uint32_t size_bytes) noexcept {
  switch (config_.mode) {
    case BondMode::kBalanceRr:
      return choose_rr(header);
    case BondMode::kActiveBackup:
      return hear(active_, 0);
    case BondMode::kBalanceXor:
      return choose_hashed(header);
    case BondMode::kBroadcast:
      return usable_.empty() ? kNone : kAll;
    case BondMode::k8023ad:
      return hear(has_carrier_ ? choose_hashed(header) : kNone, 0);
    case BondMode::kBalanceTlb:
    case BondMode::kBalanceAlb:
      return choose_balanced(header, size_bytes);
    case BondMode::kBalanceEdpf:
      return choose_earliest(now, size_bytes);
    case BondMode::kBalanceFlowlet:
      return choose_flowlet(now, header, size_bytes);
  }
  return kNone;
}

// Source: Linux bond_main.c bond_xmit_roundrobin_slave_get
std::uint32_t Bond::choose_rr(std::span<const std::byte> header) noexcept {
  if (usable_.empty()) return kNone;
  if (may_be_igmp(header)) [[unlikely]]
    return choose_rr_of_any(header);
  return heirs_[turns_.next()];
}

// All group memberships are on one NIC.
std::uint32_t Bond::choose_rr_of_any(std::span<const std::byte> header) noexcept {
  if (is_igmp(header)) return active_ != kNone ? active_ : heirs_[0];
  return heirs_[turns_.next()];
}

std::uint32_t Bond::choose_earliest(TimeNs now, std::uint32_t size_bytes) const noexcept {
  return find_earliest(members_, usable_, now, size_bytes).member;
}

std::uint32_t Bond::choose_flowlet(TimeNs now, std::span<const std::byte> header, std::uint32_t size_bytes) noexcept {
  return flowlets_->choose(members_, usable_, now, flow_id(header), size_bytes);
}

std::uint32_t Bond::choose_hashed(std::span<const std::byte> header) const noexcept {
  return usable_.empty() ? kNone : usable_.pick(xmit_hash(config_.xmit_hash_policy, header));
}

std::uint32_t Bond::choose_balanced(std::span<const std::byte> header, std::uint32_t size_bytes) noexcept {
  const std::uint32_t member = balancer_->choose(view(), header, size_bytes);
  return member == kNone ? kNone : hear(member, balancer_->mac_of(member));
}

// The far end hears a frame from one of the bond's addresses.
std::uint32_t Bond::hear(std::uint32_t member, std::uint32_t mac) noexcept {
  if (member != kNone && members_[member].has_carrier()) far_switch_.heard(mac, member);
  return member;
}

std::uint32_t Bond::choose_inbound(TimeNs, std::span<const std::byte> header) noexcept {
  switch (config_.mode) {
    case BondMode::kActiveBackup:
      return port_of(0, is_group(header));
    case BondMode::k8023ad:
      return aggregated_ports_.empty() ? port_of(0, is_group(header)) : hash_port(aggregated_ports_, header);
    case BondMode::kBalanceTlb:
    case BondMode::kBalanceAlb:
      return port_of(balancer_->inbound_mac(view(), header), is_group(header));
    case BondMode::kBroadcast:
      return far_ports_.empty() ? kNone : far_ports_[0];
    case BondMode::kBalanceRr:
    case BondMode::kBalanceXor:
    case BondMode::kBalanceEdpf:
    case BondMode::kBalanceFlowlet:
      return hash_port(far_ports_, header);
  }
  return kNone;
}

// A learning switch's. What it floods reaches every port with a link, and so whoever listens.
std::uint32_t Bond::port_of(std::uint32_t mac, bool is_flooded) const noexcept {
  const std::uint32_t port = is_flooded ? kNone : far_switch_.port_of(mac);
  if (port != kNone) return port;
  for (std::uint32_t i = 0; i < far_ports_.size(); ++i)
    if (members_[far_ports_[i]].is_listening) return far_ports_[i];
  return far_ports_.empty() ? kNone : far_ports_[0];
}

// A switch that aggregates its ports: by a hash, as the bond does where it has one.
std::uint32_t Bond::hash_port(const UsableNics& ports, std::span<const std::byte> header) const noexcept {
  if (ports.empty()) return kNone;
  const bool has_policy = config_.mode == BondMode::kBalanceXor || config_.mode == BondMode::k8023ad;
  return ports.pick(xmit_hash(has_policy ? config_.xmit_hash_policy : XmitHashPolicy::kLayer34, header));
}

}  // namespace ringback
