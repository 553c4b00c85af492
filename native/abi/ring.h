// The shared ring's header, as xen/io/ring.h DEFINE_RING_TYPES lays it out.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ringback::abi {

// Indices run free, modulo 2^32; a slot is index & (entries - 1).
using RING_IDX = std::uint32_t;

//   struct __name##_sring {
//       RING_IDX req_prod, req_event;
//       RING_IDX rsp_prod, rsp_event;
//       union { ...; uint8_t pvt_pad[4]; } pvt;
//       uint8_t __pad[44];
//       union __name##_sring_entry ring[1]; /* variable-length */
//   };
struct sring_header {
  RING_IDX req_prod;
  RING_IDX req_event;
  RING_IDX rsp_prod;
  RING_IDX rsp_event;
  std::uint8_t pvt_pad[4];
  std::uint8_t pad[44];
};
static_assert(sizeof(sring_header) == 64);
static_assert(offsetof(sring_header, req_prod) == 0 && offsetof(sring_header, req_event) == 4);
static_assert(offsetof(sring_header, rsp_prod) == 8 && offsetof(sring_header, rsp_event) == 12);

}  // namespace ringback::abi
