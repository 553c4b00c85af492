// What can be said of a bond's member.
#pragma once
#include <cstdint>

namespace ringback {

// Source: Linux bonding.h BOND_LINK_*, with its numbers
enum class LinkState : std::uint8_t {
  kUp,
  kFail,  // the link has gone, downdelay runs
  kDown,
  kBack,  // the link is there again, updelay runs
};

// LACP's mux machine. Source: IEEE 802.1AX 5.4.15, coupled control; Linux bond_3ad.h
enum class LacpMux : std::uint8_t { kDetached, kWaiting, kAttached, kCollectingDistributing };

// LACP's receive machine. Source: IEEE 802.1AX 5.4.12; Linux bond_3ad.h
enum class LacpReceive : std::uint8_t { kInitialize, kPortDisabled, kLacpDisabled, kExpired, kDefaulted, kCurrent };

struct MemberState {
  LinkState link = LinkState::kUp;
  bool is_active = true;            // frames that come in there are taken
  std::uint32_t link_failures = 0;  // times that the bond has taken the link to be down
  // 802.3ad:
  std::uint32_t aggregator = 0;  // Linux's aggregator id: 1 + a member; 0: none
  LacpMux mux = LacpMux::kDetached;
  LacpReceive receive = LacpReceive::kInitialize;
};

[[nodiscard]] constexpr const char* name_of(LinkState state) noexcept {
  switch (state) {
    case LinkState::kUp:
      return "up";
    case LinkState::kFail:
      return "fail";
    case LinkState::kDown:
      return "down";
    case LinkState::kBack:
      return "back";
  }
  return "";
}

[[nodiscard]] constexpr const char* name_of(LacpMux state) noexcept {
  switch (state) {
    case LacpMux::kDetached:
      return "detached";
    case LacpMux::kWaiting:
      return "waiting";
    case LacpMux::kAttached:
      return "attached";
    case LacpMux::kCollectingDistributing:
      return "collecting-distributing";
  }
  return "";
}

[[nodiscard]] constexpr const char* name_of(LacpReceive state) noexcept {
  switch (state) {
    case LacpReceive::kInitialize:
      return "initialize";
    case LacpReceive::kPortDisabled:
      return "port-disabled";
    case LacpReceive::kLacpDisabled:
      return "lacp-disabled";
    case LacpReceive::kExpired:
      return "expired";
    case LacpReceive::kDefaulted:
      return "defaulted";
    case LacpReceive::kCurrent:
      return "current";
  }
  return "";
}

}  // namespace ringback
