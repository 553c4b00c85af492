#include "net/flow_id.h"

#include <algorithm>
#include <array>

#include "net/flow_keys.h"

namespace ringback {
namespace {

constexpr std::uint32_t kVlanIdMask = 0x0fff;

std::uint64_t load_le64(const std::byte* at) noexcept { return load_le32(at) | std::uint64_t{load_le32(at + 4)} << 32; }

// Both MAC addresses, or what there is of them, and the type behind the outermost tag.
std::uint64_t link_flow_id(std::span<const std::byte> header, const LinkKeys& link) noexcept {
  std::array<std::byte, 16> bytes{};
  std::ranges::copy(header.first(std::min(header.size(), std::size_t{12})), bytes.begin());
  const std::uint32_t rest = std::uint32_t{link.type} << 16 | (link.tag & kVlanIdMask);
  return mix_words(mix_words(load_le64(bytes.data()), load_le64(bytes.data() + 8)), rest);
}

std::uint64_t ipv6_flow_id(const FlowKeys& keys, std::uint32_t ports, std::uint32_t rest) noexcept {
  const std::uint64_t source = mix_words(load_le64(keys.source.data()), load_le64(keys.source.data() + 8));
  const std::uint64_t destination =
      mix_words(load_le64(keys.destination.data()), load_le64(keys.destination.data() + 8));
  // Not the exclusive or of both: a flow and the one back are two.
  return ipv4_flow_id(mix_words(source, ~destination), ports, rest);
}

}  // namespace

std::uint64_t flow_id_of_any(std::span<const std::byte> header) noexcept {
  const LinkKeys link = read_link(header);
  const FlowKeys keys = dissect(header, true);
  if (keys.addresses == FlowKeys::Addresses::kNone) return link_flow_id(header, link);
  const std::uint32_t ports = keys.ports != 0 ? keys.ports : keys.icmp >> 16;
  const std::uint32_t rest = keys.protocol | std::uint32_t{link.tag & kVlanIdMask} << 8;
  if (keys.addresses == FlowKeys::Addresses::kIpv6) return ipv6_flow_id(keys, ports, rest);
  return ipv4_flow_id(keys.source_word() | std::uint64_t{keys.destination_word()} << 32, ports, rest);
}

}  // namespace ringback
