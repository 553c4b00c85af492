#include "sim/constant_source.h"

#include <algorithm>

#include "base/assert.h"

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

void ConstantSource::schedule() noexcept {
  if (due_ns_ >= stop_ns_)
    next_ns_ = kNever;
  else
    next_ns_ = due_ns_ + (jitter_ns_ == 0 ? 0 : random_.below(jitter_ns_));
}

Offer ConstantSource::take() noexcept {
  RB_ASSERT(next_ns_ != kNever);
  const Offer offer = frames_.take(next_ns_, 0);
  due_ns_ += gaps_.next(carry_);
  schedule();
  return offer;
}

}  // namespace ringback
