#include "sim/captures.h"

#include <algorithm>

namespace ringback {

Captures::Captures(std::span<const CaptureConfig> points, const FrameBuffers& buffers)
    : buffers_(buffers), writers_(points.size()) {
  for (std::uint32_t i = 0; i < points.size(); ++i) {
    auto& by_index = writers_by_kind_[static_cast<std::size_t>(points[i].kind)];
    if (points[i].index >= by_index.size()) by_index.resize(points[i].index + std::size_t{1}, kNone);
    by_index[points[i].index] = i;
    writers_[i].begin();
  }
}

void Captures::record(PcapWriter& writer, TimeNs at, const WireFrame& frame) const {
  const std::uint32_t size_bytes = frame.frame.size_bytes;
  if (!buffers_.has_payload()) {
    const std::uint32_t included_bytes = std::min<std::uint32_t>(frame.header_bytes, size_bytes);
    writer.begin_record(at, included_bytes, size_bytes);
    writer.append({frame.header, included_bytes});
    return;
  }
  writer.begin_record(at, size_bytes, size_bytes);
  for (BufferRef page = frame.frame.buffer; writer.missing_bytes() > 0; page = buffers_.next(page)) {
    const std::span<const std::byte> bytes = buffers_.bytes(page);
    writer.append(bytes.first(std::min<std::size_t>(bytes.size(), writer.missing_bytes())));
  }
}

}  // namespace ringback
