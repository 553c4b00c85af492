// The peer of the credit shaper: netback's arithmetic, on a nanosecond clock.
#pragma once
#include <algorithm>
#include <cstdint>

namespace ringback::bench {

// A window that ends at `next_ns`, refilled by the first packet that comes after it: the shortest form of netback's
// credit. What is left of a window is kept up to its burst.
class WindowCredit {
 public:
  static constexpr const char* kName = "netback's arithmetic";

  WindowCredit(std::uint64_t bytes, std::uint64_t window_ns)
      : bytes_(bytes), window_ns_(window_ns), next_ns_(window_ns), remaining_bytes_(bytes) {}

  [[nodiscard]] bool admit(std::uint64_t now_ns, std::uint64_t size_bytes) {
    if (now_ns >= next_ns_) {
      remaining_bytes_ = std::min(bytes_ + remaining_bytes_, std::max(bytes_, kBurstBytes));
      next_ns_ += window_ns_;
      if (now_ns >= next_ns_) next_ns_ = now_ns + window_ns_;
    }
    if (size_bytes > remaining_bytes_) return false;
    remaining_bytes_ -= size_bytes;
    return true;
  }

 private:
  static constexpr std::uint64_t kBurstBytes = 131072;

  std::uint64_t bytes_;
  std::uint64_t window_ns_;
  std::uint64_t next_ns_;
  std::uint64_t remaining_bytes_;
};

// The whole of it: a packet that exceeds the credit arms a timer for the window's end, and all packets wait for that.
class TimerCredit {
 public:
  static constexpr const char* kName = "netback with its timer";

  TimerCredit(std::uint64_t bytes, std::uint64_t window_ns)
      : bytes_(bytes), window_ns_(window_ns), remaining_bytes_(bytes) {}

  [[nodiscard]] bool admit(std::uint64_t now_ns, std::uint64_t size_bytes) {
    if (pending_ && now_ns >= expires_ns_) {
      pending_ = false;
      add_credit();
    }
    if (size_bytes > remaining_bytes_ && exceeded(now_ns, size_bytes)) return false;
    remaining_bytes_ -= size_bytes;
    return true;
  }

 private:
  static constexpr std::uint64_t kBurstBytes = 131072;

  void add_credit() {
    const std::uint64_t sum = remaining_bytes_ + bytes_;
    remaining_bytes_ = std::min(sum < remaining_bytes_ ? ~std::uint64_t{0} : sum, std::max(bytes_, kBurstBytes));
  }

  [[nodiscard]] bool exceeded(std::uint64_t now_ns, std::uint64_t size_bytes) {
    if (pending_) return true;
    const std::uint64_t next_ns = start_ns_ + window_ns_;
    if (now_ns >= next_ns) {
      start_ns_ = now_ns;
      add_credit();
    }
    if (size_bytes <= remaining_bytes_) return false;
    expires_ns_ = next_ns;
    start_ns_ = next_ns;
    pending_ = true;
    return true;
  }

  std::uint64_t bytes_;
  std::uint64_t window_ns_;
  std::uint64_t remaining_bytes_;
  std::uint64_t start_ns_ = 0;
  std::uint64_t expires_ns_ = 0;
  bool pending_ = false;
};

}  // namespace ringback::bench
