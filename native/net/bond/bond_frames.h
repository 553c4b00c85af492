// How a bond's parts send frames of their own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/bond/far_switch.h"
#include "net/bond/members.h"
#include "net/bond/own_frames.h"

namespace ringback {

// What the bond sends itself (gratuitous ARP, learning frames): onto the member's NIC, through its queue.
class BondFrames {
 public:
  // Requires of the caller: the NIC has a link.
  virtual void send(std::uint32_t member, std::span<const std::byte> frame) = 0;

 protected:
  ~BondFrames() = default;
};

class BondSender {
 public:
  BondSender(const Members& members, FarSwitch& far_switch, BondFrames& frames) noexcept
      : members_(members), far_switch_(far_switch), frames_(frames) {}

  // From the address `mac` (FarSwitch has its number). Lost without a link, as anything that Linux sends there.
  void send(std::uint32_t member, std::uint32_t mac, const OwnFrame& frame) {
    if (!members_[member].has_carrier()) return;
    far_switch_.heard(mac, member);
    frames_.send(member, frame);
  }

 private:
  const Members& members_;
  FarSwitch& far_switch_;
  BondFrames& frames_;
};

}  // namespace ringback
