// Time is an argument everywhere: nanoseconds since the world's start, as an integer.
#pragma once
#include <cstdint>

namespace ringback {

using TimeNs = std::uint64_t;

inline constexpr TimeNs kNever = ~TimeNs{0};
inline constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

}  // namespace ringback
