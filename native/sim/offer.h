// What a source hands on: a frame that somebody wants to send.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "base/time.h"
#include "net/nic.h"

namespace ringback {

// The header's bytes live as long as the source, or the packet.
struct Offer {
  TimeNs offered_ns = 0;
  const std::byte* header = nullptr;
  std::uint32_t size_bytes = 0;
  std::uint32_t payload_seed = 0;  // another one for each frame of a world, as good as always
  std::uint16_t header_bytes = 0;
  std::uint16_t gso_size_bytes = 0;             // 0: no segmentation asked for; otherwise TCP over IPv4
  std::uint32_t packet = WireFrame::kNoPacket;  // of a TCP connection
};

// The payload seeds of a source's frames: 2^32 different ones.
class PayloadSeeds {
 public:
  explicit PayloadSeeds(std::uint64_t seed) noexcept : next_(static_cast<std::uint32_t>(Random(~seed).next())) {}

  [[nodiscard]] std::uint32_t take() noexcept {
    const std::uint32_t taken = next_;
    next_ += kStep;
    return taken;
  }

 private:
  static constexpr std::uint32_t kStep = 0x9e3779b1;  // odd

  std::uint32_t next_;
};

}  // namespace ringback
