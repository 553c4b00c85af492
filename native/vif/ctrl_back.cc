#include "vif/ctrl_back.h"

#include <array>
#include <cstring>

#include "base/assert.h"

namespace ringback {
namespace {

constexpr std::uint32_t kInvalid = abi::XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;

}  // namespace

CtrlBack::Polled CtrlBack::poll() {
  if (fault_ != Fault::kNone) return {Next::kDisabled, false, 0};
  std::uint32_t answered = 0;
  for (; answered < ring_.entries(); ++answered) {
    abi::netif_ctrl_request request;
    const Taken taken = ring_.consume_requests({&request, 1});
    if (taken.overflow) fault_ = Fault::kRingOverflow;
    if (taken.count == 0) break;
    ring_.put_response(answer(request));
  }
  const bool notify = ring_.push_responses_and_check_notify();
  if (fault_ != Fault::kNone) return {Next::kDisabled, notify, answered};
  return {ring_.final_check_for_requests() ? Next::kPollAgain : Next::kIdle, notify, answered};
}

abi::netif_ctrl_response CtrlBack::answer(const abi::netif_ctrl_request& request) {
  std::uint32_t status = abi::XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
  std::uint32_t data = 0;
  switch (request.type) {
    case abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
      status = config_.set_algorithm(request.data[0]);
      break;
    case abi::XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
      status = config_.get_flags(data);
      break;
    case abi::XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
      status = config_.set_flags(request.data[0]);
      break;
    case abi::XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
      status = set_key(request.data[0], request.data[1]);
      break;
    case abi::XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
      status = abi::XEN_NETIF_CTRL_STATUS_SUCCESS;
      data = HashConfig::kMaxMappingEntries;
      break;
    case abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
      status = config_.set_mapping_size(request.data[0]);
      break;
    case abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
      status = set_mapping(request.data[0], request.data[1], request.data[2]);
      break;
    default:  // static grants, and what nobody knows
      break;
  }
  return {request.id, request.type, status, data};
}

std::uint32_t CtrlBack::set_key(abi::grant_ref_t ref, std::uint32_t bytes) {
  if (!HashConfig::is_key_size(bytes)) return kInvalid;
  const auto key = fetch(ref, bytes);
  return key ? config_.set_key(*key) : kInvalid;
}

std::uint32_t CtrlBack::set_mapping(abi::grant_ref_t ref, std::uint32_t count, std::uint32_t offset) {
  if (!config_.is_mapping_range(offset, count)) return kInvalid;
  std::array<std::uint32_t, HashConfig::kMaxMappingEntries> entries;
  const auto bytes = fetch(ref, count * static_cast<std::uint32_t>(sizeof entries[0]));
  if (!bytes) return kInvalid;
  if (count > 0) std::memcpy(entries.data(), bytes->data(), bytes->size());
  return config_.set_mapping(offset, std::span(entries).first(count));
}

// The first bytes of the guest's page, in the scratch page; nothing when the grant failed. Without bytes there is no
// grant operation: the reference may be anything.
std::optional<std::span<const std::byte>> CtrlBack::fetch(abi::grant_ref_t ref, std::uint32_t bytes) {
  RB_ASSERT(bytes <= kPageBytes);
  if (bytes > 0) {
    abi::gnttab_copy copy{};
    copy.source = {{ref}, guest_, 0};
    copy.dest.u.gmfn = scratch_.frame;
    copy.dest.domid = abi::DOMID_SELF;
    copy.len = static_cast<std::uint16_t>(bytes);
    copy.flags = abi::GNTCOPY_source_gref;
    grants_.copy({&copy, 1});
    if (copy.status != abi::GNTST_okay) return std::nullopt;
  }
  return std::span<const std::byte>(scratch_.bytes).first(bytes);
}

}  // namespace ringback
