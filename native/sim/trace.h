// A running hash of what happened, equal on every machine.
#pragma once
#include <cstdint>

namespace ringback {

// Not for security: it tells two runs apart, and one machine's run from another's.
class TraceHash {
 public:
  void fold(std::uint64_t value) noexcept {
    const auto product = static_cast<unsigned __int128>(state_ ^ value) * kMultiplier;
    state_ = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64) ^ kStep;
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

 private:
  static constexpr std::uint64_t kMultiplier = 0x9fb21c651e98df25;
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
  std::uint64_t state_ = 0x2545f4914f6cdd1d;
};

}  // namespace ringback
