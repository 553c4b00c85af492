#include "sim/source.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ringback {

ConstantSource::ConstantSource(const ConstantConfig& config, std::uint64_t seed)
    : config_(config), random_(seed), due_ns_(config.start_ns) {
  RB_ASSERT(config.rate_bps > 0 && config.flows > 0);
  const std::uint64_t scaled = std::uint64_t{config.size_bytes} * 8 * kNsPerSecond;
  gap_ns_ = scaled / config.rate_bps;
  gap_remainder_ = scaled % config.rate_bps;
  config_.jitter_ns = std::min(config.jitter_ns, gap_ns_);  // so that times never fall
  headers_.reserve(config.flows);
  for (std::uint32_t flow = 0; flow < config.flows; ++flow)
    headers_.push_back(make_header({.from = {config.guest}, .to = {}, .flow = flow, .size_bytes = config.size_bytes}));
  schedule();
}

void ConstantSource::schedule() noexcept {
  if (due_ns_ >= config_.stop_ns)
    next_ns_ = kNever;
  else
    next_ns_ = due_ns_ + (config_.jitter_ns == 0 ? 0 : random_.below(config_.jitter_ns));
}

Offer ConstantSource::take() noexcept {
  RB_ASSERT(next_ns_ != kNever);
  const FlowHeader& header = headers_[flow_];
  const Offer offer{next_ns_, config_.size_bytes, header.size_bytes, header.bytes.data()};
  flow_ = flow_ + 1 == config_.flows ? 0 : flow_ + 1;
  due_ns_ += gap_ns_;
  due_remainder_ += gap_remainder_;
  if (due_remainder_ >= config_.rate_bps) {
    due_remainder_ -= config_.rate_bps;
    ++due_ns_;
  }
  schedule();
  return offer;
}

ReplaySource::ReplaySource(ReplayConfig config) : config_(std::move(config)), round_start_ns_(config_.start_ns) {
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
  const Offer offer{next_ns_, size_bytes, header_bytes, config_.headers.data() + index_ * kReplayHeaderBytes};
  ++index_;
  schedule();
  return offer;
}

}  // namespace ringback
