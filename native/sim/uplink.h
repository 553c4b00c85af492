// What a vif's frames leave through, and where frames for it come in.
#pragma once
#include <cstdint>

namespace ringback {

struct Uplink {
  enum class Kind : std::uint8_t { kNic, kBridge, kBond };
  Kind kind = Kind::kNic;
  std::uint32_t index = 0;

  bool operator==(const Uplink&) const = default;
};

}  // namespace ringback
