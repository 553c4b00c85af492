// A domain's grant table: version-1 entries in Xen's layout, the granting domain's side and the hypervisor's.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "abi/grant_table.h"
#include "base/assert.h"
#include "memory/grant_entry.h"

namespace ringback {

enum class Access : std::uint8_t { kRead, kWrite };

// What pin() found: a frame that may be used until unpin() when status is GNTST_okay.
struct Pin {
  std::int16_t status = abi::GNTST_okay;
  std::uint32_t frame = 0;
};

// Threads: the granting side is the owning domain's thread's; the pinning side is one thread's, which may be another
//          one with Sharing::kManyThreads.
// Invariants:
//   1. Pin counts and the frames of pinned entries are private: what a domain writes to its entries changes neither.
//   2. reading (writing) is set in an entry from its first pin (for writing) to the end of its last one.
//   3. The first 8 references are the toolstack's: never handed out, usable when something is written there.
class GrantTable {
 public:
  // Linux grows its tables to 64 frames of 512 entries at most; Xen's own default is the same.
  static constexpr std::uint32_t kMaxEntries = 64 * 512;

  static constexpr std::uint32_t kNoFrame = 0xffffffff;

  // Requires: GNTTAB_NR_RESERVED_ENTRIES <= entries <= kMaxEntries.
  GrantTable(std::uint32_t entries, Sharing sharing);

  // Borrows the entries' memory, which must outlive the table, and clears it.
  // Requires: memory starts at a multiple of 8 bytes and holds whole entries, as many as above.
  GrantTable(std::span<std::byte> memory, Sharing sharing);

  // ---- the granting domain

  // Lets `domid` use a page: for reading only, or for both. Nothing when no reference is left. The frame is judged
  // when somebody uses the grant, as Xen does.
  [[nodiscard]] std::optional<abi::grant_ref_t> grant_foreign_access(abi::domid_t domid, std::uint32_t frame,
                                                                     bool readonly) noexcept {
    if (first_free_ == kNone) return std::nullopt;
    const abi::grant_ref_t ref = first_free_;
    first_free_ = next_free_[ref];
    next_free_[ref] = kHandedOut;
    ++in_use_;
    const std::uint16_t flags = readonly ? abi::GTF_permit_access | abi::GTF_readonly : abi::GTF_permit_access;
    publish_entry(at(ref), to_word({flags, domid, frame}));
    return ref;
  }

  // Takes the grant back and frees the reference, or returns false while the page is being read or written.
  //
  // Requires: is_granted(ref).
  // Source:   Linux gnttab_end_foreign_access_ref, which leaves freeing the reference to its caller
  [[nodiscard]] bool try_end_foreign_access(abi::grant_ref_t ref) noexcept {
    RB_ASSERT(is_granted(ref));
    GrantWord word = load_entry(at(ref));
    do {
      if ((to_entry(word).flags & (abi::GTF_reading | abi::GTF_writing)) != 0) return false;
      // Ends: the pinning side changes an entry only by setting the flags that return above, and clearing them.
    } while (!replace_entry(at(ref), word, word & ~flags_word(0xffff), sharing_));
    next_free_[ref] = first_free_;
    first_free_ = ref;
    --in_use_;
    return true;
  }

  // Whether grant_foreign_access handed out `ref` and it was not ended yet.
  [[nodiscard]] bool is_granted(abi::grant_ref_t ref) const noexcept {
    return ref < entries() && next_free_[ref] == kHandedOut;
  }

  [[nodiscard]] std::uint32_t in_use() const noexcept { return in_use_; }
  [[nodiscard]] std::uint32_t entries() const noexcept { return static_cast<std::uint32_t>(active_.size()); }

  // Raw access to an entry, for reserved references and for hostile domains. Requires: ref < entries().
  [[nodiscard]] abi::grant_entry_v1 load(abi::grant_ref_t ref) const noexcept { return to_entry(load_entry(at(ref))); }
  void store(abi::grant_ref_t ref, abi::grant_entry_v1 entry) noexcept { publish_entry(at(ref), to_word(entry)); }

  // ---- the hypervisor, for the domain that the page was granted to

  // Claims the page behind `ref` for `domid`; frames are valid below `frames`.
  //
  // Errors: GNTST_bad_gntref; GNTST_general_error when the entry is no access grant to `domid`, is readonly and was to
  // be
  //         written, is pinned for another domain or too often, or does not hold still; GNTST_bad_page. GTF_sub_page
  //         means nothing in version 1 and is ignored, GTF_transitive is an error.
  // Source: Xen acquire_grant_for_copy, _set_status_v1
  [[nodiscard]] Pin pin(abi::grant_ref_t ref, abi::domid_t domid, Access access, std::uint32_t frames) noexcept {
    if (ref >= entries()) return {abi::GNTST_bad_gntref, 0};
    Active& active = active_[ref];
    if (active.pins != 0) [[unlikely]]
      return pin_again(ref, domid, access);
    GrantWord word = load_entry(at(ref));
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
      const abi::grant_entry_v1 entry = to_entry(word);
      if ((entry.flags & abi::GTF_type_mask) != abi::GTF_permit_access || entry.domid != domid ||
          (access == Access::kWrite && (entry.flags & abi::GTF_readonly) != 0))
        return {abi::GNTST_general_error, 0};
      if (entry.frame >= frames) return {abi::GNTST_bad_page, 0};
      if (!replace_entry(at(ref), word, word | flags_word(pin_flags(access)), sharing_)) continue;
      active = {entry.frame, domid, pins_of(access)};
      ++pinned_entries_;
      return {abi::GNTST_okay, entry.frame};
    }
    return {abi::GNTST_general_error, 0};
  }

