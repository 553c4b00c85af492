// The network ring's slots and constants: xen/io/netif.h, with the prefix XEN_ that Linux gives them.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ringback::abi {

// From the guest: one fragment of a frame, at most one page. In the frame's first slot `size` is the whole frame's.
struct netif_tx_request {
  std::uint32_t gref;
  std::uint16_t offset;
  std::uint16_t flags;  // XEN_NETTXF_*
  std::uint16_t id;     // echoed in the response
  std::uint16_t size;
};
static_assert(sizeof(netif_tx_request) == 12 && offsetof(netif_tx_request, flags) == 6 &&
              offsetof(netif_tx_request, size) == 10);

struct netif_tx_response {
  std::uint16_t id;
  std::int16_t status;  // XEN_NETIF_RSP_*
};
static_assert(sizeof(netif_tx_response) == 4);

// To the guest: one empty page for the back end to fill.
struct netif_rx_request {
  std::uint16_t id;
  std::uint16_t pad;
  std::uint32_t gref;
};
static_assert(sizeof(netif_rx_request) == 8 && offsetof(netif_rx_request, gref) == 4);

struct netif_rx_response {
  std::uint16_t id;
  std::uint16_t offset;
  std::uint16_t flags;  // XEN_NETRXF_*
  std::int16_t status;  // bytes, or a negative XEN_NETIF_RSP_*
};
static_assert(sizeof(netif_rx_response) == 8);

// Stands in the slot after the first one when that has *_extra_info set.
struct netif_extra_info {
  std::uint8_t type;   // XEN_NETIF_EXTRA_TYPE_*
  std::uint8_t flags;  // XEN_NETIF_EXTRA_FLAG_*
  union {
    struct {
      std::uint16_t size;  // maximum segment size
      std::uint8_t type;   // XEN_NETIF_GSO_TYPE_*
      std::uint8_t pad;
      std::uint16_t features;
    } gso;
    struct {
      std::uint8_t addr[6];
    } mcast;
    struct {
      std::uint8_t type;
      std::uint8_t algorithm;
      std::uint8_t value[4];
    } hash;
    std::uint16_t pad[3];
  } u;
};
static_assert(sizeof(netif_extra_info) == 8 && offsetof(netif_extra_info, u) == 2);

struct netif_ctrl_request {
  std::uint16_t id;
  std::uint16_t type;
  std::uint32_t data[3];
};
static_assert(sizeof(netif_ctrl_request) == 16 && offsetof(netif_ctrl_request, data) == 4);

struct netif_ctrl_response {
  std::uint16_t id;
  std::uint16_t type;
  std::uint32_t status;
  std::uint32_t data;
};
static_assert(sizeof(netif_ctrl_response) == 12);

// Bits 0 and 1 mean the opposite in the two directions.
inline constexpr std::uint16_t XEN_NETTXF_csum_blank = 1 << 0;
inline constexpr std::uint16_t XEN_NETTXF_data_validated = 1 << 1;
inline constexpr std::uint16_t XEN_NETTXF_more_data = 1 << 2;
inline constexpr std::uint16_t XEN_NETTXF_extra_info = 1 << 3;

inline constexpr std::uint16_t XEN_NETRXF_data_validated = 1 << 0;
inline constexpr std::uint16_t XEN_NETRXF_csum_blank = 1 << 1;
inline constexpr std::uint16_t XEN_NETRXF_more_data = 1 << 2;
inline constexpr std::uint16_t XEN_NETRXF_extra_info = 1 << 3;
inline constexpr std::uint16_t XEN_NETRXF_gso_prefix = 1 << 4;

inline constexpr std::uint8_t XEN_NETIF_EXTRA_TYPE_NONE = 0;
inline constexpr std::uint8_t XEN_NETIF_EXTRA_TYPE_GSO = 1;
inline constexpr std::uint8_t XEN_NETIF_EXTRA_TYPE_MCAST_ADD = 2;
inline constexpr std::uint8_t XEN_NETIF_EXTRA_TYPE_MCAST_DEL = 3;
inline constexpr std::uint8_t XEN_NETIF_EXTRA_TYPE_HASH = 4;
inline constexpr std::uint8_t XEN_NETIF_EXTRA_TYPE_MAX = 5;
inline constexpr std::uint8_t XEN_NETIF_EXTRA_FLAG_MORE = 1 << 0;

inline constexpr std::uint8_t XEN_NETIF_GSO_TYPE_NONE = 0;
inline constexpr std::uint8_t XEN_NETIF_GSO_TYPE_TCPV4 = 1;
inline constexpr std::uint8_t XEN_NETIF_GSO_TYPE_TCPV6 = 2;

inline constexpr std::int16_t XEN_NETIF_RSP_DROPPED = -2;
inline constexpr std::int16_t XEN_NETIF_RSP_ERROR = -1;
inline constexpr std::int16_t XEN_NETIF_RSP_OKAY = 0;
inline constexpr std::int16_t XEN_NETIF_RSP_NULL = 1;  // answers an extra-info slot

// What a control request asks for. Linux answers all but the GREF ones (static grants) and the invalid one.
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_INVALID = 0;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS = 1;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS = 2;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_SET_HASH_KEY = 3;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE = 4;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE = 5;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING = 6;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM = 7;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE = 8;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING = 9;
inline constexpr std::uint16_t XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING = 10;

inline constexpr std::uint32_t XEN_NETIF_CTRL_STATUS_SUCCESS = 0;
inline constexpr std::uint32_t XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED = 1;
inline constexpr std::uint32_t XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER = 2;
inline constexpr std::uint32_t XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW = 3;

inline constexpr std::uint8_t XEN_NETIF_CTRL_HASH_ALGORITHM_NONE = 0;
inline constexpr std::uint8_t XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ = 1;

// Sets of hash types, in control requests.
inline constexpr std::uint32_t XEN_NETIF_CTRL_HASH_TYPE_IPV4 = 1 << 0;
inline constexpr std::uint32_t XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP = 1 << 1;
inline constexpr std::uint32_t XEN_NETIF_CTRL_HASH_TYPE_IPV6 = 1 << 2;
inline constexpr std::uint32_t XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP = 1 << 3;
// One hash type, in extra info: the bit's number. Xen calls it _XEN_NETIF_CTRL_HASH_TYPE_*, a name that C++ reserves.
inline constexpr std::uint8_t XEN_NETIF_CTRL_HASH_TYPE_IPV4_bit = 0;
inline constexpr std::uint8_t XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP_bit = 1;
inline constexpr std::uint8_t XEN_NETIF_CTRL_HASH_TYPE_IPV6_bit = 2;
inline constexpr std::uint8_t XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP_bit = 3;

// Every back end takes this many slots a frame; Linux's takes one more, and front ends before 2013 may send up to 20.
inline constexpr std::uint32_t XEN_NETIF_NR_SLOTS_MIN = 18;
inline constexpr std::uint32_t XEN_NETIF_MAX_TX_SIZE = 0xffff;

}  // namespace ringback::abi
