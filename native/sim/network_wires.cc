// What goes onto a network's wires, and what becomes of it there.
#include "sim/network.h"
#include "sim/network_segments.h"

namespace ringback {

void Network::send(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
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
  const bool is_on_account = frame.vif != WireFrame::kNoVif && frame.burst == WireFrame::kNoBurst;
  if (is_on_account) host_.vif(frame.vif).in_network(frame).add(frame.frame.size_bytes);
  return true;
}

void Network::collect(TimeNs now, std::uint32_t nic) {
  Nic& uplink = nics_[nic];
  TraceHash& trace = nic_traces_[nic];
  PcapWriter* capture = captures_.at(CaptureKind::kNicOut, nic);
  uplink.collect(now, [&](TimeNs finish_ns, const WireFrame& frame) {
    if (capture) record(*capture, finish_ns, frame);
    leave(finish_ns + uplink.config().propagation_ns, frame);
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
void Network::leave(TimeNs arrival_ns, const WireFrame& frame) {
  if (frame.burst != WireFrame::kNoBurst) return end_segment(arrival_ns, frame, std::nullopt);
  if (frame.vif == WireFrame::kNoVif) return;
  host_.vif(frame.vif).delivered(frame, arrival_ns);
  buffers_.release(frame.frame.buffer);
}

void Network::drop(TimeNs now, Cause cause, const WireFrame& frame) {
  if (frame.burst != WireFrame::kNoBurst) return end_segment(now, frame, cause);
  if (frame.vif == WireFrame::kNoVif) return;
  buffers_.release(frame.frame.buffer);
  host_.vif(frame.vif).account(frame).drop(now, cause, frame.frame.size_bytes);
}

// A frame that was on the wire, or waited for it.
void Network::lose(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  link_drops_[nic].add(frame.frame.size_bytes);
  const bool is_on_account = frame.vif != WireFrame::kNoVif && frame.burst == WireFrame::kNoBurst;
  if (is_on_account) host_.vif(frame.vif).in_network(frame).remove(frame.frame.size_bytes);
  drop(now, Cause::kLink, frame);
}

void Network::end_segment(TimeNs at, const WireFrame& segment, std::optional<Cause> loss) {
  const auto burst = bursts_.end_segment(segment.burst, loss);
  if (!burst) return;
  const WireFrame& whole = burst->frame;
  VifPath& path = host_.vif(whole.vif);
  buffers_.release(whole.frame.buffer);
  if (!burst->loss) return path.delivered(whole, at);
  path.in_network(whole).remove(whole.frame.size_bytes);
  path.account(whole).drop(at, *burst->loss, whole.frame.size_bytes);
}

}  // namespace ringback
