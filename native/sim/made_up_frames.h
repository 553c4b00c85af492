// Made-up frames: of one size or of several, of flows that take turns.
#pragma once
#include <cstdint>
#include <vector>

#include "net/packet_header.h"
#include "sim/offer.h"

namespace ringback {

struct MadeUpOptions {
  Endpoint from;  // from and to differ
  Endpoint to;
  std::uint32_t flows = 1;                 // 1 .. 64512
  std::uint32_t gso_size_bytes = 0;        // > 0: TCP frames that ask for segments of so many bytes
  std::vector<std::uint32_t> sizes_bytes;  // 60 .. 65535, at least one; with gso larger than a segment
};

class MadeUpFrames {
 public:
  MadeUpFrames(const MadeUpOptions& options, std::uint64_t seed);

  // The next flow's frame, of the size with number `size`.
  [[nodiscard]] Offer take(TimeNs at, std::uint32_t size) noexcept;

 private:
  std::uint32_t flows_;
  std::uint32_t flow_ = 0;
  std::uint16_t gso_size_bytes_;
  std::vector<std::uint32_t> sizes_bytes_;
  std::vector<FlowHeader> headers_;  // by size * flows + flow
  PayloadSeeds payload_seeds_;
};

}  // namespace ringback
