// TCP packets under way, with their headers.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "base/assert.h"
#include "sim/tcp_headers.h"
#include "tcp/segment.h"

namespace ringback {

struct TcpPacket {
  std::array<std::byte, kMaxTcpHeaderBytes> header;
  std::uint32_t header_bytes = 0;
  std::uint32_t size_bytes = 0;  // the frame's
  std::uint32_t connection = 0;
  bool is_ack = false;       // otherwise data
  bool is_in_guest = false;  // waits in its guest, or on the ring
  std::uint32_t holders = 0;
  tcp::Ack ack = {};
  tcp::Burst data = {};
};

// A packet lives as long as a frame carries it, or somebody still has to look at it: frames point to its header.
//
// Memory: as many places as there were packets at once; their addresses stay.
class TcpPackets {
 public:
  // A packet with one holder. Returns its number.
  [[nodiscard]] std::uint32_t create() {
    std::uint32_t packet = static_cast<std::uint32_t>(packets_.size());
    if (free_.empty()) {
      packets_.emplace_back();
    } else {
      packet = free_.back();
      free_.pop_back();
    }
    packets_[packet].holders = 1;
    return packet;
  }
  [[nodiscard]] TcpPacket& operator[](std::uint32_t packet) noexcept {
    RB_ASSERT(packet < packets_.size() && packets_[packet].holders > 0);
    return packets_[packet];
  }
  void share(std::uint32_t packet) noexcept { ++(*this)[packet].holders; }
  void release(std::uint32_t packet) {
    if (--(*this)[packet].holders == 0) free_.push_back(packet);
  }
  [[nodiscard]] std::size_t in_use() const noexcept { return packets_.size() - free_.size(); }

 private:
  std::deque<TcpPacket> packets_;
  std::vector<std::uint32_t> free_;
};

}  // namespace ringback
