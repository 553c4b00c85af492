#include "vif/hash_config.h"

#include <algorithm>

namespace ringback {
namespace {

constexpr std::uint32_t kSuccess = abi::XEN_NETIF_CTRL_STATUS_SUCCESS;
constexpr std::uint32_t kInvalid = abi::XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
constexpr std::uint32_t kNotSupported = abi::XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;

constexpr std::uint32_t kAllTypes = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4 | abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP |
                                    abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6 | abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;

}  // namespace

std::uint32_t HashConfig::set_algorithm(std::uint32_t algorithm) noexcept {
  if (algorithm != abi::XEN_NETIF_CTRL_HASH_ALGORITHM_NONE && algorithm != abi::XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
    return kInvalid;
  algorithm_ = algorithm;
  return kSuccess;
}

std::uint32_t HashConfig::get_flags(std::uint32_t& types) const noexcept {
  if (algorithm_ == abi::XEN_NETIF_CTRL_HASH_ALGORITHM_NONE) return kNotSupported;
  types = kAllTypes;
  return kSuccess;
}

std::uint32_t HashConfig::set_flags(std::uint32_t types) noexcept {
  if ((types & ~kAllTypes) != 0) return kInvalid;
  if (algorithm_ == abi::XEN_NETIF_CTRL_HASH_ALGORITHM_NONE) return kInvalid;
  flags_ = types;
  return kSuccess;
}

std::uint32_t HashConfig::set_key(std::span<const std::byte> key) noexcept {
  if (key.size() > kHashKeyBytes) return kInvalid;
  HashKey padded{};
  std::ranges::copy(key, padded.begin());
  toeplitz_ = Toeplitz(padded);
  return kSuccess;
}

std::uint32_t HashConfig::set_mapping_size(std::uint32_t entries) noexcept {
  if (entries > kMaxMappingEntries) return kInvalid;
  mapping_size_ = entries;
  mappings_[current_].fill(0);
  return kSuccess;
}

std::uint32_t HashConfig::set_mapping(std::uint32_t offset, std::span<const std::uint32_t> entries) noexcept {
  if (entries.size() > kMaxMappingEntries) return kInvalid;
  if (!is_mapping_range(offset, static_cast<std::uint32_t>(entries.size()))) return kInvalid;
  const std::size_t other = 1 - current_;
  mappings_[other] = mappings_[current_];
  std::ranges::copy(entries, mappings_[other].begin() + offset);
  if (!std::ranges::all_of(entries, [this](std::uint32_t queue) { return queue < queues_; })) return kInvalid;
  current_ = other;
  return kSuccess;
}

HashConfig::Steering HashConfig::steer(std::span<const std::byte> header) const noexcept {
  if (algorithm_ == abi::XEN_NETIF_CTRL_HASH_ALGORITHM_NONE) return {flow_hash(header) % queues_, {}};
  const PacketHash hash = hash_packet(toeplitz_, flags_, header);
  if (mapping_size_ == 0) return {hash.value % queues_, hash};
  return {mappings_[current_][hash.value % mapping_size_], hash};
}

}  // namespace ringback
