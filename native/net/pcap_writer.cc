#include "net/pcap_writer.h"

#include <utility>

#include "base/assert.h"

namespace ringback {

void PcapWriter::put16(std::uint32_t value) {
  for (const std::uint32_t shift : {0u, 8u}) bytes_.push_back(static_cast<std::byte>(value >> shift));
}

void PcapWriter::put32(std::uint32_t value) {
  put16(value & 0xffff);
  put16(value >> 16);
}

void PcapWriter::begin() {
  RB_ASSERT(!begun_);
  begun_ = true;
  put32(0xa1b23c4d);  // nanosecond stamps
  put16(2);
  put16(4);
  put32(0);  // reserved
  put32(0);  // reserved
  put32(kSnapBytes);
  put32(1);  // LINKTYPE_ETHERNET
}

void PcapWriter::begin_record(TimeNs at, std::uint32_t included_bytes, std::uint32_t original_bytes) {
  RB_ASSERT(begun_ && missing_bytes_ == 0);
  RB_ASSERT(included_bytes <= original_bytes && included_bytes <= kSnapBytes && at / kNsPerSecond <= 0xffffffff);
  put32(static_cast<std::uint32_t>(at / kNsPerSecond));
  put32(static_cast<std::uint32_t>(at % kNsPerSecond));
  put32(included_bytes);
  put32(original_bytes);
  missing_bytes_ = included_bytes;
}

void PcapWriter::append(std::span<const std::byte> bytes) {
  RB_ASSERT(bytes.size() <= missing_bytes_);
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  missing_bytes_ -= static_cast<std::uint32_t>(bytes.size());
}

std::vector<std::byte> PcapWriter::take() {
  RB_ASSERT(missing_bytes_ == 0);
  return std::exchange(bytes_, {});
}

}  // namespace ringback
