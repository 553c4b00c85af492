#include "sim/poisson_source.h"

#include "base/assert.h"

namespace ringback {
namespace {

MadeUpOptions frames_of(const PoissonConfig& config) {
  MadeUpOptions options{.from = config.from,
                        .to = config.to,
                        .flows = config.flows,
                        .gso_size_bytes = config.gso_size_bytes,
                        .sizes_bytes = {}};
  for (const WeightedSize& size : config.sizes) options.sizes_bytes.push_back(size.size_bytes);
  return options;
}

std::vector<std::uint32_t> running_sums(const std::vector<WeightedSize>& sizes) {
  std::vector<std::uint32_t> sums;
  std::uint32_t sum = 0;
  for (const WeightedSize& size : sizes) sums.push_back(sum += size.weight);
  return sums;
}

ExponentialGaps gaps_of(const PoissonConfig& config) {
  std::uint64_t weight = 0;
  std::uint64_t weighted_bytes = 0;
  for (const WeightedSize& size : config.sizes) {
    weight += size.weight;
    weighted_bytes += std::uint64_t{size.size_bytes} * size.weight;
  }
  RB_ASSERT(weight > 0 && config.rate_bps > 0);
  return {static_cast<unsigned __int128>(weighted_bytes) * 8 * kNsPerSecond, config.rate_bps * weight};
}

}  // namespace

PoissonSource::PoissonSource(const PoissonConfig& config, std::uint64_t seed)
    : stop_ns_(config.stop_ns),
      random_(seed),
      frames_(frames_of(config), seed),
      weights_up_to_(running_sums(config.sizes)),
      gaps_(gaps_of(config)),
      due_ns_(config.start_ns) {
  schedule();
}

void PoissonSource::schedule() noexcept {
  due_ns_ = later(due_ns_, gaps_.next(random_));
  next_ns_ = due_ns_ < stop_ns_ ? due_ns_ : kNever;
}

std::uint32_t PoissonSource::draw_size() noexcept {
  if (weights_up_to_.size() == 1) return 0;
  const std::uint64_t drawn = random_.below(weights_up_to_.back());
  std::uint32_t size = 0;
  while (drawn >= weights_up_to_[size]) ++size;
  return size;
}

Offer PoissonSource::take() noexcept {
  RB_ASSERT(next_ns_ != kNever);
  const Offer offer = frames_.take(next_ns_, draw_size());
  schedule();
  return offer;
}

}  // namespace ringback
