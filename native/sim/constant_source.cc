#include "sim/constant_source.h"

#include <algorithm>

namespace ringback {

ConstantSource::ConstantSource(const ConstantConfig& config, std::uint64_t seed)
    : stop_ns_(config.stop_ns),
      random_(seed),
      frames_({.from = config.from,
               .to = config.to,
               .flows = config.flows,
               .gso_size_bytes = config.gso_size_bytes,
               .sizes_bytes = {config.size_bytes}},
              seed),
      gaps_(config.size_bytes, config.rate_bps),
      due_ns_(config.start_ns) {
  jitter_ns_ = std::min(config.jitter_ns, gaps_.least_ns());  // so that times never fall
  schedule();
}

}  // namespace ringback
