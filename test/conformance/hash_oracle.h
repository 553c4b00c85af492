// Xen's own hash, executed: xen/io/netif.h xen_netif_toeplitz_hash (xen_oracle.cc).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringback::conformance {

[[nodiscard]] std::uint32_t xen_toeplitz_hash(std::span<const std::byte> key, std::span<const std::byte> input);

}  // namespace ringback::conformance
