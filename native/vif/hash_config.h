// How a vif's received frames are spread over its queues: what the guest set through the control ring.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "abi/netif.h"
#include "vif/toeplitz.h"

namespace ringback {

// Operations are the control ring's, one each, and return its XEN_NETIF_CTRL_STATUS_*; one that fails changes nothing.
// Netback never says BUFFER_OVERFLOW: what is too large is INVALID_PARAMETER.
//
// Threads: one.
//
// Invariants:
// 1. Every entry of the current mapping, whatever its size, is less than queues().
// 2. The current mapping is never written but by set_mapping_size(), which clears it: a new one is made in the other
//    table and becomes the current one when it was checked.
//
// Source: Linux netback hash.c, interface.c xenvif_select_queue
class HashConfig final {
 public:
  // Entries; netback's XEN_NETBK_MAX_HASH_MAPPING_SIZE.
  static constexpr std::uint32_t kMaxMappingEntries = 128;

  // Starts as netback does: no algorithm, no types, a key of zeros, no mapping.
  //
  // Requires: queues > 0.
  explicit HashConfig(std::uint32_t queues) noexcept : queues_(queues) { RB_ASSERT(queues > 0); }

  // ---- the control ring's operations

  // Source: xenvif_set_hash_alg
  std::uint32_t set_algorithm(std::uint32_t algorithm) noexcept;

  // The types that may be set go to `types`; NOT_SUPPORTED while there is no algorithm.
  //
  // Source: xenvif_get_hash_flags
  std::uint32_t get_flags(std::uint32_t& types) const noexcept;

  // Source: xenvif_set_hash_flags
  std::uint32_t set_flags(std::uint32_t types) noexcept;

  // Whether set_key() will take so many bytes: asked before the bytes are fetched.
  [[nodiscard]] static bool is_key_size(std::uint32_t bytes) noexcept { return bytes <= kHashKeyBytes; }

  // Takes a key; what is missing of it is zero. Without bytes the key is cleared, and every hash is 0.
  //
  // Source: xenvif_set_hash_key
  std::uint32_t set_key(std::span<const std::byte> key) noexcept;

  // Begins a mapping of zeros; without entries the queue is the hash modulo queues().
  //
  // Source: xenvif_set_hash_mapping_size
  std::uint32_t set_mapping_size(std::uint32_t entries) noexcept;

  // Whether set_mapping() will take this range: asked before the entries are fetched. Does not overflow (XSA-270).
  [[nodiscard]] bool is_mapping_range(std::uint32_t offset, std::uint32_t count) const noexcept {
    return count <= mapping_size_ && offset <= mapping_size_ - count;
  }

  // Overwrites entries from `offset` on, all of them or, when one names no queue, none.
  //
  // Source: xenvif_set_hash_mapping
  std::uint32_t set_mapping(std::uint32_t offset, std::span<const std::uint32_t> entries) noexcept;

  // ---- the data path

  struct Steering {
    std::uint32_t queue = 0;
    PacketHash hash;  // for the extra-info slot; none when the guest asked for none
  };

  // The queue for a frame, less than queues(), and the hash that chose it.
  //
  // As netback: with an algorithm, a frame of no chosen type counts as hash 0. Without one the back end is free; here
  // it is flow_hash().
  //
  // Units: header as for read_flow_fields().
  [[nodiscard]] Steering steer(std::span<const std::byte> header) const noexcept;
  [[nodiscard]] std::uint32_t queue_of(std::span<const std::byte> header) const noexcept { return steer(header).queue; }

  [[nodiscard]] std::uint32_t queues() const noexcept { return queues_; }
  [[nodiscard]] std::uint32_t algorithm() const noexcept { return algorithm_; }
  [[nodiscard]] std::uint32_t flags() const noexcept { return flags_; }
  [[nodiscard]] std::span<const std::uint32_t> mapping() const noexcept {
    return std::span(mappings_[current_]).first(mapping_size_);
  }

 private:
  using Mapping = std::array<std::uint32_t, kMaxMappingEntries>;

  std::uint32_t queues_;
  std::uint32_t algorithm_ = abi::XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
  std::uint32_t flags_ = 0;  // XEN_NETIF_CTRL_HASH_TYPE_*
  std::uint32_t mapping_size_ = 0;
  std::size_t current_ = 0;
  std::array<Mapping, 2> mappings_{};
  Toeplitz toeplitz_{HashKey{}};
};

}  // namespace ringback
