// Who offers frames next: a source has an event for each frame, or sleeps while its guest could only queue them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/event_queue.h"
#include "sim/source.h"

namespace ringback {

// A guest whose rings are full shows the world nothing of what it is offered: the frames join its backlog or are lost.
// Its sources need no events then. What they have offered meanwhile is collected before anything else happens to the
// vif, in the order and with the times that their events would have had, so nobody can tell the difference.
//
// Threads: one.
class SourceSchedule {
 public:
  explicit SourceSchedule(std::size_t vifs) : sleeping_(vifs) {}

  void add(Source source) { sources_.push_back(std::move(source)); }

  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(sources_.size()); }
  [[nodiscard]] Source& operator[](std::uint32_t index) noexcept { return sources_[index]; }

  // The source's next event; at kNever when it has nothing more to offer.
  [[nodiscard]] Event event_of(std::uint32_t index) const noexcept {
    return {sources_[index].next_ns(), Event::Kind::kSource, index};
  }

  // Whether a source of the vif sleeps.
  [[nodiscard]] bool is_asleep(std::uint32_t vif) const noexcept { return !sleeping_[vif].empty(); }

  // Requires: the source belongs to a guest and has no event.
  void put_to_sleep(std::uint32_t index) { sleeping_[sources_[index].vif()].push_back(index); }

  // Calls offered(offer) for each frame that a sleeping source of the vif has offered before this event.
  template <class Offered>
  void collect(std::uint32_t vif, const Event& until, Offered&& offered) {
    const std::vector<std::uint32_t>& sleeping = sleeping_[vif];
    if (sleeping.size() == 1) {
      const std::uint32_t index = sleeping.front();
      sources_[index].visit([&](auto& source) {
        while (Event{source.next_ns(), Event::Kind::kSource, index}.is_before(until)) offered(source.take());
      });
    } else if (!sleeping.empty()) {
      const auto earlier = [this](std::uint32_t a, std::uint32_t b) { return event_of(a).is_before(event_of(b)); };
      for (;;) {
        const std::uint32_t first = *std::ranges::min_element(sleeping, earlier);
        if (!event_of(first).is_before(until)) return;
        offered(sources_[first].take());
      }
    }
  }

  // Calls awake(event) for each sleeping source of the vif that has more to offer; it has an event again.
  template <class Awake>
  void wake(std::uint32_t vif, Awake&& awake) {
    for (const std::uint32_t index : sleeping_[vif])
      if (const Event event = event_of(index); event.time_ns != kNever) awake(event);
    sleeping_[vif].clear();
  }

 private:
  std::vector<Source> sources_;
  std::vector<std::vector<std::uint32_t>> sleeping_;  // by vif
};

}  // namespace ringback
