#include "net/segmentation.h"

#include <optional>

#include "base/assert.h"
#include "net/wire_bytes.h"

namespace ringback {
namespace {

constexpr std::uint32_t kEthernetBytes = 14;
constexpr std::uint32_t kTagBytes = 4;
constexpr std::uint32_t kIpv4Bytes = 20;
constexpr std::uint32_t kIpv6Bytes = 40;
constexpr std::uint32_t kTcpBytes = 20;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kFinAndPsh = 0x01 | 0x08;

struct Layout {
  std::uint32_t ip = 0;
  std::uint32_t tcp = 0;
  std::uint32_t payload = 0;
  bool is_ipv6 = false;
};

// Where the IP header begins, and what kind it is; 0: none.
struct Network {
  std::uint32_t at;
  std::uint32_t ethertype;
};
std::optional<Network> network_of(std::span<const std::byte> header) noexcept {
  std::uint32_t at = kEthernetBytes;
  for (std::uint32_t tags = 0; tags <= 2; ++tags, at += kTagBytes) {
    if (header.size() < at) return std::nullopt;
    const std::uint32_t type = get16(header, at - 2);
    if (type != 0x8100 && type != 0x88a8) return Network{at, type};
  }
  return std::nullopt;
}

std::optional<Layout> layout_of(std::span<const std::byte> header) noexcept {
  const auto network = network_of(header);
  if (!network) return std::nullopt;
  const std::uint32_t ip = network->at;
  Layout layout{.ip = ip, .is_ipv6 = network->ethertype == 0x86dd};
  if (layout.is_ipv6) {
    if (header.size() < ip + kIpv6Bytes || get8(header, ip + 6) != kTcp) return std::nullopt;
    layout.tcp = ip + kIpv6Bytes;
  } else {
    if (network->ethertype != 0x0800 || header.size() < ip + kIpv4Bytes) return std::nullopt;
    const std::uint32_t bytes = (get8(header, ip) & 0xfu) * 4;
    const bool is_fragment = (get16(header, ip + 6) & 0x3fff) != 0;
    if (get8(header, ip) >> 4 != 4 || bytes < kIpv4Bytes || is_fragment || get8(header, ip + 9) != kTcp)
      return std::nullopt;
    layout.tcp = ip + bytes;
  }
  if (header.size() < layout.tcp + kTcpBytes) return std::nullopt;
  const std::uint32_t tcp_bytes = (get8(header, layout.tcp + 12) >> 4) * 4u;
  layout.payload = layout.tcp + tcp_bytes;
  if (tcp_bytes < kTcpBytes || header.size() < layout.payload) return std::nullopt;
  return layout;
}

void set_ipv4(std::span<std::byte> header, std::uint32_t ip, std::uint32_t total_bytes,
              std::uint32_t segment) noexcept {
  put16(header, ip + 2, total_bytes);
  put16(header, ip + 4, get16(header, ip + 4) + segment);
  put16(header, ip + 10, 0);
  const std::uint32_t bytes = (get8(header, ip) & 0xfu) * 4;
  put16(header, ip + 10, ~internet_sum(header.subspan(ip, bytes)));
}

}  // namespace

Segmentation segmentation_of(const Frame& frame, std::span<const std::byte> header) noexcept {
  if (frame.gso_size_bytes < kLeastPieceBytes) return {};
  const auto layout = layout_of(header);
  if (!layout || frame.size_bytes <= layout->payload + frame.gso_size_bytes) return {};
  const std::uint32_t payload_bytes = frame.size_bytes - layout->payload;
  return {.segments = (payload_bytes - 1) / frame.gso_size_bytes + 1,
          .header_bytes = layout->payload,
          .payload_bytes = payload_bytes,
          .piece_bytes = frame.gso_size_bytes};
}

void make_segment_header(std::span<std::byte> header, const Segmentation& segmentation, std::uint32_t segment,
                         Checksum checksum) noexcept {
  const auto layout = layout_of(header);
  RB_ASSERT(layout && layout->payload == segmentation.header_bytes && segment < segmentation.segments);
  const auto [ip, tcp, payload, is_ipv6] = *layout;
  const std::uint32_t size_bytes = segmentation.size_bytes(segment);
  if (is_ipv6)
    put16(header, ip + 4, size_bytes - ip - kIpv6Bytes);
  else
    set_ipv4(header, ip, size_bytes - ip, segment);
  put32(header, tcp + 4, get32(header, tcp + 4) + segmentation.begin_bytes(segment));
  if (segment + 1 < segmentation.segments)
    put8(header, tcp + 13, static_cast<std::uint8_t>(get8(header, tcp + 13) & ~kFinAndPsh));
  if (checksum != Checksum::kBlank) return;
  const std::uint32_t before = payload + segmentation.payload_bytes - tcp;
  const std::uint32_t sum = get16(header, tcp + 16) + (~before & 0xffff) + (size_bytes - tcp);
  put16(header, tcp + 16, fold_sum(sum));
}

}  // namespace ringback
