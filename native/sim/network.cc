#include "sim/network.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/random.h"
#include "net/packet_header.h"
#include "sim/payload.h"

namespace ringback {

Network::Network(const Devices& devices, std::uint64_t seed, bool fill_payload, FrameBuffers& buffers,
                 Captures& captures, PacketEnds& packet_ends, NetworkHost& host)
    : buffers_(buffers),
      captures_(captures),
      packet_ends_(packet_ends),
      host_(host),
      fill_payload_(fill_payload),
      nic_traces_(devices.nics.size()),
      link_drops_(devices.nics.size()),
      queued_packets_(devices.nics.size()),
      memberships_(devices.nics.size()),
      nic_plugs_(devices.nics.size()),
      bond_plugs_(devices.bonds.size()),
      vif_plugs_(devices.vifs.size()) {
  for (const NicConfig& nic : devices.nics) {
    nics_.emplace_back(nic);
    far_ends_.emplace_back(nic);
  }
  for (const BondOptions& options : devices.bonds) add_bond(options);
  Random seeds(seed);
  for (const BridgeOptions& options : devices.bridges) add_bridge(options, devices.vifs, seeds.next());
}

void Network::add_bridge(const BridgeOptions& options, std::span<const VifConfig> vifs, std::uint64_t hash_seed) {
  const auto index = static_cast<std::uint32_t>(bridges_.size());
  std::vector<BridgePort> ports;
  const auto plug = [&](Plug& at, Uplink::Kind kind, std::uint32_t device) {
    at = {index, static_cast<std::uint32_t>(ports.size())};
    ports.push_back({kind, device});
  };
  for (const std::uint32_t nic : options.nics) plug(nic_plugs_[nic], Uplink::Kind::kNic, nic);
  for (const std::uint32_t bond : options.bonds) plug(bond_plugs_[bond], Uplink::Kind::kBond, bond);
  for (std::uint32_t vif = 0; vif < vifs.size(); ++vif)
    if (vifs[vif].uplink == Uplink{Uplink::Kind::kBridge, index}) plug(vif_plugs_[vif], Uplink::Kind::kBridge, vif);
  const BridgeConfig config{.ports = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(ports.size())),
                            .ageing_ns = options.ageing_ns,
                            .hash_seed = hash_seed};
  bridges_.push_back({Bridge(config), std::move(ports)});
}

void Network::transmit(TimeNs now, VifPath& from, const WireFrame& frame) {
  const Uplink& uplink = from.config().uplink;
  if (uplink.kind == Uplink::Kind::kNic) return send(now, uplink.index, frame);
  if (uplink.kind == Uplink::Kind::kBond) return send_bonded(now, uplink.index, frame);
  forward(now, vif_plugs_[from.index()], frame);
}

void Network::announce(TimeNs now, std::uint32_t vif) {
  const Plug& plug = vif_plugs_[vif];
  if (plug.bridge == kNone) return;
  Switch& at = bridges_[plug.bridge];
  const auto hear = [&](std::uint32_t port, const MacAddress& from) {
    std::array<std::byte, 14> header{};
    std::ranges::fill_n(header.begin(), 6, std::byte{0xff});
    std::ranges::copy(from, header.begin() + 6);
    static_cast<void>(at.bridge.forward(now, port, header));
  };
  hear(plug.port, mac_of_guest(vif));
  if (at.ports[0].kind != Uplink::Kind::kBridge) hear(0, mac_of({}));
}

void Network::offer_from_wire(TimeNs now, const Uplink& inlet, std::uint32_t vif, const Offer& offer) {
  const WireFrame frame = to_wire_frame(offer, vif, true);
  VifPath& path = host_.vif(vif);
  path.rx().offered.add(offer.size_bytes);
  const std::uint32_t nic = inlet.kind == Uplink::Kind::kNic ? inlet.index : wire_of_bond(now, inlet.index, frame);
  if (nic == kNone) return drop(now, Cause::kBond, frame);
  if (!far_ends_[nic].nic().has_link()) {
    link_drops_[nic].add(offer.size_bytes);
    return drop(now, Cause::kLink, frame);
  }
  if (!far_ends_[nic].offer(now, frame)) return drop(now, Cause::kNic, frame);
  path.in_network(frame).add(offer.size_bytes);
  host_.arm_arrival(nic, far_ends_[nic].next_arrival_ns());
}

void Network::arrive(TimeNs now, std::uint32_t nic) {
  far_ends_[nic].collect(now, [&](TimeNs arrival_ns, WireFrame frame) {
    host_.vif(frame.vif).in_network(frame).remove(frame.frame.size_bytes);
    frame.frame.buffer = receive_into_buffer(frame);
    if (frame.frame.buffer == kNoBuffer) return drop(now, Cause::kNoPages, frame);
    if (PcapWriter* capture = captures_.at(CaptureKind::kNicIn, nic)) captures_.record(*capture, arrival_ns, frame);
    come_in(now, nic, frame);
  });
  const TimeNs next_ns = far_ends_[nic].next_arrival_ns();
  if (next_ns != kNever) host_.arm_arrival(nic, next_ns);
}

void Network::come_in(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  const Membership& membership = memberships_[nic];
  const bool is_bonded = membership.bond != kNone;
  if (is_bonded && !is_accepted(membership, frame)) return drop(now, Cause::kBond, frame);
  const Plug& plug = is_bonded ? bond_plugs_[membership.bond] : nic_plugs_[nic];
  if (plug.bridge == kNone)
    deliver(now, frame);
  else
    forward(now, plug, frame);
}

