// Traffic sources: what a guest has to send, and when.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/packet_header.h"

namespace ringback {

// A frame that somebody wants to send. The header's bytes live as long as the source.
struct Offer {
  TimeNs offered_ns = 0;
  const std::byte* header = nullptr;
  std::uint32_t size_bytes = 0;
  std::uint32_t payload_seed = 0;  // another one for each frame of a world, as good as always
  std::uint16_t header_bytes = 0;
  std::uint16_t gso_size_bytes = 0;  // 0: no segmentation asked for; otherwise TCP over IPv4
};

struct ConstantConfig {
  TimeNs start_ns = 0;
  TimeNs stop_ns = kNever;
  std::uint64_t rate_bps = 0;    // 1 .. 10^13
  std::uint32_t size_bytes = 0;  // 60 .. 65535
  std::uint32_t flows = 1;       // 1 .. 64512, taken in turn
  TimeNs jitter_ns = 0;          // each frame is late by a random time below this, and below the gap between frames
  Endpoint from = {0};           // for the headers' addresses; from and to differ
  Endpoint to = {};
  std::uint32_t gso_size_bytes = 0;  // > 0: TCP frames that ask for segments of so many bytes
};

// Frames of one size at one rate: frame k at start + k * size / rate, exactly, rounded down to a nanosecond.
class ConstantSource {
 public:
  ConstantSource(const ConstantConfig& config, std::uint64_t seed);

  // When the next frame is offered; kNever after the last one.
  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }
  // Takes that frame. Requires: next_ns() != kNever.
  [[nodiscard]] Offer take() noexcept;

 private:
  void schedule() noexcept;

  ConstantConfig config_;
  Random random_;
  std::uint32_t payload_seed_;
  std::vector<FlowHeader> headers_;
  std::uint32_t flow_ = 0;
  TimeNs gap_ns_;
  std::uint64_t gap_remainder_;  // and the fraction after that, in 1/rate_bps
  TimeNs due_ns_;                // the frame's time without jitter
  std::uint64_t due_remainder_ = 0;
  TimeNs next_ns_ = kNever;
};

struct ReplayConfig {
  TimeNs start_ns = 0;
  TimeNs stop_ns = kNever;
  TimeNs loop_ns = 0;                      // > 0: again from the first frame, so long after the last start
  std::vector<TimeNs> times_ns;            // from the start, never falling; with a loop all below loop_ns
  std::vector<std::uint32_t> sizes_bytes;  // 14 .. 65535
  std::vector<std::byte> headers;          // kReplayHeaderBytes a frame, zero-padded
};

inline constexpr std::size_t kReplayHeaderBytes = 128;

// The frames of a capture at their times.
class ReplaySource {
 public:
  ReplaySource(ReplayConfig config, std::uint64_t seed);

  [[nodiscard]] TimeNs next_ns() const noexcept { return next_ns_; }
  [[nodiscard]] Offer take() noexcept;

 private:
  void schedule() noexcept;

  ReplayConfig config_;
  std::uint32_t payload_seed_;
  std::size_t index_ = 0;
  TimeNs round_start_ns_;
  TimeNs next_ns_ = kNever;
};

// Any source, and where its frames begin: at a vif's guest, or at the far end of a NIC's wire, for a vif.
class Source {
 public:
  using Kind = std::variant<ConstantSource, ReplaySource>;

  // From the guest of `vif`.
  Source(std::uint32_t vif, Kind kind) : vif_(vif), kind_(std::move(kind)) {}
  // For `vif`, from the wire of `nic`.
  Source(std::uint32_t vif, std::uint32_t nic, Kind kind) : vif_(vif), nic_(nic), kind_(std::move(kind)) {}

  [[nodiscard]] std::uint32_t vif() const noexcept { return vif_; }
  // The NIC on which its frames arrive; nothing when a guest sends them.
  [[nodiscard]] std::optional<std::uint32_t> nic() const noexcept { return nic_; }
  [[nodiscard]] TimeNs next_ns() const noexcept {
    return std::visit([](const auto& source) { return source.next_ns(); }, kind_);
  }
  [[nodiscard]] Offer take() noexcept {
    return std::visit([](auto& source) { return source.take(); }, kind_);
  }
  // For many frames at once: visitor(source of its own kind).
  template <class Visitor>
  void visit(Visitor&& visitor) {
    std::visit(std::forward<Visitor>(visitor), kind_);
  }

 private:
  std::uint32_t vif_;
  std::optional<std::uint32_t> nic_;
  Kind kind_;
};

}  // namespace ringback
