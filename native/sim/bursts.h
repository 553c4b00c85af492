// GSO frames on their way through NICs, cut into segments.
#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "net/nic.h"
#include "net/segmentation.h"

namespace ringback {

// A guest's account knows the frame as a whole: it is delivered when its last segment has left, and lost when any of
// its segments is. What a NIC counts are segments.
//
// Memory: as many places as there were bursts at once.
class Bursts {
 public:
  struct Burst {
    WireFrame frame;  // whole, with its buffer
    Segmentation segmentation;
    std::uint32_t segments_left = 0;
    bool is_lost = false;
  };

  // Takes a frame of several segments. Returns its number.
  [[nodiscard]] std::uint32_t begin(const WireFrame& frame, const Segmentation& segmentation) {
    RB_ASSERT(segmentation.segments > 1);
    std::uint32_t burst = static_cast<std::uint32_t>(bursts_.size());
    if (free_.empty()) {
      bursts_.emplace_back();
    } else {
      burst = free_.back();
      free_.pop_back();
    }
    bursts_[burst] = {frame, segmentation, segmentation.segments};
    return burst;
  }

  [[nodiscard]] const Burst& operator[](std::uint32_t burst) const noexcept { return bursts_[burst]; }

  // One of its segments.
  [[nodiscard]] WireFrame segment(std::uint32_t burst, std::uint32_t number) const noexcept {
    WireFrame segment = bursts_[burst].frame;
    segment.burst = burst;
    segment.segment = static_cast<std::uint16_t>(number);
    segment.frame.size_bytes = bursts_[burst].segmentation.size_bytes(number);
    return segment;
  }

  // A segment is lost. Returns whether it is the first one.
  [[nodiscard]] bool lose(std::uint32_t burst) noexcept { return !std::exchange(bursts_[burst].is_lost, true); }

  // A segment has left or is lost. Returns the burst where it was the last one: nobody holds it any more.
  [[nodiscard]] std::optional<Burst> end_segment(std::uint32_t burst) {
    Burst& of = bursts_[burst];
    if (--of.segments_left > 0) return std::nullopt;
    free_.push_back(burst);
    return of;
  }

  [[nodiscard]] std::uint32_t count() const noexcept {
    return static_cast<std::uint32_t>(bursts_.size() - free_.size());
  }

 private:
  std::vector<Burst> bursts_;
  std::vector<std::uint32_t> free_;
};

}  // namespace ringback
