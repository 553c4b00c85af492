#include "vif/ctrl_front.h"

#include <cstring>
#include <utility>

#include "base/assert.h"

namespace ringback {
namespace {

// A page that reads as zeros: what the back end may see of it must not be left over from something else.
std::uint32_t allocate_page(Domain& guest) {
  const auto frame = guest.arena.allocate();
  RB_ASSERT(frame.has_value());
  std::memset(guest.arena.page(*frame).data(), 0, kPageBytes);
  return *frame;
}

std::span<std::byte> init_ring(std::span<std::byte> memory) {
  init_shared_ring(memory);
  return memory;
}

}  // namespace

CtrlFront::CtrlFront(Domain& guest, abi::domid_t back_end)
    : guest_(guest),
      back_end_(back_end),
      ring_frame_(allocate_page(guest)),
      data_frame_(allocate_page(guest)),
      ring_(init_ring(guest.arena.page(ring_frame_))) {}

CtrlFront::~CtrlFront() {
  if (try_end_grant()) guest_.arena.free(data_frame_);
  guest_.arena.free(ring_frame_);
}

bool CtrlFront::configure(HashSettings settings) {
  RB_ASSERT(settings.mapping.size() <= kMaxMappingEntries);
  settings_ = std::move(settings);
  step_ = Step::kAlgorithm;
  return set_algorithm(abi::XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
}

// The step that was out succeeded.
CtrlFront::Polled CtrlFront::next_step() {
  switch (step_) {
    case Step::kAlgorithm:
      step_ = Step::kFlags;
      return {Next::kWaiting, set_flags(settings_.flags)};
    case Step::kFlags:
      step_ = Step::kKey;
      return {Next::kWaiting, set_key(settings_.key)};
    case Step::kKey:
      step_ = Step::kMappingSize;
      return {Next::kWaiting, set_mapping_size(static_cast<std::uint32_t>(settings_.mapping.size()))};
    case Step::kMappingSize:
      if (settings_.mapping.empty()) break;
      step_ = Step::kMapping;
      return {Next::kWaiting, set_mapping(0, settings_.mapping)};
    case Step::kMapping:
    case Step::kNone:
      break;
  }
  step_ = Step::kNone;
  return {Next::kConfigured, false};
}

bool CtrlFront::set_algorithm(std::uint32_t algorithm) {
  return ask(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, {algorithm});
}

bool CtrlFront::get_flags() { return ask(abi::XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, {}); }

bool CtrlFront::set_flags(std::uint32_t types) { return ask(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, {types}); }

bool CtrlFront::set_key(std::span<const std::byte> key) {
  const abi::grant_ref_t ref = grant(key.data(), key.size());
  return ask(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, {ref, static_cast<std::uint32_t>(key.size())});
}

bool CtrlFront::get_mapping_size() { return ask(abi::XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, {}); }

bool CtrlFront::set_mapping_size(std::uint32_t entries) {
  return ask(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, {entries});
}

bool CtrlFront::set_mapping(std::uint32_t offset, std::span<const std::uint32_t> entries) {
  const abi::grant_ref_t ref = grant(entries.data(), entries.size_bytes());
  return ask(abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, {ref, static_cast<std::uint32_t>(entries.size()), offset});
}

bool CtrlFront::ask(std::uint16_t type, std::array<std::uint32_t, 3> data) {
  RB_ASSERT(may_ask());
  request_ = {next_id_++, type, {data[0], data[1], data[2]}};
  waiting_ = true;
  ring_.put_request(request_);
  return ring_.push_requests_and_check_notify();
}

// Writes the page and lets the back end read it.
abi::grant_ref_t CtrlFront::grant(const void* bytes, std::size_t count) {
  RB_ASSERT(may_ask() && granted_ == kNotGranted && count <= kPageBytes);
  if (count > 0) std::memcpy(guest_.arena.page(data_frame_).data(), bytes, count);
  const auto ref = guest_.grants.grant_foreign_access(back_end_, data_frame_, true);
  RB_ASSERT(ref.has_value());
  return granted_ = *ref;
}

bool CtrlFront::try_end_grant() noexcept {
  if (granted_ == kNotGranted) return true;
  if (!guest_.grants.try_end_foreign_access(granted_)) return false;
  granted_ = kNotGranted;
  return true;
}

CtrlFront::Polled CtrlFront::poll() {
  if (fault_ != Fault::kNone) return {Next::kDisabled, false};
  abi::netif_ctrl_response response;
  const Taken taken = ring_.consume_responses({&response, 1});
  if (taken.overflow) fault_ = Fault::kResponseOverflow;
  if (taken.count == 1) fault_ = take(response);
  if (fault_ != Fault::kNone) {
    static_cast<void>(try_end_grant());
    return {Next::kDisabled, false};
  }
  if (taken.count == 0) return {waiting_ ? Next::kWaiting : Next::kIdle, false};
  if (step_ == Step::kNone) return {Next::kAnswered, false};
  if (response_.status == abi::XEN_NETIF_CTRL_STATUS_SUCCESS) return next_step();
  step_ = Step::kNone;
  return {Next::kRefused, false};
}

Fault CtrlFront::take(const abi::netif_ctrl_response& response) noexcept {
  if (response.id != request_.id || response.type != request_.type) return Fault::kBadResponse;
  if (!try_end_grant()) return Fault::kGrantInUse;
  response_ = response;
  waiting_ = false;
  // Asks to be notified of the next answer, before the next request. An answer that is there already is to nothing.
  return ring_.final_check_for_responses() ? Fault::kResponseOverflow : Fault::kNone;
}

}  // namespace ringback