  // The frame that pin() would find, for a use that is over before anybody else runs: no flag has to be set and
  // cleared then, for nobody could see it. kNoFrame when it is not as simple as that and pin() is to be asked: with
  // Sharing::kManyThreads, with borrowed entries, which a copy may overwrite, while any entry is pinned, when the
  // domain has set a pin's flags itself, and for every error.
  [[nodiscard]] std::uint32_t look(abi::grant_ref_t ref, abi::domid_t domid, Access access,
                                   std::uint32_t frames) const noexcept {
    if (ref >= lookable_ || pinned_entries_ != 0) return kNoFrame;
    const GrantWord word = load_entry(at(ref));
    constexpr std::uint16_t kRead = abi::GTF_type_mask | abi::GTF_reading | abi::GTF_writing;
    constexpr std::uint16_t kWrite = kRead | abi::GTF_readonly;
    const GrantWord asked = to_word({access == Access::kWrite ? kWrite : kRead, 0xffff, 0});
    if ((word & asked) != to_word({abi::GTF_permit_access, domid, 0})) return kNoFrame;
    const std::uint32_t frame = to_entry(word).frame;
    return frame < frames ? frame : kNoFrame;
  }

  // Requires: one pin() with this access succeeded and was not undone.
  // Source:   Xen reduce_status_for_pin
  void unpin(abi::grant_ref_t ref, Access access) noexcept {
    Active& active = active_[ref];
    RB_ASSERT((active.pins & (access == Access::kWrite ? kWriters : kReaders)) != 0);
    const auto left = static_cast<Pins>(active.pins - pins_of(access));
    active.pins = left;
    if (left == 0) --pinned_entries_;
    std::uint16_t over = left == 0 ? abi::GTF_reading : 0;
    if (access == Access::kWrite && (left & kWriters) == 0) over = static_cast<std::uint16_t>(over | abi::GTF_writing);
    if (over != 0) clear_entry_flags(at(ref), over, sharing_);
  }

  // Pins that were not undone yet. Counts them: for tests and reports.
  [[nodiscard]] std::uint32_t pins() const noexcept;

 private:
  // Xen packs its counts into one word too: reading a count just after it was written, with another width, would stall.
  using Pins = std::uint16_t;
  static constexpr Pins kReader = 0x0001;
  static constexpr Pins kWriter = 0x0100;
  static constexpr Pins kReaders = 0x00ff;
  static constexpr Pins kWriters = 0xff00;
  // Xen's limit: an eighth bit in a count refuses further pins.
  static constexpr Pins kTooMany = 0x8080;
  struct Active {
    std::uint32_t frame = 0;
    abi::domid_t domid = 0;
    Pins pins = 0;
  };
  // A domain that rewrites its entry faster than this is refused: as Xen, the first try and four more.
  static constexpr int kMaxAttempts = 5;
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kHandedOut = 0xfffffffe;

  [[nodiscard]] static constexpr std::uint16_t pin_flags(Access access) noexcept {
    return access == Access::kWrite ? abi::GTF_reading | abi::GTF_writing : abi::GTF_reading;
  }
  [[nodiscard]] GrantWord& at(abi::grant_ref_t ref) const noexcept {
    RB_ASSERT(ref < entries());
    return words_[ref];
  }
  [[nodiscard]] static constexpr Pins pins_of(Access access) noexcept {
    return access == Access::kWrite ? kWriter : kReader;
  }
  [[nodiscard]] Pin pin_again(abi::grant_ref_t ref, abi::domid_t domid, Access access) noexcept;
  [[nodiscard]] bool try_mark_written(abi::grant_ref_t ref) noexcept;
  void chain_references(std::uint32_t entries);

  std::unique_ptr<GrantWord[]> owned_;
  GrantWord* words_;
  std::vector<Active> active_;
  std::vector<std::uint32_t> next_free_;  // by reference: the next free one, or kHandedOut
  std::uint32_t first_free_ = kNone;
  std::uint32_t in_use_ = 0;
  std::uint32_t pinned_entries_ = 0;
  std::uint32_t lookable_ = 0;  // references below may be looked at: all or none
  Sharing sharing_;
};

}  // namespace ringback
