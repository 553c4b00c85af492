#include "sim/captures.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <vector>

#include "net/packet_header.h"
#include "net/segmentation.h"
#include "net/wire_bytes.h"

using namespace ringback;

namespace {

constexpr std::size_t kFileHeaderBytes = 24;
constexpr std::size_t kRecordHeaderBytes = 16;

std::uint32_t u32(const std::vector<std::byte>& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

}  // namespace

TEST_CASE("captures: a writer for each point that was named, nothing elsewhere") {
  PageArena arena(4);
  const FrameBuffers buffers(arena, Payload::kCopy);
  const std::array points = {CaptureConfig{CaptureKind::kVifIn, 3}, CaptureConfig{CaptureKind::kNicOut, 0}};
  Captures captures(points, buffers);
  CHECK(captures.count() == 2);
  CHECK(captures.at(CaptureKind::kVifIn, 3) == &captures.writer(0));
  CHECK(captures.at(CaptureKind::kNicOut, 0) == &captures.writer(1));
  CHECK(captures.at(CaptureKind::kVifIn, 2) == nullptr);
  CHECK(captures.at(CaptureKind::kVifIn, 4) == nullptr);
  CHECK(captures.at(CaptureKind::kNicIn, 0) == nullptr);
  CHECK(captures.writer(0).take().size() == kFileHeaderBytes);
}

TEST_CASE("captures: a frame's bytes are recorded whole, over all of its pages") {
  PageArena arena(4);
  FrameBuffers buffers(arena, Payload::kCopy);
  Captures captures(std::array{CaptureConfig{}}, buffers);
  const WireFrame frame{.frame = {.size_bytes = 5000, .buffer = buffers.allocate(5000)}};
  BufferRef page = frame.frame.buffer;
  std::ranges::fill(buffers.writable_bytes(page), std::byte{1});
  std::ranges::fill(buffers.writable_bytes(buffers.next(page)), std::byte{2});
  captures.record(captures.writer(0), 3 * kNsPerSecond + 5, frame);
  const auto file = captures.writer(0).take();
  REQUIRE(file.size() == kFileHeaderBytes + kRecordHeaderBytes + 5000);
  CHECK(u32(file, kFileHeaderBytes) == 3);
  CHECK(u32(file, kFileHeaderBytes + 4) == 5);
  CHECK(u32(file, kFileHeaderBytes + 8) == 5000);
  CHECK(u32(file, kFileHeaderBytes + 12) == 5000);
  const std::size_t data = kFileHeaderBytes + kRecordHeaderBytes;
  CHECK(file[data + 4095] == std::byte{1});
  CHECK(file[data + 4096] == std::byte{2});
  CHECK(file.back() == std::byte{2});
}

TEST_CASE("captures: where no payload moves, the header alone, and no more of it than the frame has") {
  PageArena arena(2);
  const FrameBuffers buffers(arena, Payload::kNone);
  Captures captures(std::array{CaptureConfig{}}, buffers);
  const std::vector<std::byte> header(100, std::byte{7});
  captures.record(captures.writer(0), 0, {.frame = {.size_bytes = 9000}, .header = header.data(), .header_bytes = 100});
  captures.record(captures.writer(0), 0, {.frame = {.size_bytes = 60}, .header = header.data(), .header_bytes = 100});
  const auto file = captures.writer(0).take();
  CHECK(file.size() == kFileHeaderBytes + kRecordHeaderBytes + 100 + kRecordHeaderBytes + 60);
  CHECK(u32(file, kFileHeaderBytes + 8) == 100);
  CHECK(u32(file, kFileHeaderBytes + 12) == 9000);
  CHECK(u32(file, kFileHeaderBytes + kRecordHeaderBytes + 100 + 8) == 60);
}

TEST_CASE("captures: a segment has its own header and its own piece of the bytes") {
  constexpr std::uint32_t kPiece = 1448;
  const FlowHeader header =
      make_header({.from = {1}, .to = {}, .protocol = Protocol::kTcp, .size_bytes = 54 + 4 * kPiece - 100});
  for (const Payload payload : {Payload::kCopy, Payload::kNone}) {
    PageArena arena(4);
    FrameBuffers buffers(arena, payload);
    Captures captures(std::array{CaptureConfig{}}, buffers);
    WireFrame frame{.frame = {.size_bytes = 54 + 4 * kPiece - 100, .buffer = buffers.allocate(6000)},
                    .header = header.bytes.data(),
                    .header_bytes = 54};
    frame.frame.gso_size_bytes = kPiece;
    const Segmentation cut = segmentation_of(frame.frame, header.span());
    REQUIRE(cut.segments == 4);
    if (payload == Payload::kCopy) {
      std::ranges::copy(header.span(), buffers.writable_bytes(frame.frame.buffer).begin());
      // The third piece is over the edge of the first page.
      for (std::uint32_t at = 54 + 2 * kPiece; at < 54 + 3 * kPiece; ++at) {
        const BufferRef page = at < 4096 ? frame.frame.buffer : buffers.next(frame.frame.buffer);
        buffers.writable_bytes(page)[at % 4096] = static_cast<std::byte>(at);
      }
    }
    frame.segment = 2;
    frame.frame.size_bytes = cut.size_bytes(2);
    captures.record_segment(captures.writer(0), 0, frame, cut);
    const auto file = captures.writer(0).take();
    const std::size_t included = payload == Payload::kCopy ? 54 + kPiece : 54;
    REQUIRE(file.size() == kFileHeaderBytes + kRecordHeaderBytes + included);
    CHECK(u32(file, kFileHeaderBytes + 8) == included);
    CHECK(u32(file, kFileHeaderBytes + 12) == 54 + kPiece);
    const auto bytes = std::span(file).subspan(kFileHeaderBytes + kRecordHeaderBytes);
    CHECK(get32(bytes, 38) == 1 + 2 * kPiece);
    CHECK(get16(bytes, 16) == 40 + kPiece);
    for (std::size_t i = 54; i < bytes.size(); ++i) REQUIRE(bytes[i] == static_cast<std::byte>(i + 2 * kPiece));
  }
}
