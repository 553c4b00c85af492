#include "sim/network.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/random.h"
#include "net/packet_header.h"
#include "sim/payload.h"

namespace ringback {

Network::Network(std::span<const NicConfig> nics, std::span<const BridgeOptions> bridges,
                 std::span<const VifConfig> vifs, std::uint64_t seed, bool fill_payload, FrameBuffers& buffers,
                 Captures& captures, NetworkHost& host)
    : buffers_(buffers),
      captures_(captures),
      host_(host),
      fill_payload_(fill_payload),
      nic_traces_(nics.size()),
      link_drops_(nics.size()),
      nic_plugs_(nics.size()),
      vif_plugs_(vifs.size()) {
  for (const NicConfig& nic : nics) {
    nics_.emplace_back(nic);
    far_ends_.emplace_back(nic);
  }
  Random seeds(seed);
  for (std::uint32_t index = 0; index < bridges.size(); ++index) {
    std::vector<BridgePort> ports;
    const auto plug = [&](Plug& at, Uplink::Kind kind, std::uint32_t device) {
      at = {index, static_cast<std::uint32_t>(ports.size())};
      ports.push_back({kind, device});
    };
    for (const std::uint32_t nic : bridges[index].nics) plug(nic_plugs_[nic], Uplink::Kind::kNic, nic);
    for (std::uint32_t vif = 0; vif < vifs.size(); ++vif)
      if (vifs[vif].uplink.kind == Uplink::Kind::kBridge && vifs[vif].uplink.index == index)
        plug(vif_plugs_[vif], Uplink::Kind::kBridge, vif);
    const BridgeConfig config{.ports = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(ports.size())),
                              .ageing_ns = bridges[index].ageing_ns,
                              .hash_seed = seeds.next()};
    bridges_.push_back({Bridge(config), std::move(ports)});
  }
}

void Network::transmit(TimeNs now, VifPath& from, const WireFrame& frame) {
  const Plug& plug = vif_plugs_[from.index()];
  if (plug.bridge == kNoBridge)
    send(now, from.config().uplink.index, frame);
  else
    forward(now, plug, frame);
}

void Network::announce(TimeNs now, std::uint32_t vif) {
  const Plug& plug = vif_plugs_[vif];
  if (plug.bridge == kNoBridge) return;
  Switch& at = bridges_[plug.bridge];
  const auto hear = [&](std::uint32_t port, const MacAddress& from) {
    std::array<std::byte, 14> header{};
    std::ranges::fill_n(header.begin(), 6, std::byte{0xff});
    std::ranges::copy(from, header.begin() + 6);
    static_cast<void>(at.bridge.forward(now, port, header));
  };
  hear(plug.port, mac_of_guest(vif));
  if (at.ports[0].kind == Uplink::Kind::kNic) hear(0, mac_of({}));
}

void Network::offer_from_wire(TimeNs now, std::uint32_t nic, std::uint32_t vif, const Offer& offer) {
  const WireFrame frame = to_wire_frame(offer, vif, true);
  VifPath& path = host_.vif(vif);
  path.rx().offered.add(offer.size_bytes);
  if (!far_ends_[nic].nic().has_link()) {
    link_drops_[nic].add(offer.size_bytes);
    path.rx().drop(now, Cause::kLink, offer.size_bytes);
    return;
  }
  if (!far_ends_[nic].offer(now, frame)) {
    path.rx().drop(now, Cause::kNic, offer.size_bytes);
    return;
  }
  path.in_network(frame).add(offer.size_bytes);
  host_.arm_arrival(nic, far_ends_[nic].next_arrival_ns());
}

void Network::arrive(TimeNs now, std::uint32_t nic) {
  far_ends_[nic].collect(now, [&](TimeNs arrival_ns, WireFrame frame) {
    host_.vif(frame.vif).in_network(frame).remove(frame.frame.size_bytes);
    frame.frame.buffer = receive_into_buffer(frame);
    if (frame.frame.buffer == kNoBuffer) return drop(now, Cause::kNoPages, frame);
    if (PcapWriter* capture = captures_.at(CaptureKind::kNicIn, nic)) captures_.record(*capture, arrival_ns, frame);
    if (nic_plugs_[nic].bridge == kNoBridge)
      deliver(now, frame);
    else
      forward(now, nic_plugs_[nic], frame);
  });
  const TimeNs next_ns = far_ends_[nic].next_arrival_ns();
  if (next_ns != kNever) host_.arm_arrival(nic, next_ns);
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
  for (std::uint32_t more = 1; more < copies; ++more) {
    buffers_.share(frame.frame.buffer);
    host_.vif(frame.vif).account(frame).copied.add(frame.frame.size_bytes);
  }
  for (std::uint32_t port = 0; port < at.ports.size(); ++port)
    if (port != from.port) output(now, at.ports[port], frame);
}

void Network::output(TimeNs now, const BridgePort& port, const WireFrame& frame) {
  if (port.kind == Uplink::Kind::kNic) return send(now, port.index, frame);
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
  far_ends_[nic].set_rate(now, rate_bps);
  if (const TimeNs next_ns = far_ends_[nic].next_arrival_ns(); next_ns != kNever) host_.arm_arrival(nic, next_ns);
}

void Network::set_nic_link(TimeNs now, std::uint32_t nic, bool has_link) {
  collect(now, nic);
  nics_[nic].set_link(now, has_link, [&](const WireFrame& frame) {
    buffers_.release(frame.frame.buffer);
    lose(now, nic, frame);
  });
  far_ends_[nic].set_link(now, has_link, [&](const WireFrame& frame) { lose(now, nic, frame); });
}

// A frame that was on the wire, or waited for it.
void Network::lose(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  VifPath& path = host_.vif(frame.vif);
  path.in_network(frame).remove(frame.frame.size_bytes);
  path.account(frame).drop(now, Cause::kLink, frame.frame.size_bytes);
  link_drops_[nic].add(frame.frame.size_bytes);
}

void Network::send(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  if (!nics_[nic].has_link()) {
    link_drops_[nic].add(frame.frame.size_bytes);
    return drop(now, Cause::kLink, frame);
  }
  if (nics_[nic].next_finish_ns() <= now) collect(now, nic);
  if (nics_[nic].offer(now, frame))
    host_.vif(frame.vif).in_network(frame).add(frame.frame.size_bytes);
  else
    drop(now, Cause::kNic, frame);
}

void Network::deliver(TimeNs now, const WireFrame& frame) {
  if (const auto queue = host_.vif(frame.vif).receive(now, frame)) host_.schedule_rx(frame.vif, *queue);
}

void Network::drop(TimeNs now, Cause cause, const WireFrame& frame) {
  buffers_.release(frame.frame.buffer);
  host_.vif(frame.vif).account(frame).drop(now, cause, frame.frame.size_bytes);
}

void Network::collect(TimeNs now, std::uint32_t nic) {
  Nic& uplink = nics_[nic];
  TraceHash& trace = nic_traces_[nic];
  PcapWriter* capture = captures_.at(CaptureKind::kNicOut, nic);
  uplink.collect(now, [&](TimeNs finish_ns, const WireFrame& frame) {
    host_.vif(frame.vif).delivered(frame, finish_ns + uplink.config().propagation_ns);
    if (capture) captures_.record(*capture, finish_ns, frame);
    buffers_.release(frame.frame.buffer);
    trace.fold(finish_ns);
    trace.fold(frame.offered_ns);
    trace.fold(std::uint64_t{frame.vif} << 32 | frame.frame.size_bytes);
  });
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
}

}  // namespace ringback
