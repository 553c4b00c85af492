// A traffic source, read from JavaScript with every type, range and index checked.
#pragma once
#include <cstdint>

#include "addon/fields.h"
#include "sim/source.h"
#include "sim/world.h"

namespace ringback::addon {

inline constexpr std::uint64_t kMaxTimeNs = kMaxSafeInteger;
inline constexpr std::uint64_t kMaxRateBps = 10'000'000'000'000;

// Throws ERR_INVALID_ARGUMENT or ERR_OUT_OF_RANGE, naming the option: "options.sources[3].rateBps ...".
[[nodiscard]] Source to_source(const Fields& source, const WorldConfig& world, std::uint64_t seed);

// What all kinds of sources have.

[[nodiscard]] bool is_inbound(const Fields& source);
// Where what comes from outside arrives: "bond" or, at -1, "nic".
[[nodiscard]] Uplink to_inlet(const Fields& source, const WorldConfig& world);

}  // namespace ringback::addon
