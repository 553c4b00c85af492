// The names whose values must be Xen's, ours beside Xen's. Expanded once against our headers and once against Xen's.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace ringback::conformance {

struct Fact {
  std::string_view name;
  std::int64_t value;
};

// xen_oracle.cc
[[nodiscard]] std::vector<Fact> facts_of_xen();

}  // namespace ringback::conformance

#define RINGBACK_ABI_TYPES(X)                     \
  X(netif_tx_request, netif_tx_request)           \
  X(netif_tx_response, netif_tx_response)         \
  X(netif_rx_request, netif_rx_request)           \
  X(netif_rx_response, netif_rx_response)         \
  X(netif_extra_info, netif_extra_info)           \
  X(netif_ctrl_request, xen_netif_ctrl_request)   \
  X(netif_ctrl_response, xen_netif_ctrl_response) \
  X(grant_entry_v1, grant_entry_v1)               \
  X(gnttab_copy, gnttab_copy)                     \
  X(domid_t, domid_t) X(grant_ref_t, grant_ref_t) X(xen_pfn_t, xen_pfn_t) X(RING_IDX, RING_IDX)

#define RINGBACK_ABI_FIELDS(X)                            \
  X(netif_tx_request, netif_tx_request, gref)             \
  X(netif_tx_request, netif_tx_request, offset)           \
  X(netif_tx_request, netif_tx_request, flags)            \
  X(netif_tx_request, netif_tx_request, id)               \
  X(netif_tx_request, netif_tx_request, size)             \
  X(netif_tx_response, netif_tx_response, id)             \
  X(netif_tx_response, netif_tx_response, status)         \
  X(netif_rx_request, netif_rx_request, id)               \
  X(netif_rx_request, netif_rx_request, pad)              \
  X(netif_rx_request, netif_rx_request, gref)             \
  X(netif_rx_response, netif_rx_response, id)             \
  X(netif_rx_response, netif_rx_response, offset)         \
  X(netif_rx_response, netif_rx_response, flags)          \
  X(netif_rx_response, netif_rx_response, status)         \
  X(netif_extra_info, netif_extra_info, type)             \
  X(netif_extra_info, netif_extra_info, flags)            \
  X(netif_extra_info, netif_extra_info, u.gso.size)       \
  X(netif_extra_info, netif_extra_info, u.gso.type)       \
  X(netif_extra_info, netif_extra_info, u.gso.pad)        \
  X(netif_extra_info, netif_extra_info, u.gso.features)   \
  X(netif_extra_info, netif_extra_info, u.mcast.addr)     \
  X(netif_extra_info, netif_extra_info, u.hash.type)      \
  X(netif_extra_info, netif_extra_info, u.hash.algorithm) \
  X(netif_extra_info, netif_extra_info, u.hash.value)     \
  X(netif_extra_info, netif_extra_info, u.pad)            \
  X(netif_ctrl_request, xen_netif_ctrl_request, id)       \
  X(netif_ctrl_request, xen_netif_ctrl_request, type)     \
  X(netif_ctrl_request, xen_netif_ctrl_request, data)     \
  X(netif_ctrl_response, xen_netif_ctrl_response, id)     \
  X(netif_ctrl_response, xen_netif_ctrl_response, type)   \
  X(netif_ctrl_response, xen_netif_ctrl_response, status) \
  X(netif_ctrl_response, xen_netif_ctrl_response, data)   \
  X(sring_header, netif_tx_sring, req_prod)               \
  X(sring_header, netif_tx_sring, req_event)              \
  X(sring_header, netif_tx_sring, rsp_prod)               \
  X(sring_header, netif_tx_sring, rsp_event)              \
  X(grant_entry_v1, grant_entry_v1, flags)                \
  X(grant_entry_v1, grant_entry_v1, domid)                \
  X(grant_entry_v1, grant_entry_v1, frame)                \
  X(gnttab_copy, gnttab_copy, source.u.ref)               \
  X(gnttab_copy, gnttab_copy, source.u.gmfn)              \
  X(gnttab_copy, gnttab_copy, source.domid)               \
  X(gnttab_copy, gnttab_copy, source.offset)              \
  X(gnttab_copy, gnttab_copy, dest.u.ref)                 \
  X(gnttab_copy, gnttab_copy, dest.domid)                 \
  X(gnttab_copy, gnttab_copy, dest.offset)                \
  X(gnttab_copy, gnttab_copy, len)                        \
  X(gnttab_copy, gnttab_copy, flags)                      \
  X(gnttab_copy, gnttab_copy, status)

