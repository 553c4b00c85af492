// Who has something to do.
#pragma once
#include <cstdint>

namespace ringback {

// Somebody who was notified, or has more to do, and runs before time goes on.
struct Ready {
  enum class Who : std::uint8_t { kFrontEnd, kBackEndEvent, kTxPoll, kRxRun, kControlPoll };
  Who who;
  std::uint32_t vif;
  std::uint32_t index;  // a port of the vif, or a queue
};

}  // namespace ringback
