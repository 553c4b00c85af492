// Beyond Linux: the NIC on which a frame arrives first without coming before its flow's last one.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "net/bond/earliest.h"
#include "net/bond/members.h"
#include "net/bond/usable_nics.h"

namespace ringback {

// When each flow's last frame arrives, so that the next one may go by another NIC if it arrives later there. A flow's
// own NIC keeps the order.
//
// Two things matter more than order:
// - A frame may arrive before the last ones by less than a full frame's time on the NIC that it leaves. A small frame
//   behind a full one stays on its NIC, and the next full one would be a little too early on the others for ever after.
//   No frame is overtaken by more than kMostEarly later ones, so that TCP doesn't take it for lost.
// - A frame that would have to arrive more than kPatienceNs later than it could goes first, and the order begins anew:
// a
//   NIC has become slow, or is gone, or another one has come back.
//
// Flows that share a place in the table are taken for one: they change NICs less often than they could.
// A NIC whose link or rate changes settles its flows: what it has queued until then arrives by a time that is known
// then, and counts for all of them.
//
// Invariants: while no link changes and nothing has to wait for longer than kPatienceNs,
// 1. frames of one size arrive in their flow's order;
// 2. frames of several sizes are overtaken by kMostEarly later ones of their flow at most.
class Flowlets {
 public:
  static constexpr std::uint32_t kPlaces = 4096;
  static constexpr std::uint32_t kMostEarly = 2;  // the third duplicate acknowledgement is a loss to TCP
  static constexpr TimeNs kPatienceNs = 1'000'000;

  Flowlets() : places_(kPlaces), early_(kPlaces) {}

  // kNoMember: no NIC is usable.
  [[nodiscard]] std::uint32_t choose(const Members& members, const UsableNics& usable, TimeNs now, std::uint64_t flow,
                                     std::uint32_t size_bytes) noexcept;

  // The NIC's link has gone, or its rate has changed; what it has queued, if anything, is queued at the new one.
  void nic_changed(const Nic& nic, std::uint32_t member, TimeNs now) noexcept;

 private:
  static constexpr std::uint32_t kUnused = UsableNics::kMax;

  struct Place {
    TimeNs last_arrival_ns = 0;
    TimeNs others_arrival_ns = 0;    // of the last frame on another NIC than that of the last one
    std::uint32_t member = kUnused;  // that of the last one to arrive
    std::uint32_t settlements = 0;   // of this NIC, when that frame was sent
  };
  // Of a place's early frames, those since the last one that came after all that had been overtaken by then.
  struct Early {
    TimeNs overtaken_ns = 0;   // the last of those that they have overtaken
    TimeNs untouched_ns = 0;   // before this none may arrive: there they would meet frames of earlier counts
    std::uint32_t frames = 0;  // 0 .. kMostEarly
  };
  struct Settled {
    TimeNs arrival_ns = 0;  // nothing that was queued before arrives later
    std::uint32_t count = 0;
  };

  [[nodiscard]] TimeNs last_arrival_ns(const Place& place) const noexcept;
  void note_last(Place& place, const Path& path, TimeNs last_ns) noexcept;
  // Whether the frame may arrive before the last one, which is noted then.
  [[nodiscard]] static bool take_early(Early& early, TimeNs arrival_ns, TimeNs last_ns) noexcept;

  std::vector<Place> places_;  // by the flow's low bits
  std::vector<Early> early_;   // the same
  std::array<Settled, kUnused + 1> settled_{};
  std::uint32_t full_bytes_ = 1514;  // the largest frame so far, at least Ethernet's
};

}  // namespace ringback
