// What two TCP endpoints tell each other, as it stands in headers: sequence numbers modulo 2^32.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "base/assert.h"

namespace ringback::tcp {

// A range of sequence numbers: from `begin` up to, not including, `end`.
struct Block {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool operator==(const Block&) const = default;
};

// What a receiver says. Source: RFC 9293, 2018 (SACK), 2883 (a first block about a duplicate).
struct Ack {
  // An option of 4 blocks is 34 bytes of the 40 that a header has for all options.
  static constexpr std::uint32_t kMaxBlocks = 4;

  std::uint32_t ack = 0;           // the next byte that it lacks
  std::uint32_t window_bytes = 0;  // from there on: what it has room for
  std::uint32_t block_count = 0;
  std::array<Block, kMaxBlocks> blocks{};

  void add(const Block& block) noexcept {
    RB_ASSERT(block_count < kMaxBlocks);
    blocks[block_count++] = block;
  }
  [[nodiscard]] std::span<const Block> sack() const noexcept { return std::span(blocks).first(block_count); }
};

// Bytes that a sender hands down at once: one segment, or several for whoever segments them.
struct Burst {
  std::uint32_t sequence = 0;
  std::uint32_t bytes = 0;
  std::uint32_t segments = 0;
  bool is_retransmission = false;
};

// The position in the stream, nearest to `near`, that has this sequence number. Positions are 64 bits wide and never
// wrap; only headers know sequence numbers. Below 0 there is nothing: a number from there reads as beyond 2^63.
[[nodiscard]] constexpr std::uint64_t position_of(std::uint32_t sequence, std::uint64_t near) noexcept {
  const auto distance = static_cast<std::int32_t>(sequence - static_cast<std::uint32_t>(near));
  return near + static_cast<std::uint64_t>(std::int64_t{distance});
}

}  // namespace ringback::tcp
