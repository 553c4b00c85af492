#include "sim/tcp_headers.h"

#include <algorithm>

#include "net/wire_bytes.h"

namespace ringback {
namespace {

constexpr std::uint32_t kIp = 14;
constexpr std::uint32_t kTcp = kIp + 20;
constexpr std::uint32_t kAck = 0x10;
constexpr std::uint32_t kPush = 0x08;

// What depends on the sizes: the lengths, IPv4's checksum and the pseudo-header's sum.
void put_lengths(std::span<std::byte> header, std::uint32_t header_bytes, std::uint32_t payload_bytes) noexcept {
  const std::uint32_t tcp_bytes = header_bytes - kTcp + payload_bytes;
  put16(header, kIp + 2, tcp_bytes + kTcp - kIp);
  put16(header, kIp + 10, 0);
  put16(header, kIp + 10, ~internet_sum(header.subspan(kIp, kTcp - kIp)));
  const std::uint32_t protocol = get8(header, kIp + 9);
  put16(header, kTcp + 16, internet_sum(header.subspan(kIp + 12, 8), fold_sum(protocol + tcp_bytes)));
}

void put_numbers(std::span<std::byte> header, std::uint32_t sequence, std::uint32_t ack, std::uint32_t window_bytes,
                 std::uint32_t header_bytes, std::uint32_t flags) noexcept {
  put32(header, kTcp + 4, sequence);
  put32(header, kTcp + 8, ack);
  put16(header, kTcp + 12, (header_bytes - kTcp) / 4 << 12 | flags);
  put16(header, kTcp + 14, std::min<std::uint32_t>(window_bytes >> kTcpWindowShift, 0xffff));
}

}  // namespace

TcpHeaders::TcpHeaders(const Endpoint& from, const Endpoint& to, std::uint32_t flow, bool is_data) noexcept
    : header_(make_header(
          {.from = from, .to = to, .flow = flow, .protocol = Protocol::kTcp, .size_bytes = kTcpHeaderBytes})) {
  if (is_data) return;
  const std::uint32_t port = get16(header_.bytes, kTcp);
  put16(header_.bytes, kTcp, get16(header_.bytes, kTcp + 2));
  put16(header_.bytes, kTcp + 2, port);
}

std::uint32_t TcpHeaders::write_data(Bytes to, const tcp::Burst& burst, std::uint32_t ack,
                                     std::uint32_t window_bytes) const noexcept {
  std::ranges::copy(header_.span(), to.begin());
  put_numbers(to, burst.sequence, ack, window_bytes, kTcpHeaderBytes, kAck | kPush);
  put_lengths(to, kTcpHeaderBytes, burst.bytes);
  return kTcpHeaderBytes;
}

// The option: two times NOP, its kind, its length, its blocks (RFC 2018).
std::uint32_t TcpHeaders::write_ack(Bytes to, std::uint32_t sequence, const tcp::Ack& ack) const noexcept {
  std::ranges::copy(header_.span(), to.begin());
  std::uint32_t header_bytes = kTcpHeaderBytes;
  if (ack.block_count > 0) {
    put16(to, header_bytes, 0x0101);
    put16(to, header_bytes + 2, 5u << 8 | (2 + 8 * ack.block_count));
    header_bytes += 4;
  }
  for (const tcp::Block& block : ack.sack()) {
    put32(to, header_bytes, block.begin);
    put32(to, header_bytes + 4, block.end);
    header_bytes += 8;
  }
  put_numbers(to, sequence, ack.ack, ack.window_bytes, header_bytes, kAck);
  put_lengths(to, header_bytes, 0);
  return header_bytes;
}

}  // namespace ringback
