#include "sim/made_up_frames.h"

#include "base/assert.h"

namespace ringback {

MadeUpFrames::MadeUpFrames(const MadeUpOptions& options, std::uint64_t seed)
    : flows_(options.flows),
      gso_size_bytes_(static_cast<std::uint16_t>(options.gso_size_bytes)),
      sizes_bytes_(options.sizes_bytes),
      payload_seeds_(seed) {
  RB_ASSERT(flows_ > 0 && !sizes_bytes_.empty());
  headers_.reserve(sizes_bytes_.size() * flows_);
  for (const std::uint32_t size_bytes : sizes_bytes_)
    for (std::uint32_t flow = 0; flow < flows_; ++flow)
      headers_.push_back(make_header({.from = options.from,
                                      .to = options.to,
                                      .flow = flow,
                                      .protocol = gso_size_bytes_ > 0 ? Protocol::kTcp : Protocol::kUdp,
                                      .size_bytes = size_bytes}));
}

Offer MadeUpFrames::take(TimeNs at, std::uint32_t size) noexcept {
  RB_ASSERT(size < sizes_bytes_.size());
  const FlowHeader& header = headers_[std::size_t{size} * flows_ + flow_];
  flow_ = flow_ + 1 == flows_ ? 0 : flow_ + 1;
  return {.offered_ns = at,
          .header = header.bytes.data(),
          .size_bytes = sizes_bytes_[size],
          .payload_seed = payload_seeds_.take(),
          .header_bytes = static_cast<std::uint16_t>(header.size_bytes),
          .gso_size_bytes = gso_size_bytes_};
}

}  // namespace ringback
