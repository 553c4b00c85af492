// Bandwidth that is reserved: each vif of an uplink has a guarantee that is served at once, and what is left of the
// uplink is shared by weight among those that want more.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/rate_clock.h"
#include "base/time.h"

namespace ringback {

struct ReserveConfig {
  std::uint64_t rate_bps = 0;        // of the uplink, up to 10^13; 0: nothing goes
  std::uint32_t overhead_bytes = 0;  // that the uplink adds to each frame
  TimeNs horizon_ns = 0;             // above 0: how far ahead of the wire the surplus is given out
  TimeNs burst_ns = 0;               // how much of its guarantee a vif that was idle may use at once
};

// What a vif of the uplink is entitled to.
struct Reservation {
  std::uint64_t min_bps = 0;  // up to 10^13; 0: no guarantee
  std::uint32_t weight = 1;   // 1 .. kMaxWeight: of the surplus
};

// The reservations of one uplink. A frame of vif i goes
//   - on its guarantee, a bucket of burst_ns that fills at min_bps, as long as there is anything in it;
//   - or on what the surplus has granted to the vif;
//   - or on the surplus at once, while nobody waits for that or holds a grant and the wire's horizon is open.
// Otherwise the vif waits, for its guarantee's bucket to fill to the half or for a grant, whichever comes first. Grants
// are given in turns (deficit round robin), a turn's bytes in the ratio of the weights, whenever the wire has less than
// half of its horizon to do, until it has all of it. So the wire never idles while somebody waits, the queue in front
// of it stays short, and a guarantee never waits for anybody's surplus.
//
// A pure function of its state, the time and the frames. Guarantees that add up to more than the uplink has are kept
// as far as the queue in front of the wire allows: the caller admits or scales them.
//
// Units:    bytes of whole frames; the overhead is added here.
// Requires: time never goes backwards; frames of at most 65535 bytes.
// Threads:  one.
//
// Invariants:
// 1. Over any time t a vif without a grant passes at most (t + burst_ns) * min_bps and one frame more.
// 2. Granted bytes that are not used come back to the surplus.
// 3. Vifs that always wait get surplus in the ratio of their weights, to within a turn and a frame.
class ReserveShaper {
 public:
  static constexpr std::uint32_t kMaxWeight = 10'000;

  explicit ReserveShaper(const ReserveConfig& config) noexcept;

  // Returns its number: 0, 1, ...
  std::uint32_t add(const Reservation& reservation);

  // ---- a frame of vif `vif`

  // Whether it may go now. True: send() it, or not.
  [[nodiscard]] bool may_send(TimeNs now, std::uint32_t vif, std::uint32_t size_bytes) const noexcept {
    const Member& member = members_[vif];
    return has_guarantee(member, now) || member.granted_bytes >= on_wire(size_bytes) || is_free(now);
  }

  // It goes. Requires: may_send().
  void send(TimeNs now, std::uint32_t vif, std::uint32_t size_bytes) noexcept {
    Member& member = members_[vif];
    const std::uint32_t bytes = on_wire(size_bytes);
    if (has_guarantee(member, now)) {
      member.guarantee.pass(now > config_.burst_ns ? now - config_.burst_ns : 0, size_bytes);
      wire_.pass(now, bytes);
    } else if (member.granted_bytes >= bytes) {
      member.granted_bytes -= bytes;
      if (member.granted_bytes == 0) stop_holding();
    } else {
      wire_.pass(now, bytes);
    }
  }

  // The wire carries so much more than was sent: the headers of segments.
  void charge(TimeNs now, std::uint32_t bytes) noexcept {
    if (config_.rate_bps > 0) wire_.pass(now, bytes);
  }

  // It may not go: the vif waits. What was granted to it and is too little for this comes back, and is kept in mind.
  void wait(TimeNs now, std::uint32_t vif, std::uint32_t size_bytes) noexcept;

  // It has nothing to send, or something else holds it back: what it was granted comes back.
  void leave(TimeNs now, std::uint32_t vif) noexcept;

  [[nodiscard]] bool waits(std::uint32_t vif) const noexcept { return members_[vif].is_waiting; }
  // When the guarantee of a vif that waits has enough to go on; kNever without one.
  [[nodiscard]] TimeNs guarantee_ns(std::uint32_t vif) const noexcept {
    const Member& member = members_[vif];
    if (!member.is_waiting || member.min_bps == 0 || config_.rate_bps == 0) return kNever;
    return member.guarantee.end_ns() + config_.burst_ns / 2;
  }

