// What a learning switch at the other end of the wires knows: on which of its ports it last heard an address of the
// bond's members. It forgets what it heard on a port whose link goes down.
#pragma once
#include <array>
#include <cstdint>

#include "net/bond/members.h"

namespace ringback {

// Addresses are numbered by the member whose own they are: 0 is the bond's too. Guests' addresses behind the bond count
// as the bond's, so that a host behind a bond is one station. A frame is heard when it is queued at the NIC.
// Ports have the members' numbers.
class FarSwitch {
 public:
  FarSwitch() noexcept { ports_.fill(kNoMember); }

  void heard(std::uint32_t mac, std::uint32_t port) noexcept { ports_[mac] = port; }
  void forget(std::uint32_t port) noexcept {
    for (std::uint32_t& known : ports_)
      if (known == port) known = kNoMember;
  }
  // kNoMember: it floods frames to this address.
  [[nodiscard]] std::uint32_t port_of(std::uint32_t mac) const noexcept { return ports_[mac]; }

 private:
  std::array<std::uint32_t, 32> ports_;
};

}  // namespace ringback
