// Grant entries, the copy operation and its statuses: xen/grant_table.h.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ringback::abi {

using domid_t = std::uint16_t;
using grant_ref_t = std::uint32_t;
using xen_pfn_t = std::uint64_t;

// "The caller", wherever a domain is named (xen/xen.h).
inline constexpr domid_t DOMID_SELF = 0x7ff0;

struct grant_entry_v1 {
  std::uint16_t flags;  // GTF_*; the only field that both sides write
  domid_t domid;        // who may use it
  std::uint32_t frame;
};
static_assert(sizeof(grant_entry_v1) == 8 && offsetof(grant_entry_v1, frame) == 4);

inline constexpr std::uint16_t GTF_invalid = 0;
inline constexpr std::uint16_t GTF_permit_access = 1;
inline constexpr std::uint16_t GTF_accept_transfer = 2;
inline constexpr std::uint16_t GTF_transitive = 3;
inline constexpr std::uint16_t GTF_type_mask = 3;
inline constexpr std::uint16_t GTF_readonly = 1 << 2;
inline constexpr std::uint16_t GTF_reading = 1 << 3;
inline constexpr std::uint16_t GTF_writing = 1 << 4;
inline constexpr std::uint16_t GTF_sub_page = 1 << 8;

// The first references are the toolstack's (console, XenStore).
inline constexpr grant_ref_t GNTTAB_NR_RESERVED_ENTRIES = 8;

struct gnttab_copy_ptr {
  union {
    grant_ref_t ref;
    xen_pfn_t gmfn;
  } u;
  domid_t domid;
  std::uint16_t offset;
};
static_assert(sizeof(gnttab_copy_ptr) == 16 && offsetof(gnttab_copy_ptr, offset) == 10);

struct gnttab_copy {
  gnttab_copy_ptr source;
  gnttab_copy_ptr dest;
  std::uint16_t len;
  std::uint16_t flags;  // GNTCOPY_*: which side is a grant reference rather than a frame
  std::int16_t status;  // out: GNTST_*
};
static_assert(sizeof(gnttab_copy) == 40 && offsetof(gnttab_copy, dest) == 16 && offsetof(gnttab_copy, len) == 32 &&
              offsetof(gnttab_copy, flags) == 34 && offsetof(gnttab_copy, status) == 36);

inline constexpr std::uint16_t GNTCOPY_source_gref = 1 << 0;
inline constexpr std::uint16_t GNTCOPY_dest_gref = 1 << 1;

inline constexpr std::int16_t GNTST_okay = 0;
inline constexpr std::int16_t GNTST_general_error = -1;
inline constexpr std::int16_t GNTST_bad_domain = -2;
inline constexpr std::int16_t GNTST_bad_gntref = -3;
inline constexpr std::int16_t GNTST_bad_handle = -4;
inline constexpr std::int16_t GNTST_bad_virt_addr = -5;
inline constexpr std::int16_t GNTST_bad_dev_addr = -6;
inline constexpr std::int16_t GNTST_no_device_space = -7;
inline constexpr std::int16_t GNTST_permission_denied = -8;
inline constexpr std::int16_t GNTST_bad_page = -9;
inline constexpr std::int16_t GNTST_bad_copy_arg = -10;
inline constexpr std::int16_t GNTST_address_too_big = -11;
inline constexpr std::int16_t GNTST_eagain = -12;
inline constexpr std::int16_t GNTST_no_space = -13;

}  // namespace ringback::abi
