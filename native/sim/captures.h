// Points of a world at which frames are written as pcap.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "net/nic.h"
#include "net/pcap_writer.h"
#include "net/segmentation.h"
#include "vif/frame.h"

namespace ringback {

enum class CaptureKind : std::uint8_t {
  kNicOut,  // what left a NIC
  kNicIn,   // what arrived at a NIC
  kVifOut,  // what a guest put on its ring
  kVifIn,   // what a guest took off its ring
};
inline constexpr std::size_t kCaptureKinds = 4;

struct CaptureConfig {
  CaptureKind kind = CaptureKind::kNicOut;
  std::uint32_t index = 0;  // of the NIC or vif
};

class Captures {
 public:
  // Requires: `buffers` outlives this; no point is named twice.
  Captures(std::span<const CaptureConfig> points, const FrameBuffers& buffers);

  // Null where nothing is captured.
  [[nodiscard]] PcapWriter* at(CaptureKind kind, std::uint32_t index) noexcept {
    const auto& by_index = writers_by_kind_[static_cast<std::size_t>(kind)];
    return index < by_index.size() && by_index[index] != kNone ? &writers_[by_index[index]] : nullptr;
  }
  // A frame in a buffer; only its header where no payload moves.
  void record(PcapWriter& writer, TimeNs at, const WireFrame& frame) const;
  // A segment of a frame, as it is on the wire.
  void record_segment(PcapWriter& writer, TimeNs at, const WireFrame& segment, const Segmentation& segmentation) const;

  [[nodiscard]] std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(writers_.size()); }
  [[nodiscard]] PcapWriter& writer(std::uint32_t capture) noexcept { return writers_[capture]; }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  void append_from(PcapWriter& writer, BufferRef page, std::size_t begin) const;

  const FrameBuffers& buffers_;
  std::vector<PcapWriter> writers_;
  std::array<std::vector<std::uint32_t>, kCaptureKinds> writers_by_kind_;  // by index: a writer's number
};

}  // namespace ringback
