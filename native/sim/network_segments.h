// How a network's frames become segments: for the files that send.
#pragma once
#include "sim/network.h"

namespace ringback {

// Calls send(frame), or send(segment) for each segment of a frame that asks for segmentation.
template <class Send>
void Network::for_each_segment(TimeNs now, const WireFrame& frame, Send&& send) {
  if (frame.frame.gso_size_bytes == 0 || frame.burst != WireFrame::kNoBurst) return send(frame);
  const Segmentation cut = segmentation_of(frame.frame, header_of(frame, buffers_));
  if (cut.segments == 1) return send(frame);
  VifPath& path = host_.vif(frame.vif);
  path.in_network(frame).add(frame.frame.size_bytes);
  if (!frame.inbound) path.back_end().shaper().charge_headers(now, cut.segments - 1, cut.header_bytes);
  const std::uint32_t burst = bursts_.begin(frame, cut);
  for (std::uint32_t number = 0; number < cut.segments; ++number) send(bursts_.segment(burst, number));
}

}  // namespace ringback
