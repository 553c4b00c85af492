// What travels with a frame in extra-info slots, the same in both directions: segmentation first, then the hash.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "abi/netif.h"
#include "vif/frame.h"

namespace ringback {

// Hash types are numbered from 0 up to here.
inline constexpr std::uint8_t kHashTypeEnd = abi::XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP_bit + 1;

[[nodiscard]] constexpr std::uint32_t extra_slots(const Frame& frame) noexcept {
  return (frame.gso_size_bytes != 0 ? 1u : 0u) + (frame.hash_type != 0 ? 1u : 0u);
}

class ExtraInfos {
 public:
  // Every byte is written: the peer reads them all (XSA-216).
  explicit ExtraInfos(const Frame& frame) noexcept {
    if (frame.gso_size_bytes != 0) {
      abi::netif_extra_info& gso = extras_[count_++];
      gso.type = abi::XEN_NETIF_EXTRA_TYPE_GSO;
      gso.flags = frame.hash_type != 0 ? abi::XEN_NETIF_EXTRA_FLAG_MORE : std::uint8_t{0};
      gso.u.gso.size = frame.gso_size_bytes;
      gso.u.gso.type = frame.gso_type;
    }
    if (frame.hash_type != 0) {
      abi::netif_extra_info& hash = extras_[count_++];
      hash.type = abi::XEN_NETIF_EXTRA_TYPE_HASH;
      hash.u.hash.type = static_cast<std::uint8_t>(frame.hash_type - 1);
      hash.u.hash.algorithm = abi::XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
      std::memcpy(hash.u.hash.value, &frame.hash_value, sizeof frame.hash_value);
    }
  }

  [[nodiscard]] std::span<const abi::netif_extra_info> all() const noexcept { return std::span(extras_).first(count_); }

 private:
  std::array<abi::netif_extra_info, 2> extras_{};
  std::size_t count_ = 0;
};

}  // namespace ringback
