// A bond's members, as its parts see them.
#pragma once
#include <cstdint>
#include <vector>

#include "net/bond/member_state.h"
#include "net/nic.h"

namespace ringback {

inline constexpr std::uint32_t kNoMember = ~std::uint32_t{0};

struct Member {
  const Nic* nic;
  LinkState link = LinkState::kUp;
  std::uint32_t delay = 0;  // ticks of the link monitor that it stays in kFail or kBack
  std::uint32_t link_failures = 0;
  bool is_sending = true;    // Linux's BOND_STATE_ACTIVE
  bool is_listening = true;  // not Linux's `inactive`: what comes in there is taken

  [[nodiscard]] bool has_carrier() const noexcept { return nic->has_link(); }
  [[nodiscard]] bool is_up() const noexcept { return link == LinkState::kUp; }
  // Source: Linux bond_slave_can_tx
  [[nodiscard]] bool can_send() const noexcept { return is_sending && is_up() && has_carrier(); }
  // Linux's unit of speed, in which it compares and computes.
  [[nodiscard]] std::uint64_t mbps() const noexcept { return nic->rate_bps() / 1'000'000; }
};

class Members {
 public:
  explicit Members(const std::vector<const Nic*>& nics) {
    for (const Nic* nic : nics) all_.push_back({.nic = nic});
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(all_.size()); }
  [[nodiscard]] Member& operator[](std::uint32_t index) noexcept { return all_[index]; }
  [[nodiscard]] const Member& operator[](std::uint32_t index) const noexcept { return all_[index]; }
  [[nodiscard]] auto begin() noexcept { return all_.begin(); }
  [[nodiscard]] auto end() noexcept { return all_.end(); }
  [[nodiscard]] auto begin() const noexcept { return all_.begin(); }
  [[nodiscard]] auto end() const noexcept { return all_.end(); }

  [[nodiscard]] std::uint32_t first_up() const noexcept {
    for (std::uint32_t i = 0; i < size(); ++i)
      if (all_[i].is_up()) return i;
    return kNoMember;
  }

 private:
  std::vector<Member> all_;
};

}  // namespace ringback
