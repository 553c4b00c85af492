#include "sim/flows_source.h"

#include <algorithm>
#include <functional>

#include "base/assert.h"

namespace ringback {
namespace {

ExponentialGaps arrivals_of(const FlowsConfig& config, const FlowSizes& sizes, const FlowFraming& framing) {
  RB_ASSERT(config.load_bps > 0);
  return {sizes.mean_frame_bytes(framing) * 8 * kNsPerSecond, config.load_bps << FlowSizes::kMeanBits};
}

}  // namespace

FlowsSource::FlowsSource(const FlowsConfig& config, std::uint64_t seed)
    : stop_ns_(config.stop_ns),
      rate_bps_(config.rate_bps),
      from_(config.from),
      to_(config.to),
      framing_({.frame_bytes = config.frame_bytes, .header_bytes = kUdpHeaderBytes}),
      gaps_(config.frame_bytes, config.rate_bps),
      sizes_(config.sizes),
      random_(seed),
      payload_seeds_(seed),
      arrivals_(arrivals_of(config, sizes_, framing_)),
      flows_(config.active),
      arrival_ns_(later(config.start_ns, arrivals_.next(random_))) {
  RB_ASSERT(config.active > 0 && config.active <= FlowsConfig::kMaxActive);
  due_.reserve(config.active);
  full_headers_.reserve(config.active);
  for (std::uint32_t flow = 0; flow < config.active; ++flow) {
    full_headers_.push_back(make_header_of(flow, config.frame_bytes));
    free_.push({0, flow});
  }
  schedule();
}

// Begins those that come no later than the next frame of those that send.
void FlowsSource::begin_flows() {
  while (!free_.empty()) {
    const TimeNs at = std::max({arrival_ns_, free_.front().from, begun_ns_});
    if (!due_.empty() && at > due_.front().at) return;
    const std::uint32_t flow = free_.front().flow;
    free_.pop();
    begun_ns_ = at;
    flows_[flow] = {.left_bytes = sizes_.draw(random_), .carry = 0};
    push({at, flow});
    ++started_;
    arrival_ns_ = later(arrival_ns_, arrivals_.next(random_));
  }
}

void FlowsSource::push(Due due) {
  due_.push_back(due);
  std::ranges::push_heap(due_, std::greater{});
}

FlowsSource::Due FlowsSource::pop() {
  std::ranges::pop_heap(due_, std::greater{});
  const Due due = due_.back();
  due_.pop_back();
  return due;
}

void FlowsSource::schedule() {
  begin_flows();
  next_ns_ = !due_.empty() && due_.front().at < stop_ns_ ? due_.front().at : kNever;
}

FlowHeader FlowsSource::make_header_of(std::uint32_t flow, std::uint32_t frame_bytes) const noexcept {
  return make_header({.from = from_, .to = to_, .flow = flow, .protocol = Protocol::kUdp, .size_bytes = frame_bytes});
}

const FlowHeader& FlowsSource::header_of(std::uint32_t flow, std::uint32_t frame_bytes) {
  if (frame_bytes == framing_.frame_bytes) return full_headers_[flow];
  const auto [entry, is_new] = last_headers_.try_emplace(std::uint64_t{frame_bytes} << 32 | flow);
  if (is_new) entry->second = make_header_of(flow, frame_bytes);
  return entry->second;
}

Offer FlowsSource::take() {
  RB_ASSERT(next_ns_ != kNever);
  const auto [at, number] = pop();
  Flow& flow = flows_[number];
  const std::uint32_t frame_bytes = framing_.frame_of(flow.left_bytes);
  flow.left_bytes -= std::min<std::uint64_t>(flow.left_bytes, framing_.payload_bytes());
  if (flow.left_bytes > 0) {
    push({later(at, gaps_.next(flow.carry)), number});
  } else {
    const FrameGaps gaps(frame_bytes, rate_bps_);
    free_.push({later(at, gaps.next(flow.carry)), number});
  }
  const FlowHeader& header = header_of(number, frame_bytes);
  schedule();
  return {.offered_ns = at,
          .header = header.bytes.data(),
          .size_bytes = frame_bytes,
          .payload_seed = payload_seeds_.take(),
          .header_bytes = static_cast<std::uint16_t>(header.size_bytes),
          .gso_size_bytes = 0};
}

}  // namespace ringback