#define RINGBACK_ABI_CONSTANTS(X)                                                         \
  X(XEN_PAGE_SHIFT, XEN_PAGE_SHIFT)                                                       \
  X(DOMID_SELF, DOMID_SELF)                                                               \
  X(XEN_NETTXF_csum_blank, NETTXF_csum_blank)                                             \
  X(XEN_NETTXF_data_validated, NETTXF_data_validated)                                     \
  X(XEN_NETTXF_more_data, NETTXF_more_data)                                               \
  X(XEN_NETTXF_extra_info, NETTXF_extra_info)                                             \
  X(XEN_NETRXF_data_validated, NETRXF_data_validated)                                     \
  X(XEN_NETRXF_csum_blank, NETRXF_csum_blank)                                             \
  X(XEN_NETRXF_more_data, NETRXF_more_data)                                               \
  X(XEN_NETRXF_extra_info, NETRXF_extra_info)                                             \
  X(XEN_NETRXF_gso_prefix, NETRXF_gso_prefix)                                             \
  X(XEN_NETIF_EXTRA_TYPE_NONE, XEN_NETIF_EXTRA_TYPE_NONE)                                 \
  X(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_TYPE_GSO)                                   \
  X(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, XEN_NETIF_EXTRA_TYPE_MCAST_ADD)                       \
  X(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, XEN_NETIF_EXTRA_TYPE_MCAST_DEL)                       \
  X(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_TYPE_HASH)                                 \
  X(XEN_NETIF_EXTRA_TYPE_MAX, XEN_NETIF_EXTRA_TYPE_MAX)                                   \
  X(XEN_NETIF_EXTRA_FLAG_MORE, XEN_NETIF_EXTRA_FLAG_MORE)                                 \
  X(XEN_NETIF_GSO_TYPE_NONE, XEN_NETIF_GSO_TYPE_NONE)                                     \
  X(XEN_NETIF_GSO_TYPE_TCPV4, XEN_NETIF_GSO_TYPE_TCPV4)                                   \
  X(XEN_NETIF_GSO_TYPE_TCPV6, XEN_NETIF_GSO_TYPE_TCPV6)                                   \
  X(XEN_NETIF_RSP_DROPPED, NETIF_RSP_DROPPED)                                             \
  X(XEN_NETIF_RSP_ERROR, NETIF_RSP_ERROR)                                                 \
  X(XEN_NETIF_RSP_OKAY, NETIF_RSP_OKAY)                                                   \
  X(XEN_NETIF_RSP_NULL, NETIF_RSP_NULL)                                                   \
  X(XEN_NETIF_CTRL_TYPE_INVALID, XEN_NETIF_CTRL_TYPE_INVALID)                             \
  X(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS)               \
  X(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS)               \
  X(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY)                   \
  X(XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE) \
  X(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE) \
  X(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING)           \
  X(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM)       \
  X(XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE) \
  X(XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING)           \
  X(XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING)           \
  X(XEN_NETIF_CTRL_STATUS_SUCCESS, XEN_NETIF_CTRL_STATUS_SUCCESS)                         \
  X(XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED, XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED)             \
  X(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER)     \
  X(XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW, XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW)         \
  X(XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE)               \
  X(XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)       \
  X(XEN_NETIF_CTRL_HASH_TYPE_IPV4, XEN_NETIF_CTRL_HASH_TYPE_IPV4)                         \
  X(XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP, XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP)                 \
  X(XEN_NETIF_CTRL_HASH_TYPE_IPV6, XEN_NETIF_CTRL_HASH_TYPE_IPV6)                         \
  X(XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP, XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)                 \
  X(XEN_NETIF_CTRL_HASH_TYPE_IPV4_bit, _XEN_NETIF_CTRL_HASH_TYPE_IPV4)                    \
  X(XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP_bit, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP)            \
  X(XEN_NETIF_CTRL_HASH_TYPE_IPV6_bit, _XEN_NETIF_CTRL_HASH_TYPE_IPV6)                    \
  X(XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP_bit, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)            \
  X(XEN_NETIF_NR_SLOTS_MIN, XEN_NETIF_NR_SLOTS_MIN)                                       \
  X(XEN_NETIF_MAX_TX_SIZE, XEN_NETIF_MAX_TX_SIZE)                                         \
  X(GTF_invalid, GTF_invalid)                                                             \
  X(GTF_permit_access, GTF_permit_access)                                                 \
  X(GTF_accept_transfer, GTF_accept_transfer)                                             \
  X(GTF_transitive, GTF_transitive)                                                       \
  X(GTF_type_mask, GTF_type_mask)                                                         \
  X(GTF_readonly, GTF_readonly)                                                           \
  X(GTF_reading, GTF_reading)                                                             \
  X(GTF_writing, GTF_writing)                                                             \
  X(GTF_sub_page, GTF_sub_page)                                                           \
  X(GNTTAB_NR_RESERVED_ENTRIES, GNTTAB_NR_RESERVED_ENTRIES)                               \
  X(GNTCOPY_source_gref, GNTCOPY_source_gref)                                             \
  X(GNTCOPY_dest_gref, GNTCOPY_dest_gref)                                                 \
  X(GNTST_okay, GNTST_okay)                                                               \
  X(GNTST_general_error, GNTST_general_error)                                             \
  X(GNTST_bad_domain, GNTST_bad_domain)                                                   \
  X(GNTST_bad_gntref, GNTST_bad_gntref)                                                   \
  X(GNTST_bad_handle, GNTST_bad_handle)                                                   \
  X(GNTST_bad_virt_addr, GNTST_bad_virt_addr)                                             \
  X(GNTST_bad_dev_addr, GNTST_bad_dev_addr)                                               \
  X(GNTST_no_device_space, GNTST_no_device_space)                                         \
  X(GNTST_permission_denied, GNTST_permission_denied)                                     \
  X(GNTST_bad_page, GNTST_bad_page)                                                       \
  X(GNTST_bad_copy_arg, GNTST_bad_copy_arg)                                               \
  X(GNTST_address_too_big, GNTST_address_too_big)                                         \
  X(GNTST_eagain, GNTST_eagain)                                                           \
  X(GNTST_no_space, GNTST_no_space)
