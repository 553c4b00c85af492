// A bond over NICs whose links and rates a test changes, and what it sends itself.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "net/bond/bond.h"
#include "net/packet_header.h"

namespace ringback {

inline constexpr TimeNs kMs = 1'000'000;
inline constexpr std::uint64_t kGigabit = 1'000'000'000;

class BondRig final : public BondFrames {
 public:
  struct Own {
    TimeNs at;
    std::uint32_t member;
    std::vector<std::byte> bytes;
  };

  BondRig(const BondConfig& config, const std::vector<NicConfig>& nics) {
    for (const NicConfig& nic : nics) add(nic);
    bond_.emplace(config, pointers());
  }
  // Equal NICs of 1 Gb/s.
  BondRig(const BondConfig& config, std::uint32_t nics, const std::vector<std::uint32_t>& without_link = {}) {
    for (std::uint32_t i = 0; i < nics; ++i) add({.rate_bps = kGigabit, .queue_bytes = 512'000});
    for (const std::uint32_t i : without_link) nics_[i].set_link(0, false, [](const WireFrame&) {});
    bond_.emplace(config, pointers());
  }

  Bond& bond() { return *bond_; }
  Nic& nic(std::uint32_t i) { return nics_[i]; }
  [[nodiscard]] TimeNs now() const { return now_; }

  // Runs what is due up to and at `at`.
  void run(TimeNs at) {
    while (bond_->next_ns() <= at) {
      now_ = bond_->next_ns();
      bond_->run(now_, *this);
    }
    now_ = at;
  }
  // The same, and calls run() at `at` even if nothing is due.
  void run_idle(TimeNs at) {
    run(at);
    bond_->run(at, *this);
  }
  // Before the bond's own work of that time.
  void link(TimeNs at, std::uint32_t i, bool up) {
    if (at > 0) run(at - 1);
    now_ = at;
    nics_[i].collect(at, [](TimeNs, const WireFrame&) {});
    nics_[i].set_link(at, up, [](const WireFrame&) {});
    bond_->nic_changed(at, i);
  }
  void rate(TimeNs at, std::uint32_t i, std::uint64_t rate_bps) {
    if (at > 0) run(at - 1);
    now_ = at;
    nics_[i].collect(at, [](TimeNs, const WireFrame&) {});
    nics_[i].set_rate(at, rate_bps);
    bond_->nic_changed(at, i);
  }

  [[nodiscard]] std::uint32_t choose(const FlowHeader& header, std::uint32_t size_bytes = 1514) {
    return bond_->choose(now_, header.span(), size_bytes);
  }
  [[nodiscard]] std::uint32_t choose(std::uint32_t flow = 0) { return choose(header(flow)); }
  // From the guest to the station outside.
  [[nodiscard]] static FlowHeader header(std::uint32_t flow, std::uint32_t guest = 0) {
    return make_header({.from = {guest}, .to = {}, .flow = flow, .size_bytes = 1514});
  }
  [[nodiscard]] static FlowHeader inbound(std::uint32_t flow, std::uint32_t guest = 0) {
    return make_header({.from = {}, .to = {guest}, .flow = flow, .size_bytes = 1514});
  }
  [[nodiscard]] std::uint32_t choose_inbound(std::uint32_t flow = 0) {
    const FlowHeader header = inbound(flow);
    return bond_->choose_inbound(now_, header.span());
  }

  std::vector<Own> own;

 private:
  void add(const NicConfig& config) { nics_.emplace_back(config); }
  [[nodiscard]] std::vector<const Nic*> pointers() const {
    std::vector<const Nic*> all;
    for (const Nic& nic : nics_) all.push_back(&nic);
    return all;
  }
  void send(std::uint32_t member, std::span<const std::byte> frame) override {
    own.push_back({now_, member, {frame.begin(), frame.end()}});
  }

  std::deque<Nic> nics_;
  std::optional<Bond> bond_;
  TimeNs now_ = 0;
};

}  // namespace ringback
