#include "fuzz/watched_copier.h"

#include "fuzz/check.h"
#include "fuzz/machine.h"

namespace ringback::fuzz {

void WatchedCopier::copy(std::span<abi::gnttab_copy> operations) {
  FUZZ_CHECK(operations.size() <= kMaxBatch);
  std::array<abi::grant_entry_v1, kMaxBatch> entries;
  ++batch_;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const abi::gnttab_copy& operation = operations[i];
    check_driver_side(operation);
    const bool from_guest = operation.flags == abi::GNTCOPY_source_gref;
    const abi::gnttab_copy_ptr& side = from_guest ? operation.source : operation.dest;
    const GrantTable& grants = domains_.find(side.domid)->grants;
    entries[i] = side.u.ref < grants.entries() ? grants.load(side.u.ref) : abi::grant_entry_v1{};
  }
  copier_.copy(operations);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    outcomes_.count(operations[i].status == abi::GNTST_okay ? Outcome::kCopiesDone : Outcome::kCopiesFailed);
    if (operations[i].status == abi::GNTST_okay)
      check_done(operations[i], entries[i]);
    else
      ++failures_;
  }
}

// One side is a guest's reference, the other a page of the driver domain's that this guest's frame may have.
void WatchedCopier::check_driver_side(const abi::gnttab_copy& operation) const {
  FUZZ_CHECK(operation.flags == abi::GNTCOPY_source_gref || operation.flags == abi::GNTCOPY_dest_gref);
  const bool from_guest = operation.flags == abi::GNTCOPY_source_gref;
  const abi::gnttab_copy_ptr& guest = from_guest ? operation.source : operation.dest;
  const abi::gnttab_copy_ptr& driver = from_guest ? operation.dest : operation.source;
  FUZZ_CHECK(guest.domid == kHostileGuest || guest.domid == kHonestGuest);
  FUZZ_CHECK(driver.domid == abi::DOMID_SELF);
  FUZZ_CHECK(guest.offset + operation.len <= static_cast<int>(kPageBytes));  // it was judged before
  FUZZ_CHECK(operation.len > 0 && driver.offset + operation.len <= static_cast<int>(kPageBytes));
  FUZZ_CHECK(driver.u.gmfn < owners_.size());
  FUZZ_CHECK(domains_.find(driver_)->arena.is_allocated(static_cast<std::uint32_t>(driver.u.gmfn)));
  const PageOwner owner = owners_[driver.u.gmfn];
  if (from_guest)
    FUZZ_CHECK(owner == PageOwner::kNobody || owner == PageOwner::kScratch);
  else
    FUZZ_CHECK(owner == (guest.domid == kHostileGuest ? PageOwner::kToHostile : PageOwner::kToHonest));
}

// The guest's entry allowed what was done.
void WatchedCopier::check_done(const abi::gnttab_copy& operation, abi::grant_entry_v1 entry) {
  const bool from_guest = operation.flags == abi::GNTCOPY_source_gref;
  FUZZ_CHECK((entry.flags & abi::GTF_type_mask) == abi::GTF_permit_access && entry.domid == driver_);
  if (!from_guest) {
    FUZZ_CHECK((entry.flags & abi::GTF_readonly) == 0);
    return;
  }
  Filled& filled = filled_[operation.dest.u.gmfn];
  const std::uint32_t before = filled.batch == batch_ ? filled.bytes : 0;
  if (operation.dest.offset == before) filled = {batch_, before + operation.len};
}

}  // namespace ringback::fuzz
