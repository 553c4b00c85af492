#include "net/flow_keys.h"

#include "base/header_view.h"

namespace ringback {
namespace {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kVlanTagBytes = 4;
constexpr std::size_t kIpv4Bytes = 20;
constexpr std::size_t kIpv6Bytes = 40;
constexpr std::size_t kIcmpBytes = 8;
constexpr std::size_t kFragmentHeaderBytes = 8;
constexpr std::size_t kPppoeBytes = 8;
constexpr std::size_t kHsrBytes = 6;
constexpr std::size_t kFcoeBytes = 38;
constexpr std::size_t kPtpBytes = 34;

// Ethernet types.
constexpr std::uint32_t kIpv4 = 0x0800;
constexpr std::uint32_t kArp = 0x0806;
constexpr std::uint32_t kEthernet = 0x6558;  // transparent Ethernet bridging, in GRE
constexpr std::uint32_t kReverseArp = 0x8035;
constexpr std::uint32_t kVlan = 0x8100;
constexpr std::uint32_t kIpv6 = 0x86dd;
constexpr std::uint32_t kGrePpp = 0x880b;
constexpr std::uint32_t kMpls = 0x8847;
constexpr std::uint32_t kMplsMulticast = 0x8848;
constexpr std::uint32_t kPppoeSession = 0x8864;
constexpr std::uint32_t kServiceVlan = 0x88a8;
constexpr std::uint32_t kPtp = 0x88f7;
constexpr std::uint32_t kPrp = 0x88fb;
constexpr std::uint32_t kCfm = 0x8902;
constexpr std::uint32_t kFcoe = 0x8906;
constexpr std::uint32_t kHsr = 0x892f;

constexpr std::uint32_t kMoreFragmentsOrOffset = 0x3fff;

bool is_vlan(std::uint32_t type) noexcept { return type == kVlan || type == kServiceVlan; }

// IP's protocol numbers.
enum : std::uint8_t {
  kHopByHop = 0,
  kIcmp = 1,
  kIpip = 4,
  kTcp = 6,
  kUdp = 17,
  kDccp = 33,
  kIpv6InIp = 41,
  kRouting = 43,
  kFragment = 44,
  kGre = 47,
  kEsp = 50,
  kAh = 51,
  kIcmpv6 = 58,
  kDestinationOptions = 60,
  kSctp = 132,
  kUdpLite = 136,
  kMplsInIp = 137,
};

void read_ipv4_addresses(const HeaderView& header, std::size_t at, FlowKeys& keys) noexcept {
  keys.addresses = FlowKeys::Addresses::kIpv4;
  keys.source = keys.destination = {};
  header.copy(at + 12, 4, keys.source.data());
  header.copy(at + 16, 4, keys.destination.data());
}

void read_ipv6_addresses(const HeaderView& header, std::size_t at, FlowKeys& keys) noexcept {
  keys.addresses = FlowKeys::Addresses::kIpv6;
  header.copy(at + 8, 16, keys.source.data());
  header.copy(at + 24, 16, keys.destination.data());
}

// Source: Linux include/linux/in.h proto_ports_offset
std::uint32_t ports_at(const HeaderView& header, std::size_t at, std::uint8_t protocol) noexcept {
  switch (protocol) {
    case kAh:
      at += 4;
      break;
    case kTcp:
    case kUdp:
    case kDccp:
    case kEsp:
    case kSctp:
    case kUdpLite:
      break;
    default:
      return 0;
  }
  return header.has(at, 4) ? header.le32(at) : 0;
}

// Echo and timestamp, requests and replies: ICMP's and ICMPv6's types do not overlap.
// Source: Linux flow_dissector.c skb_flow_get_icmp_tci, icmp_has_id
std::uint32_t icmp_at(const HeaderView& header, std::size_t at) noexcept {
  if (!header.has(at, kIcmpBytes)) return 0;
  const std::uint32_t type = header.u8(at);
  const bool has_id = type == 0 || type == 8 || type == 13 || type == 14 || type == 128 || type == 129;
  const std::uint32_t id = header.u16(at + 4);
  return type | header.u8(at + 1) << 8 | (has_id ? (id != 0 ? id : 1) << 16 : 0);
}

// Source: Linux icmp_is_err, icmpv6_is_err
bool is_icmp_error(std::uint8_t protocol, std::uint32_t type) noexcept {
  if (protocol == kIcmpv6) return type >= 1 && type <= 4;
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

// The reading that stops behind the IP header. Source: Linux bond_flow_dissect.
class OuterReader {
 public:
  OuterReader(const HeaderView& header, const LinkKeys& link) noexcept
      : header_(header), type_(link.type), at_(link.payload_at) {}

  FlowKeys read() noexcept {
    if (!read_ip()) return {};
    if (keys_.is_fragment || (keys_.protocol != kIcmp && keys_.protocol != kIcmpv6)) return keys_;
    keys_.icmp = icmp_at(header_, at_);
    if (!is_icmp_error(keys_.protocol, keys_.icmp & 0xff)) return keys_;
    at_ += kIcmpBytes;  // what it complains about begins here
    return read_ip() ? keys_ : FlowKeys{};
  }

 private:
  bool read_ip() noexcept {
    if (type_ == kIpv4) {
      if (!header_.has(at_, kIpv4Bytes)) return false;
      read_ipv4_addresses(header_, at_, keys_);
      keys_.is_fragment = (header_.u16(at_ + 6) & kMoreFragmentsOrOffset) != 0;
      keys_.protocol = static_cast<std::uint8_t>(header_.u8(at_ + 9));
      at_ += std::size_t{header_.u8(at_) & 15} * 4;  // also less than a header, as in Linux
    } else if (type_ == kIpv6) {
      if (!header_.has(at_, kIpv6Bytes)) return false;
      read_ipv6_addresses(header_, at_, keys_);
      keys_.protocol = static_cast<std::uint8_t>(header_.u8(at_ + 6));
      at_ += kIpv6Bytes;
    } else {
      return false;
    }
    keys_.ports = keys_.is_fragment ? 0 : ports_at(header_, at_, keys_.protocol);
    keys_.is_dissected = true;
    return true;
  }

  HeaderView header_;
  std::uint32_t type_;
  std::size_t at_;
  FlowKeys keys_;
};

// The reading that goes on inward. Source: Linux __skb_flow_dissect.
class InnerReader {
 public:
  InnerReader(const HeaderView& header, const LinkKeys& link) noexcept
      : header_(header), type_(link.type), at_(link.payload_at) {
    // Linux looks at the tag that it took off once more before it reads a second one.
    if (link.is_tagged && is_vlan(type_)) ++headers_;
  }

  FlowKeys read() noexcept {
    do {
      Next next = read_type();
      if (next == Next::kProtocol) next = read_protocols();
      if (next == Next::kGiveUp) return {};
      if (next == Next::kDone) break;
    } while (may_go_on());
    keys_.is_dissected = true;
    return keys_;
  }

 private:
  // What is to be read behind a header: what `type_` names, what `keys_.protocol` names, nothing; or nothing is known.
  enum class Next : std::uint8_t { kType, kProtocol, kDone, kGiveUp };
  static constexpr int kMaxHeaders = 15;

  bool may_go_on() noexcept { return ++headers_ <= kMaxHeaders; }
  Next done_if(std::size_t bytes) const noexcept { return header_.has(at_, bytes) ? Next::kDone : Next::kGiveUp; }

  Next read_type() noexcept {
    switch (type_) {
      case kIpv4:
        return read_ipv4();
      case kIpv6:
        return read_ipv6();
      case kVlan:
      case kServiceVlan:
        return skip(kVlanTagBytes, 2);
      case kHsr:
      case kPrp:
        return skip(kHsrBytes, 4);
      case kPppoeSession:
        return read_pppoe();
      case kArp:
      case kReverseArp:
      case kMpls:
      case kMplsMulticast:
      case kCfm:
        return Next::kDone;
      case kFcoe:
        return done_if(kFcoeBytes);
      case kPtp:
        return done_if(kPtpBytes);
      default:
        return Next::kGiveUp;
    }
  }

  // A header with the type of what follows at `type_at` in it.
  Next skip(std::size_t bytes, std::size_t type_at) noexcept {
    if (!header_.has(at_, bytes)) return Next::kGiveUp;
    type_ = header_.u16(at_ + type_at);
    at_ += bytes;
    return Next::kType;
  }

  Next read_ipv4() noexcept {
    if (!header_.has(at_, kIpv4Bytes)) return Next::kGiveUp;
    const std::size_t header_bytes = std::size_t{header_.u8(at_) & 15} * 4;
    if (header_bytes < kIpv4Bytes) return Next::kGiveUp;
    read_ipv4_addresses(header_, at_, keys_);
    keys_.protocol = static_cast<std::uint8_t>(header_.u8(at_ + 9));
    keys_.is_fragment = (header_.u16(at_ + 6) & kMoreFragmentsOrOffset) != 0;
    at_ += header_bytes;
    return keys_.is_fragment ? Next::kDone : Next::kProtocol;
  }

  Next read_ipv6() noexcept {
    if (!header_.has(at_, kIpv6Bytes)) return Next::kGiveUp;
    read_ipv6_addresses(header_, at_, keys_);
    keys_.protocol = static_cast<std::uint8_t>(header_.u8(at_ + 6));
    at_ += kIpv6Bytes;
    return Next::kProtocol;
  }

  // Version 1, type 1, a session's data; a compressed PPP protocol is not read.
  Next read_pppoe() noexcept {
    if (!header_.has(at_, kPppoeBytes) || header_.u16(at_) != 0x1100) return Next::kGiveUp;
    const std::uint32_t protocol = header_.u16(at_ + 6);
    at_ += kPppoeBytes;
    if (is_ppp_ip(protocol)) return Next::kType;
    return (protocol & 0x0101) == 1 ? Next::kDone : Next::kGiveUp;
  }

  // Sets the type of what a PPP frame carries.
  bool is_ppp_ip(std::uint32_t protocol) noexcept {
    if (protocol != 0x0021 && protocol != 0x0057) return false;
    type_ = protocol == 0x0021 ? kIpv4 : kIpv6;
    return true;
  }

  Next read_protocols() noexcept {
    for (;;) {
      const Next next = read_protocol();
      if (!keys_.is_fragment) keys_.ports = ports_at(header_, at_, keys_.protocol);
      if (next != Next::kProtocol) return next;
      if (!may_go_on()) return Next::kDone;
    }
  }

  Next read_protocol() noexcept {
    switch (keys_.protocol) {
      case kGre:
        return read_gre();
      case kIpip:
        type_ = kIpv4;
        return Next::kType;
      case kIpv6InIp:
        type_ = kIpv6;
        return Next::kType;
      case kMplsInIp:
        type_ = kMpls;
        return Next::kType;
      case kHopByHop:
      case kRouting:
      case kDestinationOptions:
        return type_ == kIpv6 ? read_options() : Next::kDone;
      case kFragment:
        return type_ == kIpv6 ? read_fragment() : Next::kDone;
      case kIcmp:
      case kIcmpv6:
        keys_.icmp = icmp_at(header_, at_);
        return Next::kDone;
      default:
        return Next::kDone;
    }
  }

  Next read_options() noexcept {
    if (!header_.has(at_, 2)) return Next::kGiveUp;
    keys_.protocol = static_cast<std::uint8_t>(header_.u8(at_));
    at_ += (std::size_t{header_.u8(at_ + 1)} + 1) * 8;
    return Next::kProtocol;
  }

  Next read_fragment() noexcept {
    if (!header_.has(at_, kFragmentHeaderBytes)) return Next::kGiveUp;
    keys_.is_fragment = true;
    keys_.protocol = static_cast<std::uint8_t>(header_.u8(at_));
    at_ += kFragmentHeaderBytes;
    return Next::kDone;
  }

  // RFC 2784 and 2890, and PPTP's version 1 (RFC 2637). Source: Linux __skb_flow_dissect_gre.
  Next read_gre() noexcept {
    constexpr std::uint32_t kChecksum = 0x8000, kSourceRoute = 0x4000, kKey = 0x2000, kSequence = 0x1000,
                            kAcknowledged = 0x0080;
    if (!header_.has(at_, 4)) return Next::kGiveUp;
    const std::uint32_t flags = header_.u16(at_);
    const std::uint32_t version = flags & 7;
    const std::uint32_t type = header_.u16(at_ + 2);
    if ((flags & kSourceRoute) != 0 || version > 1) return Next::kDone;
    if (version == 1 && (type != kGrePpp || (flags & kKey) == 0)) return Next::kDone;
    std::size_t inside = at_ + 4 + ((flags & kChecksum) != 0 ? 4 : 0);
    if ((flags & kKey) != 0) {
      if (!header_.has(inside, 4)) return Next::kGiveUp;
      inside += 4;
    }
    if ((flags & kSequence) != 0) inside += 4;
    if (version == 1 && (flags & kAcknowledged) != 0) inside += 4;
    at_ = inside;
    if (version == 1) return read_ppp();
    if (type == kEthernet) return skip(kEthernetBytes, 12);
    type_ = type;
    return Next::kType;
  }

  // Address, control, protocol.
  Next read_ppp() noexcept {
    if (!header_.has(at_, 4)) return Next::kGiveUp;
    const std::uint32_t protocol = header_.u16(at_ + 2);
    at_ += 4;
    return is_ppp_ip(protocol) ? Next::kType : Next::kGiveUp;
  }

  HeaderView header_;
  std::uint32_t type_;
  std::size_t at_;
  int headers_ = 0;
  FlowKeys keys_;
};

}  // namespace

LinkKeys read_link(std::span<const std::byte> header) noexcept {
  const HeaderView view(header);
  if (!view.has(0, kEthernetBytes)) return {};
  LinkKeys keys{.is_complete = true, .type = static_cast<std::uint16_t>(view.u16(12))};
  // Linux drops a frame in which less than the type is behind the tag; here it keeps it.
  if (!is_vlan(keys.type) || !view.has(kEthernetBytes, kVlanTagBytes)) return keys;
  keys.is_tagged = true;
  keys.tag = static_cast<std::uint16_t>(view.u16(14));
  keys.type = static_cast<std::uint16_t>(view.u16(16));
  keys.payload_at += kVlanTagBytes;
  return keys;
}

FlowKeys dissect(std::span<const std::byte> header, bool inner) noexcept {
  const LinkKeys link = read_link(header);
  if (!link.is_complete) return {};
  return inner ? InnerReader(HeaderView(header), link).read() : OuterReader(HeaderView(header), link).read();
}

std::uint32_t FlowKeys::word_of(const std::array<std::byte, 16>& address) noexcept {
  std::uint32_t word = 0;
  for (std::size_t at = 0; at < address.size(); at += 4) word ^= load_le32(address.data() + at);
  return word;
}

}  // namespace ringback
