#include "sim/captures.h"

#include <algorithm>
#include <array>

#include "sim/vif_path.h"

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
  if (!buffers_.has_payload() || frame.frame.buffer == kNoBuffer) {
    const std::uint32_t included_bytes = std::min<std::uint32_t>(frame.header_bytes, size_bytes);
    writer.begin_record(at, included_bytes, size_bytes);
    writer.append({frame.header, included_bytes});
    return;
  }
  writer.begin_record(at, size_bytes, size_bytes);
  append_from(writer, frame.frame.buffer, 0);
}

void Captures::record_segment(PcapWriter& writer, TimeNs at, const WireFrame& segment,
                              const Segmentation& segmentation) const {
  std::array<std::byte, kHashedHeaderBytes> bytes;
  const auto header = std::span(bytes).first(segmentation.header_bytes);
  std::ranges::copy(header_of(segment, buffers_).first(header.size()), header.begin());
  make_segment_header(header, segmentation, segment.segment, segment.frame.checksum);
  const bool has_payload = buffers_.has_payload();
  const std::uint32_t size_bytes = segment.frame.size_bytes;
  writer.begin_record(at, has_payload ? size_bytes : segmentation.header_bytes, size_bytes);
  writer.append(header);
  if (has_payload) append_from(writer, segment.frame.buffer, header.size() + segmentation.begin_bytes(segment.segment));
}

// What the record lacks, from the chain's byte `begin` on.
void Captures::append_from(PcapWriter& writer, BufferRef page, std::size_t begin) const {
  for (; writer.missing_bytes() > 0; page = buffers_.next(page)) {
    const std::span<const std::byte> bytes = buffers_.bytes(page);
    const std::size_t skipped = std::min(begin, bytes.size());
    begin -= skipped;
    writer.append(bytes.subspan(skipped).first(std::min<std::size_t>(bytes.size() - skipped, writer.missing_bytes())));
  }
}

}  // namespace ringback
