// The page of Xen's interfaces, whatever the host's own page size is (xen/io/ring.h XEN_PAGE_SHIFT).
#pragma once
#include <cstdint>

namespace ringback::abi {

inline constexpr std::uint32_t XEN_PAGE_SHIFT = 12;
inline constexpr std::uint32_t XEN_PAGE_SIZE = 1u << XEN_PAGE_SHIFT;

}  // namespace ringback::abi
