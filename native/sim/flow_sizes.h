// How many bytes flows have: distributions from the literature, or anybody's own.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace ringback {

// Of kShares flows, `share` have at most `bytes`.
struct FlowSizePoint {
  std::uint64_t bytes = 0;
  std::uint32_t share = 0;
};

// How flows become frames: their bytes fill frames of frame_bytes behind their headers, the rest goes into a smaller
// one, which is padded to Ethernet's least.
struct FlowFraming {
  static constexpr std::uint32_t kLeastFrameBytes = 60;

  std::uint32_t frame_bytes = 1500;  // 60 .. 65535
  std::uint32_t header_bytes = 42;   // up to kLeastFrameBytes

  [[nodiscard]] constexpr std::uint32_t payload_bytes() const noexcept { return frame_bytes - header_bytes; }
  // The frame that carries the last `left_bytes` of a flow, or as many as it can.
  [[nodiscard]] std::uint32_t frame_of(std::uint64_t left_bytes) const noexcept;
  // The frames' bytes of flows of 1, 2 ... bytes together.
  // Requires: bytes <= FlowSizes::kMaxBytes.
  [[nodiscard]] unsigned __int128 sum_up_to(std::uint64_t bytes) const noexcept;
};

// Sizes of flows by the inverse of a cumulative distribution, with lines between its points: between two neighbours
// every whole number of bytes above the lower one is as likely as the others.
class FlowSizes {
 public:
  static constexpr std::uint32_t kShares = 1'000'000'000;
  static constexpr std::uint64_t kMaxBytes = 1'000'000'000'000;
  static constexpr std::uint32_t kMaxPoints = 64;
  // Of a mean: in 2^-16 bytes.
  static constexpr std::uint32_t kMeanBits = 16;

  // Two points or more, the first with share 0 and the last with all; bytes rise, up to kMaxBytes, and shares never
  // fall.
  [[nodiscard]] static bool are_valid(std::span<const FlowSizePoint> points) noexcept;

  // Requires: are_valid(points).
  explicit FlowSizes(std::span<const FlowSizePoint> points);

  // 1 .. kMaxBytes.
  [[nodiscard]] std::uint64_t draw(Random& random) const noexcept;

  // The frames' bytes of a flow on average, in 2^-kMeanBits bytes; exact but for less than a unit a point.
  [[nodiscard]] unsigned __int128 mean_frame_bytes(const FlowFraming& framing) const noexcept;

 private:
  std::vector<FlowSizePoint> points_;
};

// Requests and background traffic of a web search cluster.
// Source: Alizadeh et al., "Data Center TCP (DCTCP)", SIGCOMM 2010.
inline constexpr std::array<FlowSizePoint, 12> kWebsearchFlows = {{{0, 0},
                                                                   {10'000, 150'000'000},
                                                                   {20'000, 200'000'000},
                                                                   {30'000, 300'000'000},
                                                                   {50'000, 400'000'000},
                                                                   {80'000, 530'000'000},
                                                                   {200'000, 600'000'000},
                                                                   {1'000'000, 700'000'000},
                                                                   {2'000'000, 800'000'000},
                                                                   {5'000'000, 900'000'000},
                                                                   {10'000'000, 970'000'000},
                                                                   {30'000'000, 1'000'000'000}}};

// Flows of a data mining cluster: most are tiny, and 2 % have nearly all the bytes.
// Source: Greenberg et al., "VL2: A Scalable and Flexible Data Center Network", SIGCOMM 2009.
inline constexpr std::array<FlowSizePoint, 13> kDataminingFlows = {{{0, 0},
                                                                    {180, 100'000'000},
                                                                    {216, 200'000'000},
                                                                    {560, 300'000'000},
                                                                    {900, 400'000'000},
                                                                    {1100, 500'000'000},
                                                                    {1870, 600'000'000},
                                                                    {3160, 700'000'000},
                                                                    {10'000, 800'000'000},
                                                                    {400'000, 900'000'000},
                                                                    {3'160'000, 950'000'000},
                                                                    {100'000'000, 980'000'000},
                                                                    {1'000'000'000, 1'000'000'000}}};

}  // namespace ringback