// What a NIC's DMA does. What follows the header is whatever the pages hold, unless the world makes payload.
BufferRef Network::receive_into_buffer(const WireFrame& frame) {
  const std::uint32_t size_bytes = frame.frame.size_bytes;
  const BufferRef buffer = buffers_.allocate(size_bytes);
  if (buffer == kNoBuffer || !buffers_.has_payload()) return buffer;
  std::memcpy(buffers_.writable_bytes(buffer).data(), frame.header, frame.header_bytes);
  if (!fill_payload_) return buffer;
  std::uint32_t begin = frame.header_bytes;  // of what the page still lacks
  BufferRef page = buffer;
  for (std::uint32_t done = 0; done < size_bytes; page = buffers_.next(page)) {
    const auto bytes = buffers_.writable_bytes(page);
    const std::uint32_t end = std::min<std::uint32_t>(size_bytes, done + static_cast<std::uint32_t>(bytes.size()));
    fill_payload(frame.payload_seed, begin, bytes.subspan(begin - done, end - begin));
    begin = done = end;
  }
  return buffer;
}

void Network::forward(TimeNs now, const Plug& from, const WireFrame& frame) {
  Switch& at = bridges_[from.bridge];
  const Bridge::Decision decision = at.bridge.forward(now, from.port, header_of(frame, buffers_));
  switch (decision.kind) {
    case Bridge::Decision::Kind::kPort:
      return output(now, at.ports[decision.port], frame);
    case Bridge::Decision::Kind::kFlood:
      return flood(now, from, frame);
    case Bridge::Decision::Kind::kDrop:
      return drop(now, Cause::kBridge, frame);
  }
}

void Network::flood(TimeNs now, const Plug& from, const WireFrame& frame) {
  Switch& at = bridges_[from.bridge];
  const auto copies = static_cast<std::uint32_t>(at.ports.size() - 1);
  if (copies == 0) return drop(now, Cause::kBridge, frame);
  ++at.flooded_packets;
  for (std::uint32_t more = 1; more < copies; ++more) copy(frame);
  for (std::uint32_t port = 0; port < at.ports.size(); ++port)
    if (port != from.port) output(now, at.ports[port], frame);
}

// One more of it is on its way.
void Network::copy(const WireFrame& frame) {
  buffers_.share(frame.frame.buffer);
  if (frame.packet != WireFrame::kNoPacket) packet_ends_.copied(frame.packet);
  host_.vif(frame.vif).account(frame).copied.add(frame.frame.size_bytes);
}

void Network::output(TimeNs now, const BridgePort& port, const WireFrame& frame) {
  if (port.kind == Uplink::Kind::kNic) return send(now, port.index, frame);
  if (port.kind == Uplink::Kind::kBond) return send_bonded(now, port.index, frame);
  WireFrame moved = frame;
  if (!frame.inbound || frame.vif != port.index) {
    host_.vif(frame.vif).account(frame).forwarded.add(frame.frame.size_bytes);
    host_.vif(port.index).rx().arrived.add(frame.frame.size_bytes);
    moved.inbound = true;
    moved.vif = port.index;
  }
  deliver(now, moved);
}

void Network::set_nic_rate(TimeNs now, std::uint32_t nic, std::uint64_t rate_bps) {
  collect(now, nic);
  nics_[nic].set_rate(now, rate_bps);
  arm_departure(nic);
  far_ends_[nic].set_rate(now, rate_bps);
  if (const TimeNs next_ns = far_ends_[nic].next_arrival_ns(); next_ns != kNever) host_.arm_arrival(nic, next_ns);
  tell_bond(now, nic);
}

void Network::set_nic_link(TimeNs now, std::uint32_t nic, bool has_link) {
  collect(now, nic);
  const auto lost = [&](const WireFrame& frame) { lose(now, nic, frame); };
  nics_[nic].set_link(now, has_link, lost);
  if (!has_link) queued_packets_[nic] = 0;
  far_ends_[nic].set_link(now, has_link, lost);
  tell_bond(now, nic);
}

void Network::deliver(TimeNs now, const WireFrame& frame) {
  if (const auto queue = host_.vif(frame.vif).receive(now, frame)) host_.schedule_rx(frame.vif, *queue);
}

void Network::read_nic_counters(std::uint32_t nic, std::span<std::uint64_t, kNicCounterNames.size()> counters) const {
  const Nic& out = nics_[nic];
  const FarEnd& far_end = far_ends_[nic];
  const std::array values = {
      out.sent_packets(),
      out.sent_bytes(),
      out.queued_packets(),
      out.queued_bytes(),
      out.dropped_packets(),
      out.dropped_bytes(),
      out.busy_ns(),
      far_end.received_packets(),
      far_end.received_bytes(),
      far_end.queued_packets(),
      far_end.queued_bytes(),
      far_end.nic().dropped_packets(),
      far_end.nic().dropped_bytes(),
      far_end.nic().busy_ns(),
      link_drops_[nic].packets,
      link_drops_[nic].bytes,
  };
  static_assert(values.size() == kNicCounterNames.size());
  std::ranges::copy(values, counters.begin());
}

void Network::read_bridge_counters(std::uint32_t bridge,
                                   std::span<std::uint64_t, kBridgeCounterNames.size()> counters) const {
  const Switch& at = bridges_[bridge];
  const std::array<std::uint64_t, kBridgeCounterNames.size()> values = {
      at.bridge.learned(), at.bridge.moved(), at.bridge.refused(), at.flooded_packets, at.bridge.size(),
  };
  std::ranges::copy(values, counters.begin());
}

void Network::fold_into(TraceHash& hash) const {
  for (const TraceHash& trace : nic_traces_) hash.fold(trace.value());
  for (const auto& bonded : bonds_) fold_bond(hash, *bonded);
}

}  // namespace ringback
