// Writes frames as a classic pcap file, the bytes of which the caller takes piece by piece.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"

namespace ringback {

// begin() once, then for each frame begin_record() and append() until the included bytes are there. Integers are
// little-endian and stamps count nanoseconds since the world's start, on every host.
//
// A frame's pages are appended one after the other, each copied once, from where it lies to the file's bytes.
//
// Source: the IETF draft "PCAP Capture File Format", draft-ietf-opsawg-pcap
class PcapWriter {
 public:
  // Bytes a record may include: libpcap's own bound; a longer frame is cut by the caller.
  static constexpr std::uint32_t kSnapBytes = 262'144;

  // The file header: magic of nanosecond stamps, version 2.4, Ethernet. Before everything else.
  void begin();

  // Requires: the record before is complete; included_bytes <= original_bytes and kSnapBytes; at < 2^32 seconds.
  void begin_record(TimeNs at, std::uint32_t included_bytes, std::uint32_t original_bytes);

  // The next bytes of the record. Requires: not more than missing_bytes().
  void append(std::span<const std::byte> bytes);

  // What the record still lacks.
  [[nodiscard]] std::uint32_t missing_bytes() const noexcept { return missing_bytes_; }

  // What was written since the last call; all of them in a row are the file.
  // Requires: the last record is complete, so that a reader of a part sees whole records.
  [[nodiscard]] std::vector<std::byte> take();

  // Bytes that take() would hand out.
  [[nodiscard]] std::size_t pending_bytes() const noexcept { return bytes_.size(); }

 private:
  void put16(std::uint32_t value);
  void put32(std::uint32_t value);

  std::vector<std::byte> bytes_;
  std::uint32_t missing_bytes_ = 0;
  bool begun_ = false;
};

}  // namespace ringback
