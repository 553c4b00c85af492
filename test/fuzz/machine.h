// The driver domain that a hostile guest and an honest one share, and everything in it that must not change.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fuzz/outcomes.h"
#include "fuzz/watched_copier.h"
#include "memory/domain.h"
#include "vif/ctrl_back.h"
#include "vif/frame.h"
#include "vif/tx_batch.h"

namespace ringback::fuzz {

inline constexpr abi::domid_t kDriverDomain = 0;
inline constexpr abi::domid_t kHostileGuest = 1;
inline constexpr abi::domid_t kHonestGuest = 2;
inline constexpr abi::domid_t kBystander = 3;

// Pages that all runs use one after the other: fresh ones would cost more than most inputs.
template <abi::domid_t kDomid, std::uint32_t kPages>
[[nodiscard]] std::span<std::byte> reused_pages() {
  struct alignas(kPageBytes) Pages {
    std::byte bytes[kPages * kPageBytes];
  };
  static const auto pages = std::make_unique<Pages>();
  return pages->bytes;
}

class Machine final {
 public:
  static constexpr std::uint32_t kDriverPages = 960;
  static constexpr std::uint32_t kCanaryEvery = 16;
  static constexpr std::uint32_t kBystanderPages = 2;
  // What the neighbour and a batch in the making can count on: the wire and the queues to the guest leave them.
  static constexpr std::uint32_t kReservedPages = 420;

  // Requires: `hostile` is kHostileGuest.
  Machine(std::shared_ptr<Domain> hostile, Outcomes& outcomes);

  // Pages that frames may have and nobody has.
  [[nodiscard]] std::uint32_t free_pages() const noexcept { return driver_->arena.free_pages(); }
  [[nodiscard]] std::uint32_t pages_in_use() const noexcept { return all_free_pages_ - free_pages(); }

  // A frame's chain: as many pages as its size asks for, none of which somebody owned.
  void claim(const Frame& frame, PageOwner owner);
  void disown(const Frame& frame, PageOwner owner);

  // Takes free pages so that `left` are left; give_back() undoes it.
  void take_pages(std::uint32_t left);
  void give_back();

  // What lies around the buffers, and the other domains' pages.
  void check_untouched() const;

  [[nodiscard]] DomainTable& domains() noexcept { return domains_; }
  [[nodiscard]] PageArena& arena() noexcept { return driver_->arena; }
  [[nodiscard]] FrameBuffers& buffers() noexcept { return buffers_; }
  [[nodiscard]] TxBatch& tx_batch() noexcept { return tx_batch_; }
  [[nodiscard]] WatchedCopier& copier() noexcept { return copier_; }
  [[nodiscard]] ScratchPage scratch() const noexcept { return {scratch_, driver_->arena.page(scratch_)}; }

 private:
  void place_canaries();

  DomainTable domains_;
  std::shared_ptr<Domain> driver_;
  std::shared_ptr<Domain> bystander_;
  std::vector<PageOwner> owners_;  // by the driver domain's pages
  WatchedCopier copier_;
  FrameBuffers buffers_;
  TxBatch tx_batch_;
  std::uint32_t scratch_ = 0;
  std::uint32_t all_free_pages_ = 0;
  std::vector<std::uint32_t> taken_;
};

}  // namespace ringback::fuzz
