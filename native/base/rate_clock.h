// Bytes at a rate, as times: exact, for what a division leaves over goes into the next bytes' time.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "base/time.h"

namespace ringback {

// Units:    whole bytes, bits a second, nanoseconds; ends are rounded down.
// Requires: a rate of 1 .. 10^13; at most 2^21 bytes at a time.
class RateClock {
 public:
  explicit RateClock(std::uint64_t rate_bps) noexcept : rate_bps_(rate_bps) {
    RB_ASSERT(rate_bps > 0);
    invert();
  }

  [[nodiscard]] std::uint64_t rate_bps() const noexcept { return rate_bps_; }
  // When all bytes so far have passed.
  [[nodiscard]] TimeNs end_ns() const noexcept { return end_ns_; }

  // Bytes that begin once those before them have passed, but not before `earliest_ns`. Returns their end.
  TimeNs pass(TimeNs earliest_ns, std::uint32_t bytes) noexcept {
    if (earliest_ns > end_ns_) {
      end_ns_ = earliest_ns;
      remainder_ = 0;
    }
    if (bytes != last_bytes_) divide(bytes);
    end_ns_ += last_ns_;
    remainder_ += last_remainder_;
    if (remainder_ >= rate_bps_) {
      remainder_ -= rate_bps_;
      ++end_ns_;
    }
    note_again();
    return end_ns_;
  }

  // What pass() would return. No division: bytes of many sizes are asked about, of many clocks, and only one is told.
  [[nodiscard]] TimeNs end_after(TimeNs earliest_ns, std::uint32_t bytes) const noexcept {
    if (bytes == last_bytes_) return end_of_last_bytes_after(earliest_ns);
    const std::uint64_t bit_ns = std::uint64_t{bytes} * 8 * kNsPerSecond;
    std::uint64_t ns = duration_ns(bytes);
    std::uint64_t remainder = bit_ns - ns * rate_bps_;  // below 2 * rate_bps_: the fraction was rounded down
    if (earliest_ns <= end_ns_) remainder += remainder_;
    for (; remainder >= rate_bps_; ++ns) remainder -= rate_bps_;
    return std::max(earliest_ns, end_ns_) + ns;
  }
  // How long so many bytes take, rounded down; of a whole number of them perhaps 1 ns less.
  [[nodiscard]] TimeNs duration_ns(std::uint32_t bytes) const noexcept {
    return bytes * byte_ns_ +
           static_cast<std::uint64_t>(static_cast<unsigned __int128>(byte_ns_fraction_) * bytes >> 64);
  }
  // How many bytes passed last; what pass() would return for as many again.
  [[nodiscard]] std::uint32_t last_bytes() const noexcept { return last_bytes_; }
  [[nodiscard]] TimeNs end_of_last_bytes_after(TimeNs earliest_ns) const noexcept {
    return std::max(again_ns_, earliest_ns + last_ns_);
  }

  // Bytes that passed last do not pass after all.
  void take_back(TimeNs now, std::uint32_t bytes) noexcept {
    if (bytes != last_bytes_) divide(bytes);
    if (end_ns_ < now + last_ns_ + 1) return restart(now, rate_bps_);
    end_ns_ -= last_ns_;
    if (remainder_ < last_remainder_) {
      remainder_ += rate_bps_;
      --end_ns_;
    }
    remainder_ -= last_remainder_;
    note_again();
  }

  // From now on at another rate: what has not passed yet takes as much more or less time.
  void set_rate(TimeNs now, std::uint64_t rate_bps) noexcept {
    RB_ASSERT(rate_bps > 0);
    const auto left_bits = static_cast<unsigned __int128>(end_ns_ > now ? end_ns_ - now : 0) * rate_bps_;
    restart(now + static_cast<TimeNs>(left_bits / rate_bps), rate_bps);
  }

  // Nothing is left to pass before `end_ns`.
  void restart(TimeNs end_ns, std::uint64_t rate_bps) noexcept {
    end_ns_ = end_ns;
    remainder_ = 0;
    if (rate_bps != rate_bps_) {
      rate_bps_ = rate_bps;
      invert();
    }
    note_again();
  }

 private:
  // Bytes of one size come in a row, and a division costs as much as all the rest.
  void divide(std::uint32_t bytes) noexcept {
    const std::uint64_t bit_ns = std::uint64_t{bytes} * 8 * kNsPerSecond;
    last_bytes_ = bytes;
    last_ns_ = bit_ns / rate_bps_;
    last_remainder_ = bit_ns % rate_bps_;
  }

  void note_again() noexcept { again_ns_ = end_ns_ + last_ns_ + (remainder_ + last_remainder_ >= rate_bps_ ? 1 : 0); }

  // For a new rate.
  void invert() noexcept {
    byte_ns_ = 8 * kNsPerSecond / rate_bps_;
    byte_ns_fraction_ =
        static_cast<std::uint64_t>((static_cast<unsigned __int128>(8 * kNsPerSecond % rate_bps_) << 64) / rate_bps_);
    divide(0);
  }

  std::uint64_t rate_bps_;
  std::uint64_t byte_ns_ = 0;           // what a byte takes,
  std::uint64_t byte_ns_fraction_ = 0;  // and its fraction, in 2^-64 ns
  TimeNs end_ns_ = 0;
  std::uint64_t remainder_ = 0;  // the fraction of a nanosecond after that, in 1/rate_bps
  std::uint32_t last_bytes_ = 0;
  TimeNs last_ns_ = 0;
  std::uint64_t last_remainder_ = 0;
  TimeNs again_ns_ = 0;  // when as many bytes as the last ones will have passed if they begin without a pause
};

}  // namespace ringback