  // ---- the surplus

  // When grant() has something to give to somebody who waits; kNever when nobody does, or when all of them have had
  // their turns and those who were granted something have not used it yet, or left.
  [[nodiscard]] TimeNs grant_ns() const noexcept {
    if (waiting_count_ == 0 || config_.rate_bps == 0 || waits_for_holders_) return kNever;
    const TimeNs half_ns = config_.horizon_ns / 2;
    return wire_.end_ns() < half_ns ? 0 : wire_.end_ns() - half_ns;
  }
  // Calls granted(vif) for each vif that may go on: it has stopped waiting.
  template <class Granted>
  void grant(TimeNs now, Granted&& granted) {
    std::uint32_t in_vain = 0;  // turns in a row
    while (waiting_count_ > 0 && is_open(now, config_.horizon_ns)) {
      if (members_[next_].round == round_) {  // all have had their turns
        waits_for_holders_ = holders_ > 0;
        if (waits_for_holders_) return;
        if (in_vain >= waiting_count_) skip_turns();
        ++round_;
      }
      const std::uint32_t vif = next_;
      if (take_turn(now)) granted(vif);
      in_vain = members_[vif].is_waiting ? in_vain + 1 : 0;
    }
  }

  // ---- changes while guests run; the caller asks for guarantee_ns() and grant_ns() again

  void set_reservation(TimeNs now, std::uint32_t vif, const Reservation& reservation) noexcept;
  void set_rate(TimeNs now, std::uint64_t rate_bps) noexcept;

  [[nodiscard]] const ReserveConfig& config() const noexcept { return config_; }

 private:
  // Turns are counted in fractions of a byte, so that any two weights keep their ratio.
  static constexpr std::uint64_t kPerByte = 1024;
  struct Member {
    std::uint64_t min_bps;
    std::uint32_t weight;
    bool is_waiting = false;
    std::uint32_t previous = 0;       // who waits before it
    std::uint32_t next = 0;           // and after it, in a circle
    std::uint32_t needed_bytes = 0;   // of the largest frame that waits, on the wire
    std::uint32_t granted_bytes = 0;  // taken from the surplus already
    std::uint64_t round = 0;          // in which it had its last turn
    std::uint64_t earned = 0;         // in turns, in 1/kPerByte bytes; not taken yet
    std::uint64_t turn = 0;           // what a turn earns
    RateClock guarantee;              // its bucket: full when this ends burst_ns ago, empty when it ends now
  };

  [[nodiscard]] std::uint32_t on_wire(std::uint32_t size_bytes) const noexcept {
    return size_bytes + config_.overhead_bytes;
  }
  [[nodiscard]] bool has_guarantee(const Member& member, TimeNs now) const noexcept {
    return member.min_bps > 0 && member.guarantee.end_ns() < now && config_.rate_bps > 0;
  }
  // Whether the wire has less than `ahead_ns` to do.
  [[nodiscard]] bool is_open(TimeNs now, TimeNs ahead_ns) const noexcept {
    return config_.rate_bps > 0 && wire_.end_ns() < now + ahead_ns;
  }
  [[nodiscard]] bool is_free(TimeNs now) const noexcept {
    return waiting_count_ == 0 && holders_ == 0 && is_open(now, config_.horizon_ns);
  }

  void stop_holding() noexcept {
    --holders_;
    waits_for_holders_ = false;
  }
  void take_back_grant(TimeNs now, Member& member) noexcept;
  void join(std::uint32_t vif) noexcept;
  void stop_waiting(std::uint32_t vif) noexcept;
  [[nodiscard]] bool take_turn(TimeNs now) noexcept;
  void skip_turns() noexcept;
  void set_turns() noexcept;

  ReserveConfig config_;
  RateClock wire_;  // of what was sent or granted
  std::vector<Member> members_;
  std::uint32_t holders_ = 0;  // of a grant that is not used up
  bool waits_for_holders_ = false;
  std::uint64_t round_ = 1;
  std::uint32_t waiting_count_ = 0;
  std::uint32_t next_ = 0;  // whose turn it is, where anybody waits
};

}  // namespace ringback
