// The bonds of a network.
#include <algorithm>

#include "net/flow_id.h"
#include "sim/network.h"
#include "sim/network_segments.h"

namespace ringback {

void Network::add_bond(const BondOptions& options) {
  const auto index = static_cast<std::uint32_t>(bonds_.size());
  std::vector<const Nic*> members;
  for (const std::uint32_t nic : options.nics) {
    memberships_[nic] = {index, static_cast<std::uint32_t>(members.size())};
    members.push_back(&nics_[nic]);
  }
  BondConfig config = options.config;
  if (config.nic_macs.empty())
    for (const std::uint32_t nic : options.nics) config.nic_macs.push_back(mac_of_nic(nic));
  bonds_.push_back(std::make_unique<BondedNics>(Bond(config, std::move(members)), options.nics, options.is_watched));
}

void Network::send_bonded(TimeNs now, std::uint32_t bond, const WireFrame& frame) {
  BondedNics& bonded = *bonds_[bond];
  if (!bonded.bond.wants_segments()) return send_chosen(now, bonded, frame);
  for_each_segment(now, frame, [&](const WireFrame& segment) { send_chosen(now, bonded, segment); });
}

void Network::send_chosen(TimeNs now, BondedNics& bonded, const WireFrame& frame) {
  const auto header = header_of(frame, buffers_);
  const std::uint32_t member = bonded.bond.choose(now, header, frame.frame.size_bytes);
  if (member == Bond::kAll) return send_to_all(now, bonded, frame);
  if (member == Bond::kNone) {
    bonded.dropped.add(frame.frame.size_bytes);
    return drop(now, Cause::kBond, frame);
  }
  const std::uint32_t nic = bonded.nics[member];
  const std::uint64_t flow = flow_id(header);
  for_each_segment(now, frame, [&](const WireFrame& segment) {
    if (!queue(now, nic, segment)) return;
    const TimeNs arrival_ns = nics_[nic].last_finish_ns() + nics_[nic].config().propagation_ns;
    if (bonded.order.overtakes(flow, arrival_ns)) ++bonded.reordered_packets;
  });
}

void Network::send_to_all(TimeNs now, BondedNics& bonded, const WireFrame& frame) {
  const auto members = static_cast<std::uint32_t>(bonded.nics.size());
  std::uint32_t last = members;
  for (std::uint32_t member = 0; member < members; ++member)
    if (bonded.bond.can_send(member)) last = member;
  for (std::uint32_t member = 0; member < members; ++member) {
    if (!bonded.bond.can_send(member)) continue;
    if (member != last) copy(frame);
    send(now, bonded.nics[member], frame);
  }
}

// The NIC on whose wire a frame for the bond is sent; kNone: nobody could receive it.
std::uint32_t Network::wire_of_bond(TimeNs now, std::uint32_t bond, const WireFrame& frame) {
  BondedNics& bonded = *bonds_[bond];
  const std::uint32_t member = bonded.bond.choose_inbound(now, {frame.header, frame.header_bytes});
  if (member != Bond::kNone) return bonded.nics[member];
  bonded.dropped.add(frame.frame.size_bytes);
  return kNone;
}

bool Network::is_accepted(const Membership& on, const WireFrame& frame) {
  BondedNics& bonded = *bonds_[on.bond];
  if (bonded.bond.accepts(on.member, header_of(frame, buffers_))) return true;
  bonded.inactive.add(frame.frame.size_bytes);
  return false;
}

void Network::run_bond(TimeNs now, std::uint32_t bond) {
  struct OwnFrames final : BondFrames {
    OwnFrames(Network& to, TimeNs at, BondedNics& from) : network(to), now(at), bonded(from) {}
    void send(std::uint32_t member, std::span<const std::byte> frame) override {
      ++bonded.own_frames;
      network.send_own(now, bonded.nics[member], frame);
    }
    Network& network;
    TimeNs now;
    BondedNics& bonded;
  };
  BondedNics& bonded = *bonds_[bond];
  OwnFrames frames(*this, now, bonded);
  const std::uint64_t before_bps = bonded.bond.capacity_bps();
  bonded.bond.run(now, frames);
  arm_bond(bond);
  if (bonded.is_watched && bonded.bond.capacity_bps() != before_bps) host_.on_new_capacity();
}

// The NIC has another link or rate.
void Network::tell_bond(TimeNs now, std::uint32_t nic) {
  const auto [bond, member] = memberships_[nic];
  if (bond == kNone) return;
  bonds_[bond]->bond.nic_changed(now, member);
  bonds_[bond]->order.forget();  // what is on its way arrives at other times
  arm_bond(bond);
}

void Network::arm_bond(std::uint32_t bond) {
  if (const TimeNs next_ns = bonds_[bond]->bond.next_ns(); next_ns != kNever) host_.arm_bond(bond, next_ns);
}

void Network::send_own(TimeNs now, std::uint32_t nic, std::span<const std::byte> frame) {
  const auto size_bytes = static_cast<std::uint32_t>(frame.size());
  static_cast<void>(queue(now, nic,
                          {.frame = {.size_bytes = size_bytes},
                           .offered_ns = now,
                           .header = frame.data(),
                           .header_bytes = static_cast<std::uint8_t>(size_bytes),
                           .vif = WireFrame::kNoVif}));
}

void Network::read_bond_counters(std::uint32_t bond,
                                 std::span<std::uint64_t, kBondCounterNames.size()> counters) const {
  const BondedNics& at = *bonds_[bond];
  std::uint64_t sent_packets = 0;
  std::uint64_t sent_bytes = 0;
  for (const std::uint32_t nic : at.nics) {
    sent_packets += nics_[nic].sent_packets();
    sent_bytes += nics_[nic].sent_bytes();
  }
  const std::uint32_t active = at.bond.active();
  const std::array<std::uint64_t, kBondCounterNames.size()> values = {
      sent_packets,
      sent_bytes,
      at.dropped.packets,
      at.dropped.bytes,
      at.inactive.packets,
      at.inactive.bytes,
      at.reordered_packets,
      at.bond.failovers(),
      at.own_frames,
      at.bond.capacity_bps(),
      active == Bond::kNone ? 0 : active + std::uint64_t{1},
      at.bond.up_count(),
  };
  std::ranges::copy(values, counters.begin());
}

// What has come to an end; what the bond is now follows from it.
void Network::fold_bond(TraceHash& hash, const BondedNics& bonded) {
  for (const Tally& tally : {bonded.dropped, bonded.inactive}) {
    hash.fold(tally.packets);
    hash.fold(tally.bytes);
  }
  for (const std::uint64_t value : {bonded.reordered_packets, bonded.own_frames, bonded.bond.failovers()})
    hash.fold(value);
}

}  // namespace ringback
