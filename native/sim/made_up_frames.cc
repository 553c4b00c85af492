#include "sim/made_up_frames.h"

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
  header_bytes_ = static_cast<std::uint16_t>(headers_.front().size_bytes);
}

}  // namespace ringback
