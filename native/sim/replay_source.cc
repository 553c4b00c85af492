#include "sim/replay_source.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ringback {

ReplaySource::ReplaySource(ReplayConfig config, std::uint64_t seed)
    : config_(std::move(config)), payload_seeds_(seed), round_start_ns_(config_.start_ns) {
  RB_ASSERT(config_.sizes_bytes.size() == config_.times_ns.size());
  RB_ASSERT(config_.headers.size() == config_.times_ns.size() * kReplayHeaderBytes);
  schedule();
}

void ReplaySource::schedule() noexcept {
  if (index_ == config_.times_ns.size() && config_.loop_ns > 0) {
    index_ = 0;
    round_start_ns_ += config_.loop_ns;
  }
  next_ns_ = kNever;
  if (index_ == config_.times_ns.size()) return;
  const TimeNs due_ns = round_start_ns_ + config_.times_ns[index_];
  if (due_ns < config_.stop_ns) next_ns_ = due_ns;
}

Offer ReplaySource::take() noexcept {
  RB_ASSERT(next_ns_ != kNever);
  const std::uint32_t size_bytes = config_.sizes_bytes[index_];
  const auto header_bytes = std::min<std::uint32_t>(size_bytes, kReplayHeaderBytes);
  const Offer offer{.offered_ns = next_ns_,
                    .header = config_.headers.data() + index_ * kReplayHeaderBytes,
                    .size_bytes = size_bytes,
                    .payload_seed = payload_seeds_.take(),
                    .header_bytes = static_cast<std::uint16_t>(header_bytes),
                    .gso_size_bytes = 0};
  ++index_;
  schedule();
  return offer;
}

}  // namespace ringback
