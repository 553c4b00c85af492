// How a frame that asks for segmentation (GSO) is cut into frames for a wire.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "vif/frame.h"

namespace ringback {

// Who asks for smaller pieces would have the wire carry little but headers, and each of them keep a frame of 17 pages.
// TCP's default segment is of 536 bytes.
inline constexpr std::uint16_t kLeastPieceBytes = 512;

// Each segment has the frame's header and the next piece of its payload.
struct Segmentation {
  std::uint32_t segments = 1;  // 1: the frame goes as it is
  std::uint32_t header_bytes = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t piece_bytes = 0;  // of payload in every segment but the last

  // Where a segment's payload begins in the frame's.
  [[nodiscard]] std::uint32_t begin_bytes(std::uint32_t segment) const noexcept { return segment * piece_bytes; }
  // A segment's size with its header.
  [[nodiscard]] std::uint32_t size_bytes(std::uint32_t segment) const noexcept {
    return header_bytes + std::min(piece_bytes, payload_bytes - begin_bytes(segment));
  }
};

// A frame whose header is not Ethernet, up to two VLAN tags, IPv4 without fragments or IPv6 without extensions, and TCP
// goes as it is: the guest has asked for what nobody can do. So does one that asks for pieces of less than
// kLeastPieceBytes.
//
// Units:  `header` is the frame's start, its bytes are hostile.
// Source: Linux tcp_offload.c tcp_gso_segment
[[nodiscard]] Segmentation segmentation_of(const Frame& frame, std::span<const std::byte> header) noexcept;

// Makes a segment's header of the frame's, in place: lengths, IPv4's identification and checksum, the sequence number,
// and PSH and FIN on the last one only. A partial checksum (CHECKSUM_PARTIAL) gets the segment's length; the rest is
// the NIC's.
//
// Requires: segmentation_of() said so of this header; segment < segments.
void make_segment_header(std::span<std::byte> header, const Segmentation& segmentation, std::uint32_t segment,
                         Checksum checksum) noexcept;

}  // namespace ringback
