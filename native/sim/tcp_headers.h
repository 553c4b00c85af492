// The headers of a TCP connection.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/packet_header.h"
#include "tcp/segment.h"

namespace ringback {

// Ethernet, IPv4, TCP, and an option with four SACK blocks behind two bytes of padding.
inline constexpr std::uint32_t kMaxTcpHeaderBytes = kTcpHeaderBytes + 36;
// Windows in headers are in units of 2^7 bytes, as if the SYN had said so.
inline constexpr std::uint32_t kTcpWindowShift = 7;

// Of one direction: sequence numbers, windows and options are those of the connection, everything else is as in
// make_header(), partial checksums too.
class TcpHeaders {
 public:
  // Data goes from port 1024 + flow to port 5001, acknowledgements the other way.
  TcpHeaders(const Endpoint& from, const Endpoint& to, std::uint32_t flow, bool is_data) noexcept;

  using Bytes = std::span<std::byte, kMaxTcpHeaderBytes>;

  // Return the header's size.
  [[nodiscard]] std::uint32_t write_data(Bytes to, const tcp::Burst& burst, std::uint32_t ack,
                                         std::uint32_t window_bytes) const noexcept;
  [[nodiscard]] std::uint32_t write_ack(Bytes to, std::uint32_t sequence, const tcp::Ack& ack) const noexcept;

 private:
  FlowHeader header_;
};

}  // namespace ringback
