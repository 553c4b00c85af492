// Headers of frames, built field by field, for the tests of hashing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace ringback::test {

using Bytes = std::vector<std::byte>;

inline void append(Bytes& to, std::initializer_list<unsigned> bytes) {
  for (const unsigned byte : bytes) to.push_back(static_cast<std::byte>(byte));
}
inline void append16(Bytes& to, unsigned value) { append(to, {value >> 8 & 255, value & 255}); }
inline void append(Bytes& to, const Bytes& bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

inline constexpr unsigned kTcp = 6;
inline constexpr unsigned kUdp = 17;

// A TCP or UDP flow between two addresses, of 4 or of 16 bytes each.
struct Flow {
  Bytes source;
  Bytes destination;
  unsigned source_port = 0;
  unsigned destination_port = 0;
  unsigned protocol = kTcp;
};

struct HeaderOptions {
  std::vector<unsigned> vlan_types = {};  // a tag each
  unsigned ipv4_option_words = 0;
  unsigned ipv4_fragment = 0;  // the field as it stands: flags and offset
  Bytes ipv6_extensions = {};  // ready-made, the last one's next header being the flow's protocol
  unsigned ipv6_first = 0;     // the first extension's protocol, when there are any
};

// Ethernet, tags, IP, ports, 12 bytes more.
inline Bytes make_header(const Flow& flow, const HeaderOptions& options = {}) {
  Bytes header(12);
  for (const unsigned type : options.vlan_types) {
    append16(header, type);
    append16(header, 0x0064);
  }
  if (flow.source.size() == 4) {
    append16(header, 0x0800);
    append(header, {0x45 + options.ipv4_option_words, 0, 0, 100, 0, 0});
    append16(header, options.ipv4_fragment);
    append(header, {64, flow.protocol, 0, 0});
    append(header, flow.source);
    append(header, flow.destination);
    for (unsigned i = 0; i < options.ipv4_option_words; ++i) append(header, {1, 1, 1, 1});
  } else {
    append16(header, 0x86dd);
    append(header, {0x60, 0, 0, 0, 0, 60, options.ipv6_extensions.empty() ? flow.protocol : options.ipv6_first, 64});
    append(header, flow.source);
    append(header, flow.destination);
    append(header, options.ipv6_extensions);
  }
  append16(header, flow.source_port);
  append16(header, flow.destination_port);
  header.resize(header.size() + 12);
  return header;
}

inline Bytes ipv4(unsigned a, unsigned b, unsigned c, unsigned d) {
  Bytes address;
  append(address, {a, b, c, d});
  return address;
}
inline Bytes ipv6(std::initializer_list<unsigned> groups) {
  Bytes address;
  for (const unsigned group : groups) append16(address, group);
  return address;
}

}  // namespace ringback::test
