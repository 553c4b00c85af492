#include "sim/source.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ringback {
namespace {

// Odd, so that 2^32 frames of a source have as many seeds.
constexpr std::uint32_t kPayloadStep = 0x9e3779b1;

std::uint32_t first_payload_seed(std::uint64_t seed) noexcept {
  return static_cast<std::uint32_t>(Random(~seed).next());
}

}  // namespace

ConstantSource::ConstantSource(const ConstantConfig& config, std::uint64_t seed)
    : config_(config), random_(seed), payload_seed_(first_payload_seed(seed)), due_ns_(config.start_ns) {
  RB_ASSERT(config.rate_bps > 0 && config.flows > 0);
  const std::uint64_t scaled = std::uint64_t{config.size_bytes} * 8 * kNsPerSecond;
  gap_ns_ = scaled / config.rate_bps;
  gap_remainder_ = scaled % config.rate_bps;
  config_.jitter_ns = std::min(config.jitter_ns, gap_ns_);  // so that times never fall
  headers_.reserve(config.flows);
  for (std::uint32_t flow = 0; flow < config.flows; ++flow)
    headers_.push_back(make_header({.from = config.from,
                                    .to = config.to,
                                    .flow = flow,
                                    .protocol = config.gso_size_bytes > 0 ? Protocol::kTcp : Protocol::kUdp,
                                    .size_bytes = config.size_bytes}));
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
  const Offer offer{.offered_ns = next_ns_,
                    .header = header.bytes.data(),
                    .size_bytes = config_.size_bytes,
                    .payload_seed = payload_seed_,
                    .header_bytes = static_cast<std::uint16_t>(header.size_bytes),
                    .gso_size_bytes = static_cast<std::uint16_t>(config_.gso_size_bytes)};
  payload_seed_ += kPayloadStep;
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

ReplaySource::ReplaySource(ReplayConfig config, std::uint64_t seed)
    : config_(std::move(config)), payload_seed_(first_payload_seed(seed)), round_start_ns_(config_.start_ns) {
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
                    .payload_seed = payload_seed_,
                    .header_bytes = static_cast<std::uint16_t>(header_bytes),
                    .gso_size_bytes = 0};
  payload_seed_ += kPayloadStep;
  ++index_;
  schedule();
  return offer;
}

}  // namespace ringback
