// The event channels of a vif: of each queue one for both directions or one each, then the control ring's.
#pragma once
#include <cstdint>

#include "sim/vif_path.h"

namespace ringback {

// What a port is for.
struct PortRole {
  std::uint32_t queue = 0;
  bool tx = false;
  bool rx = false;
  [[nodiscard]] bool is_control() const noexcept { return !tx && !rx; }
};

[[nodiscard]] inline PortRole role_of(const VifConfig& config, std::uint32_t port) noexcept {
  const std::uint32_t a_queue = config.split_event_channels ? 2 : 1;
  const std::uint32_t queue = port / a_queue;
  if (queue >= config.queues) return {};
  const bool is_split = config.split_event_channels;
  return {.queue = queue, .tx = !is_split || port % 2 == 0, .rx = !is_split || port % 2 == 1};
}

[[nodiscard]] inline std::uint32_t port_of(const VifConfig& config, std::uint32_t queue, bool rx) noexcept {
  return config.split_event_channels ? queue * 2 + (rx ? 1 : 0) : queue;
}

[[nodiscard]] inline std::uint32_t control_port_of(const VifConfig& config) noexcept { return config.ports() - 1; }

}  // namespace ringback
