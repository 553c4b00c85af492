#include "sim/flow_sizes.h"

#include <algorithm>

#include "base/assert.h"

namespace ringback {
namespace {

using Wide = unsigned __int128;

}  // namespace

std::uint32_t FlowFraming::frame_of(std::uint64_t left_bytes) const noexcept {
  if (left_bytes >= payload_bytes()) return frame_bytes;
  return std::max(kLeastFrameBytes, header_bytes + static_cast<std::uint32_t>(left_bytes));
}

Wide FlowFraming::sum_up_to(std::uint64_t bytes) const noexcept {
  const std::uint64_t payload = payload_bytes();
  const std::uint64_t full = bytes / payload;
  const std::uint64_t rest = bytes % payload;
  const Wide data = Wide{bytes} * (bytes + 1) / 2;
  // payload flows have one frame, as many have two ..., and `rest` flows one more than `full`.
  const Wide frames = Wide{payload} * full * (full + 1) / 2 + Wide{rest} * (full + 1);
  // A last frame with r bytes of data is padded by room - r.
  const std::uint64_t room = kLeastFrameBytes - header_bytes;
  const auto padding = [room](std::uint64_t most) {
    const std::uint64_t padded = std::min(most, room);
    return padded * room - padded * (padded + 1) / 2;
  };
  return data + frames * header_bytes + Wide{full} * padding(payload) + padding(rest);
}

bool FlowSizes::are_valid(std::span<const FlowSizePoint> points) noexcept {
  if (points.size() < 2 || points.size() > kMaxPoints) return false;
  if (points.front().share != 0 || points.back().share != kShares || points.back().bytes > kMaxBytes) return false;
  for (std::size_t i = 1; i < points.size(); ++i)
    if (points[i].bytes <= points[i - 1].bytes || points[i].share < points[i - 1].share) return false;
  return true;
}

FlowSizes::FlowSizes(std::span<const FlowSizePoint> points) : points_(points.begin(), points.end()) {
  RB_ASSERT(are_valid(points));
}

std::uint64_t FlowSizes::draw(Random& random) const noexcept {
  const std::uint64_t share = random.below(kShares);
  std::size_t above = 1;
  while (share >= points_[above].share) ++above;
  const std::uint64_t least = points_[above - 1].bytes;
  return least + 1 + random.below(points_[above].bytes - least);
}

Wide FlowSizes::mean_frame_bytes(const FlowFraming& framing) const noexcept {
  Wide weighted = 0;  // in 2^-kMeanBits / kShares bytes
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const Wide sum = framing.sum_up_to(points_[i].bytes) - framing.sum_up_to(points_[i - 1].bytes);
    const std::uint64_t sizes = points_[i].bytes - points_[i - 1].bytes;
    const std::uint32_t share = points_[i].share - points_[i - 1].share;
    // Divided first, as the whole would not fit; the rest's weight is added.
    weighted += ((sum / sizes) * share << kMeanBits) + ((sum % sizes) * share << kMeanBits) / sizes;
  }
  return weighted / kShares;
}

}  // namespace ringback
