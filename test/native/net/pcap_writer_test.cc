#include "net/pcap_writer.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace ringback;

namespace {

constexpr std::string_view kFileHeader =
    "4d3cb2a1"
    "02000400"
    "00000000"
    "00000000"
    "00000400"
    "01000000";

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes)
    for (const int shift : {4, 0}) text += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> shift & 15];
  return text;
}

std::vector<std::byte> counting(std::size_t bytes) {
  std::vector<std::byte> out(bytes);
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::byte>(i);
  return out;
}

}  // namespace

TEST_CASE("a capture without frames is its header") {
  PcapWriter writer;
  writer.begin();
  CHECK(writer.pending_bytes() == 24);
  CHECK(hex(writer.take()) == kFileHeader);
}

TEST_CASE("a record, byte for byte: seconds, nanoseconds, both lengths, the bytes") {
  PcapWriter writer;
  writer.begin();
  writer.begin_record(0x12345678 * kNsPerSecond + 999'999'999, 3, 65'549);
  writer.append(counting(3));
  CHECK(hex(writer.take()) == std::string(kFileHeader) +
                                  "78563412"
                                  "ffc99a3b"
                                  "03000000"
                                  "0d000100"
                                  "000102");
}

TEST_CASE("a frame that lies in several pages is one record") {
  PcapWriter writer;
  writer.begin();
  CHECK(hex(writer.take()) == kFileHeader);
  const std::vector<std::byte> frame = counting(10);
  writer.begin_record(1, 10, 10);
  CHECK(writer.missing_bytes() == 10);
  writer.append(std::span(frame).first(4));
  CHECK(writer.missing_bytes() == 6);
  writer.append({});
  writer.append(std::span(frame).subspan(4, 5));
  writer.append(std::span(frame).subspan(9));
  CHECK(writer.missing_bytes() == 0);
  CHECK(hex(writer.take()) ==
        "00000000"
        "01000000"
        "0a000000"
        "0a000000"
        "00010203040506070809");
}

TEST_CASE("a record may include nothing of its frame") {
  PcapWriter writer;
  writer.begin();
  writer.begin_record(0, 0, 60);
  writer.begin_record(kNsPerSecond, 0, 0);
  CHECK(writer.pending_bytes() == 24 + 32);
}

TEST_CASE("what is taken is taken once, and the parts make up the file") {
  const auto write = [](PcapWriter& writer, std::uint32_t i) {
    writer.begin_record(i * 1'000'003ull, i, i + 5);
    writer.append(counting(i));
  };
  PcapWriter whole;
  PcapWriter parts;
  whole.begin();
  parts.begin();
  std::string pieces;
  for (std::uint32_t i = 0; i < 50; ++i) {
    write(whole, i);
    write(parts, i);
    if (i % 7 == 0) {
      pieces += hex(parts.take());
      CHECK(parts.take().empty());
      CHECK(parts.pending_bytes() == 0);
    }
  }
  pieces += hex(parts.take());
  CHECK(pieces == hex(whole.take()));
}

TEST_CASE("the longest record and the latest stamp") {
  PcapWriter writer;
  writer.begin();
  writer.begin_record(0xffffffff * kNsPerSecond, PcapWriter::kSnapBytes, 0xffffffff);
  writer.append(counting(PcapWriter::kSnapBytes));
  const std::vector<std::byte> bytes = writer.take();
  CHECK(bytes.size() == 24 + 16 + PcapWriter::kSnapBytes);
  CHECK(hex(std::span(bytes).subspan(24, 16)) ==
        "ffffffff"
        "00000000"
        "00000400"
        "ffffffff");
}
