// What decides when a vif's frame may go: its own cap, and its uplink's reservations where there are any.
#pragma once
#include <cstdint>

#include "base/time.h"
#include "shaping/credit_shaper.h"
#include "shaping/reserve_shaper.h"

namespace ringback {

// A vif's place at its uplink's reservations. The default is none: nothing but the cap holds the vif back.
struct ReservePlace {
  ReserveShaper* reserve = nullptr;  // outlives the vif
  std::uint32_t member = 0;
};

// Invariant: a frame is debited where both let it go, and nowhere otherwise.
class VifShaper {
 public:
  VifShaper(const CreditShaper& credit = CreditShaper(), ReservePlace place = {}) noexcept
      : credit_(credit), reserve_(place.reserve), member_(place.member) {}

  // Debits the frame if it may go now. False: the vif waits(), until credit().on_timer() or resume().
  [[nodiscard]] bool admit(TimeNs now, std::uint32_t size_bytes) noexcept {
    if (reserve_ == nullptr) return credit_.admit(now, size_bytes);
    // A grant would only come back: no queue of the vif asks for one before the cap has credit again.
    if (credit_.blocked()) return false;
    if (!reserve_->may_send(now, member_, size_bytes)) {
      reserve_->wait(now, member_, size_bytes);
      waits_for_reserve_ = true;
      return false;
    }
    if (!credit_.admit(now, size_bytes)) {
      reserve_->leave(now, member_);
      return false;
    }
    reserve_->send(now, member_, size_bytes);
    return true;
  }

  // A frame that was let go is cut for the wire into one more frame than this, each with a header of so many bytes. The
  // cap is on what the guest sends, as netback's.
  void charge_headers(TimeNs now, std::uint32_t more_frames, std::uint32_t header_bytes) noexcept {
    if (reserve_ != nullptr) reserve_->charge(now, more_frames * (header_bytes + reserve_->config().overhead_bytes));
  }

  // Nothing is there to send.
  void rest(TimeNs now) noexcept {
    waits_for_reserve_ = false;
    if (reserve_ != nullptr) reserve_->leave(now, member_);
  }

  [[nodiscard]] CreditShaper& credit() noexcept { return credit_; }
  [[nodiscard]] const CreditShaper& credit() const noexcept { return credit_; }
  [[nodiscard]] ReserveShaper* reserve() const noexcept { return reserve_; }

  [[nodiscard]] bool waits() const noexcept { return credit_.blocked() || waits_for_reserve_; }
  // Its guarantee is there, or it was granted surplus.
  void resume() noexcept { waits_for_reserve_ = false; }
  // When the vif's guarantee lets it go on; kNever.
  [[nodiscard]] TimeNs guarantee_ns() const noexcept {
    return reserve_ != nullptr ? reserve_->guarantee_ns(member_) : kNever;
  }
  void set_reservation(TimeNs now, const Reservation& reservation) noexcept {
    if (reserve_ != nullptr) reserve_->set_reservation(now, member_, reservation);
  }

 private:
  CreditShaper credit_;
  ReserveShaper* reserve_;
  std::uint32_t member_;
  bool waits_for_reserve_ = false;
};

}  // namespace ringback
