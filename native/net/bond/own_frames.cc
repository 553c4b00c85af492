#include "net/bond/own_frames.h"

#include <algorithm>

#include "net/wire_bytes.h"

namespace ringback {
namespace {

void put_mac(OwnFrame& frame, std::size_t at, const MacAddress& mac) noexcept {
  std::ranges::copy(mac, frame.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

OwnFrame make_learning_frame(const MacAddress& mac) noexcept {
  OwnFrame frame{};
  put_mac(frame, 0, mac);
  put_mac(frame, 6, mac);
  put16(frame, 12, 0x9000);
  return frame;
}

OwnFrame make_arp(const ArpOptions& options) noexcept {
  const bool is_request = options.operation == ArpOptions::Operation::kRequest;
  OwnFrame frame{};
  if (is_request)
    std::fill_n(frame.begin(), 6, std::byte{0xff});
  else
    put_mac(frame, 0, options.target);
  put_mac(frame, 6, options.sender);
  put16(frame, 12, 0x0806);
  put16(frame, 14, 1);       // Ethernet
  put16(frame, 16, 0x0800);  // IPv4
  put16(frame, 18, 0x0604);  // lengths of their addresses
  put16(frame, 20, static_cast<std::uint32_t>(options.operation));
  put_mac(frame, 22, options.sender);
  put32(frame, 28, options.sender_ip);
  if (!is_request) put_mac(frame, 32, options.target);
  put32(frame, 38, options.target_ip);
  return frame;
}

}  // namespace ringback
