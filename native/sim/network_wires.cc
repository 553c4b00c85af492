// What goes onto a network's wires, and what becomes of it there.
#include "sim/network.h"
#include "sim/network_segments.h"

namespace ringback {
namespace {

// A guest's own, and nobody but its account cares for it: most frames, which ask for no more than this.
bool is_plain(const WireFrame& frame) noexcept {
  return frame.burst == WireFrame::kNoBurst && frame.packet == WireFrame::kNoPacket && frame.vif != WireFrame::kNoVif;
}

}  // namespace

void Network::send(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  if (frame.frame.gso_size_bytes == 0)
    static_cast<void>(queue(now, nic, frame));
  else
    send_segments(now, nic, frame);
}

void Network::send_segments(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  for_each_segment(now, frame, [&](const WireFrame& segment) { static_cast<void>(queue(now, nic, segment)); });
}

// Returns whether the NIC has taken it.
bool Network::queue(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  if (!nics_[nic].has_link()) {
    link_drops_[nic].add(frame.frame.size_bytes);
    drop(now, Cause::kLink, frame);
    return false;
  }
  if (nics_[nic].next_finish_ns() <= now) collect(now, nic);
  if (!nics_[nic].offer(now, frame)) {
    drop(now, Cause::kNic, frame);
    return false;
  }
  if (frame.packet != WireFrame::kNoPacket && queued_packets_[nic]++ == 0) arm_departure(nic);
  const bool is_on_account = frame.vif != WireFrame::kNoVif && frame.burst == WireFrame::kNoBurst;
  if (is_on_account) host_.vif(frame.vif).in_network(frame).add(frame.frame.size_bytes);
  return true;
}

inline void Network::arrive_outside(TimeNs arrival_ns, const WireFrame& frame) {
  host_.vif(frame.vif).delivered(frame, arrival_ns);
  buffers_.release(frame.frame.buffer);
}

void Network::collect(TimeNs now, std::uint32_t nic) {
  Nic& uplink = nics_[nic];
  TraceHash& trace = nic_traces_[nic];
  PcapWriter* capture = captures_.at(CaptureKind::kNicOut, nic);
  uplink.collect(now, [&](TimeNs finish_ns, const WireFrame& frame) {
    if (capture) record(*capture, finish_ns, frame);
    const TimeNs arrival_ns = finish_ns + uplink.config().propagation_ns;
    if (is_plain(frame))
      arrive_outside(arrival_ns, frame);
    else
      leave(arrival_ns, nic, frame);
    trace.fold(finish_ns);
    trace.fold(frame.offered_ns);
    trace.fold(std::uint64_t{frame.vif} << 32 | frame.frame.size_bytes);
  });
}

void Network::record(PcapWriter& capture, TimeNs at, const WireFrame& frame) const {
  const Segmentation* cut = frame.burst == WireFrame::kNoBurst ? nullptr : &bursts_[frame.burst].segmentation;
  if (cut == nullptr)
    captures_.record(capture, at, frame);
  else
    captures_.record_segment(capture, at, frame, *cut);
}

// The last bit has left, and is behind the wire at `arrival_ns`.
void Network::leave(TimeNs arrival_ns, std::uint32_t nic, const WireFrame& frame) {
  if (frame.packet != WireFrame::kNoPacket) {
    --queued_packets_[nic];
    packet_ends_.passed_wire(arrival_ns, nic, frame);
  }
  if (frame.burst != WireFrame::kNoBurst) {
    const auto burst = end_segment(frame);
    if (burst && !burst->is_lost) host_.vif(frame.vif).delivered(burst->frame, arrival_ns);
    return;
  }
  if (frame.vif == WireFrame::kNoVif) return;
  arrive_outside(arrival_ns, frame);
  end_packet(packet_ends_, frame);
}

void Network::arm_departure(std::uint32_t nic) {
  if (queued_packets_[nic] > 0)
    host_.arm_departure(nic, nics_[nic].next_finish_ns() + nics_[nic].config().propagation_ns);
}

void Network::drop(TimeNs now, Cause cause, const WireFrame& frame) {
  if (frame.burst != WireFrame::kNoBurst) return drop_segment(now, cause, frame);
  if (frame.vif == WireFrame::kNoVif) return;
  buffers_.release(frame.frame.buffer);
  host_.vif(frame.vif).account(frame).drop(now, cause, frame.frame.size_bytes);
  end_packet(packet_ends_, frame);
}

// A frame that was on the wire, or waited for it.
void Network::lose(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  link_drops_[nic].add(frame.frame.size_bytes);
  const bool is_on_account = frame.vif != WireFrame::kNoVif && frame.burst == WireFrame::kNoBurst;
  if (is_on_account) host_.vif(frame.vif).in_network(frame).remove(frame.frame.size_bytes);
  drop(now, Cause::kLink, frame);
}

// Of the whole frame, when its first segment is lost: others of it may be on their way still.
void Network::drop_segment(TimeNs now, Cause cause, const WireFrame& segment) {
  if (bursts_.lose(segment.burst)) {
    const WireFrame& whole = bursts_[segment.burst].frame;
    VifPath& path = host_.vif(whole.vif);
    path.in_network(whole).remove(whole.frame.size_bytes);
    path.account(whole).drop(now, cause, whole.frame.size_bytes);
  }
  static_cast<void>(end_segment(segment));
}

std::optional<Bursts::Burst> Network::end_segment(const WireFrame& segment) {
  const auto burst = bursts_.end_segment(segment.burst);
  if (burst) {
    buffers_.release(burst->frame.frame.buffer);
    end_packet(packet_ends_, burst->frame);
  }
  return burst;
}

}  // namespace ringback
