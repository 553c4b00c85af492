// Whose turn it is in balance-rr.
#pragma once
#include <cstdint>

#include "base/assert.h"
#include "base/random.h"

namespace ringback {

// A 32-bit counter that is counted up before it is looked at, divided by frames_per_turn, modulo the members; all
// without a division. With one frame a turn the first frame goes to member 1, as with Linux.
//
// Source: Linux bond_main.c bond_rr_gen_slave_id, bond_xmit_roundrobin_slave_get
class RoundRobin {
 public:
  // Requires: members > 0; frames_per_turn 0 .. 65535; 0: random.
  RoundRobin(std::uint32_t members, std::uint32_t frames_per_turn, std::uint64_t seed) noexcept
      : members_(members), frames_per_turn_(frames_per_turn), random_(seed) {
    RB_ASSERT(members > 0 && frames_per_turn <= 65'535);
    skip_to(0);
  }

  // As after so many frames, modulo 2^32.
  void skip_to(std::uint32_t frames) noexcept {
    counter_ = frames;
    if (frames_per_turn_ == 0) return;
    turn_ = frames / frames_per_turn_ % members_;
    left_ = frames_per_turn_ - frames % frames_per_turn_;
  }

  [[nodiscard]] std::uint32_t next() noexcept {
    if (frames_per_turn_ == 0) return static_cast<std::uint32_t>(random_.below(members_));
    if (++counter_ == 0) {
      skip_to(0);  // in the middle of a turn or not
    } else if (--left_ == 0) {
      left_ = frames_per_turn_;
      if (++turn_ == members_) turn_ = 0;
    }
    return turn_;
  }

 private:
  std::uint32_t members_;
  std::uint32_t left_ = 0;  // of this turn, the next frame's included; not beside turn_, or GCC stores both as a vector
  std::uint32_t frames_per_turn_;
  std::uint32_t counter_ = 0;
  std::uint32_t turn_ = 0;  // counter_ / frames_per_turn_ % members_
  Random random_;
};

}  // namespace ringback
