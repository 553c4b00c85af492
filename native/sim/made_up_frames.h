// Made-up frames: of one size or of several, of flows that take turns.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
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
  [[nodiscard]] Offer take(TimeNs at, std::uint32_t size) noexcept {
    RB_ASSERT(size < sizes_bytes_.size());
    const FlowHeader& header = headers_[std::size_t{size} * flows_ + flow_];
    flow_ = flow_ + 1 == flows_ ? 0 : flow_ + 1;
    return {.offered_ns = at,
            .header = header.bytes.data(),
            .size_bytes = sizes_bytes_[size],
            .payload_seed = payload_seeds_.take(),
            .header_bytes = header_bytes_,
            .gso_size_bytes = gso_size_bytes_};
  }

 private:
  std::uint32_t flows_;
  std::uint32_t flow_ = 0;
  std::uint16_t gso_size_bytes_;
  std::uint16_t header_bytes_;  // all headers are of one protocol
  std::vector<std::uint32_t> sizes_bytes_;
  std::vector<FlowHeader> headers_;  // by size * flows + flow
  PayloadSeeds payload_seeds_;
};

}  // namespace ringback
