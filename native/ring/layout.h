// How a ring lies in its pages: a header of 64 bytes, then slots that hold a request or a response.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "abi/netif.h"
#include "abi/page.h"
#include "abi/ring.h"
#include "base/assert.h"
#include "ring/ordering.h"

namespace ringback {

struct TxRing {
  using Request = abi::netif_tx_request;
  using Response = abi::netif_tx_response;
};

struct RxRing {
  using Request = abi::netif_rx_request;
  using Response = abi::netif_rx_response;
};

struct CtrlRing {
  using Request = abi::netif_ctrl_request;
  using Response = abi::netif_ctrl_response;
};

// Bytes: 16 pages, ring-page-order 4.
inline constexpr std::size_t kMaxRingBytes = std::size_t{16} << abi::XEN_PAGE_SHIFT;
inline constexpr std::size_t kRingHeaderBytes = sizeof(abi::sring_header);

// Bytes between two slots: tx 12, rx 8, ctrl 16.
template <class R>
inline constexpr std::size_t kSlotBytes = std::max(sizeof(typename R::Request), sizeof(typename R::Response));

// The largest power of two of slots that fits into a ring of so many bytes: one page holds 256 tx, 256 rx or 128 ctrl.
template <class R>
[[nodiscard]] constexpr std::uint32_t ring_entries(std::size_t bytes) noexcept {
  return bytes <= kRingHeaderBytes
             ? 0
             : std::bit_floor(static_cast<std::uint32_t>((bytes - kRingHeaderBytes) / kSlotBytes<R>));
}

// Whether a ring may live here: aligned for its indices, and 1, 2, 4, 8 or 16 whole pages.
[[nodiscard]] inline bool is_ring_memory(std::span<const std::byte> memory) noexcept {
  const bool aligned = std::bit_cast<std::uintptr_t>(memory.data()) % alignof(abi::sring_header) == 0;
  return aligned && memory.size() >= abi::XEN_PAGE_SIZE && memory.size() <= kMaxRingBytes &&
         std::has_single_bit(memory.size());
}

// Makes an empty ring; the front end does so before it grants the pages.
//
// Units:    `start` is the first index of both producers; Xen starts at 0.
// Requires: is_ring_memory(memory); nobody else uses it yet.
// Source:   xen/io/ring.h SHARED_RING_INIT; slots are zeroed too, for the pages may have held anything.
inline void init_shared_ring(std::span<std::byte> memory, abi::RING_IDX start = 0) noexcept {
  RB_ASSERT(is_ring_memory(memory));
  std::memset(memory.data(), 0, memory.size());
  auto& header = *reinterpret_cast<abi::sring_header*>(memory.data());
  store_relaxed(header.req_prod, start);
  store_relaxed(header.rsp_prod, start);
  store_relaxed(header.req_event, start + 1);
  store_relaxed(header.rsp_event, start + 1);
}

}  // namespace ringback
