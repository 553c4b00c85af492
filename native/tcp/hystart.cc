#include "tcp/hystart.h"

#include <algorithm>

#include "base/assert.h"

namespace ringback::tcp {
namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr std::uint64_t kLowWindow = 16;         // hystart_low_window
constexpr TimeNs kCloselyNs = 2 * kMs;           // hystart_ack_delta_us
constexpr std::uint32_t kSamples = 8;            // HYSTART_MIN_SAMPLES
constexpr TimeNs kLeastDelayNs = 4 * kMs;        // HYSTART_DELAY_MIN
constexpr TimeNs kMostDelayNs = 16 * kMs;        // HYSTART_DELAY_MAX
constexpr TimeNs kMostCushionNs = kMs;           // of hystart_ack_delay()
constexpr std::uint64_t kLargestFrame = 65'536;  // sk_gso_max_size, whatever the NIC can do

// The time of two large frames, since the shortest round trip is that of small ones. `bytes_a_ms` is twice what is sent
// in slow start.
TimeNs cushion_ns(std::uint64_t bytes_a_ms) noexcept {
  return bytes_a_ms == 0 ? 0 : std::min(kMostCushionNs, 4 * kLargestFrame * kMs / bytes_a_ms);
}

}  // namespace

bool HyStart::detect(const RoundTrip& trip, std::uint64_t window) noexcept {
  RB_ASSERT(shortest_ns_ <= trip.rtt_ns);
  if (has_found_) return false;
  if (trip.una > round_end_) {
    round_start_ns_ = train_end_ns_ = trip.now;
    round_end_ = trip.next;
    round_shortest_ns_ = kNever;
    samples_ = 0;
  }
  if (window < kLowWindow) return false;
  has_found_ = is_long_train(trip) || is_delayed(trip.rtt_ns);
  return has_found_;
}

// A train that was interrupted does not go on in this round.
bool HyStart::is_long_train(const RoundTrip& trip) noexcept {
  if (trip.now - train_end_ns_ > kCloselyNs) return false;
  train_end_ns_ = trip.now;
  return trip.now - round_start_ns_ > (shortest_ns_ + cushion_ns(trip.bytes_a_ms)) / 2;
}

// By an eighth of the shortest round trip, and by 4 to 16 ms; the first eight of a round only lower its own shortest
// one.
bool HyStart::is_delayed(TimeNs rtt_ns) noexcept {
  round_shortest_ns_ = std::min(round_shortest_ns_, rtt_ns);
  if (samples_ < kSamples) {
    ++samples_;
    return false;
  }
  return round_shortest_ns_ > shortest_ns_ + std::clamp(shortest_ns_ / 8, kLeastDelayNs, kMostDelayNs);
}

}  // namespace ringback::tcp
