#include "sim/on_off_source.h"

#include "base/assert.h"

namespace ringback {

OnOffSource::OnOffSource(const OnOffConfig& config, std::uint64_t seed)
    : stop_ns_(config.stop_ns),
      on_ns_(config.on_ns),
      off_ns_(config.off_ns),
      fixed_(config.fixed),
      random_(seed),
      frames_({.from = config.from,
               .to = config.to,
               .flows = config.flows,
               .gso_size_bytes = config.gso_size_bytes,
               .sizes_bytes = {config.size_bytes}},
              seed),
      gaps_(config.size_bytes, config.rate_bps),
      on_gaps_(config.on_ns, 1),
      off_gaps_(config.off_ns, 1),
      due_ns_(config.start_ns),
      on_left_ns_(draw(on_gaps_, config.on_ns)) {
  // So that few on times, one or two on average, pass without a frame.
  RB_ASSERT(config.on_ns > 0 && config.on_ns >= gaps_.least_ns() && config.off_ns > 0);
  advance(0);
  schedule();
}

TimeNs OnOffSource::draw(ExponentialGaps& gaps, TimeNs mean_ns) noexcept {
  return fixed_ ? mean_ns : gaps.next(random_);
}

void OnOffSource::advance(TimeNs on_ns) noexcept {
  // An on time ends before its last nanosecond's end: with nothing left, the source is off.
  while (on_ns >= on_left_ns_) {
    if (due_ns_ >= stop_ns_) return;
    on_ns -= on_left_ns_;
    due_ns_ = later(later(due_ns_, on_left_ns_), draw(off_gaps_, off_ns_));
    on_left_ns_ = draw(on_gaps_, on_ns_);
  }
  due_ns_ = later(due_ns_, on_ns);
  on_left_ns_ -= on_ns;
}

void OnOffSource::schedule() noexcept { next_ns_ = due_ns_ < stop_ns_ ? due_ns_ : kNever; }

Offer OnOffSource::take() noexcept {
  RB_ASSERT(next_ns_ != kNever);
  const Offer offer = frames_.take(next_ns_, 0);
  advance(gaps_.next(carry_));
  schedule();
  return offer;
}

}  // namespace ringback
