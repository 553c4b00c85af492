// A hostile guest's domain: rings, data pages, pages that it grants to nobody, and a grant table that it writes itself.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "memory/domain.h"

namespace ringback::fuzz {

class GuestMemory final {
 public:
  static constexpr std::uint32_t kMaxQueues = 8;
  static constexpr std::uint32_t kRingPages = kMaxQueues * 4 + 1;  // two rings of two pages a queue; the control ring's
  static constexpr std::uint32_t kDataPages = 32;
  static constexpr std::uint32_t kPrivatePages = 8;
  static constexpr std::uint32_t kFirstData = kRingPages;
  static constexpr std::uint32_t kFirstPrivate = kFirstData + kDataPages;
  static constexpr std::uint32_t kPages = kFirstPrivate + kPrivatePages;
  // References: a readonly one and a writable one a data page.
  static constexpr abi::grant_ref_t kFirstReadonly = abi::GNTTAB_NR_RESERVED_ENTRIES;
  static constexpr abi::grant_ref_t kFirstWritable = kFirstReadonly + kDataPages;
  static constexpr abi::grant_ref_t kRefs = kFirstWritable + kDataPages + 8;

  // `grants_rings`: the guest may also let the back end write its rings, as if they were pages like others.
  GuestMemory(std::uint32_t ring_pages, bool grants_rings);

  [[nodiscard]] const std::shared_ptr<Domain>& domain() const noexcept { return domain_; }
  [[nodiscard]] bool grants_rings() const noexcept { return grants_rings_; }
  // The rings' pages, in one piece.
  [[nodiscard]] std::span<std::byte> rings() const noexcept {
    return domain_->arena.memory().first(ring_pages_ * kPageBytes);
  }
  [[nodiscard]] std::span<std::byte, kPageBytes> data_page(std::uint32_t page) const noexcept {
    return domain_->arena.page(kFirstData + page % kDataPages);
  }

  // Writes an entry as a hostile guest may: any bits at any time.
  void store(abi::grant_ref_t ref, abi::grant_entry_v1 entry);
  void restore(abi::grant_ref_t ref) { store(ref, good_entry(ref)); }

  // No page is in use, no entry holds what the guest did not write, no page was written that it did not offer.
  void check() const;

 private:
  [[nodiscard]] static abi::grant_entry_v1 good_entry(abi::grant_ref_t ref) noexcept;

  std::shared_ptr<Domain> domain_;
  std::uint32_t ring_pages_;
  bool grants_rings_;
  std::array<abi::grant_entry_v1, kRefs> stored_{};
  std::array<bool, kPages> offered_{};  // to whom it may concern, for writing, at some time
};

}  // namespace ringback::fuzz
