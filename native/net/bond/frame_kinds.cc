#include "net/bond/frame_kinds.h"

#include "net/flow_keys.h"

namespace ringback {

bool is_igmp(std::span<const std::byte> header) noexcept {
  const LinkKeys link = read_link(header);
  return link.type == kIpv4Type && header.size() >= link.payload_at + 20 &&
         get8(header, link.payload_at + 9) == kIgmpProtocol;
}

}  // namespace ringback
