#include "memory/grant_copy.h"

#include <cstring>

namespace ringback {
namespace {

// The domain that one side of the previous operation named: batches mostly name the same two.
class DomainMemo {
 public:
  DomainMemo(const DomainTable& domains, abi::domid_t caller) noexcept
      : domains_(domains), caller_(caller), domid_(abi::DOMID_SELF), domain_(domains.find(caller)) {}

  [[nodiscard]] Domain* find(abi::domid_t domid) noexcept {
    if (domid != domid_) {
      domid_ = domid;
      domain_ = domains_.find(domid, caller_);
    }
    return domain_;
  }

 private:
  const DomainTable& domains_;
  abi::domid_t caller_;
  abi::domid_t domid_;
  Domain* domain_;
};

// One side of an operation, known at compile time to be a reference or a frame: the checks fold into straight code.
template <bool kByReference, Access kAccess>
class Side {
 public:
  explicit Side(const abi::gnttab_copy_ptr& pointer) noexcept : pointer_(pointer) {}

  [[nodiscard]] std::int16_t name_domain(DomainMemo& memo) noexcept {
    if (!kByReference && pointer_.domid != abi::DOMID_SELF) return abi::GNTST_permission_denied;
    domain_ = memo.find(pointer_.domid);
    return domain_ ? abi::GNTST_okay : abi::GNTST_bad_domain;
  }

  [[nodiscard]] std::int16_t claim(abi::domid_t caller) noexcept {
    const std::uint32_t pages = domain_->arena.pages();
    if constexpr (kByReference) {
      const Pin pin = domain_->grants.pin(pointer_.u.ref, caller, kAccess, pages);
      frame_ = pin.frame;
      return pin.status;
    }
    if (pointer_.u.gmfn >= pages) return abi::GNTST_bad_page;
    frame_ = static_cast<std::uint32_t>(pointer_.u.gmfn);
    return abi::GNTST_okay;
  }

  void release() const noexcept {
    if constexpr (kByReference) domain_->grants.unpin(pointer_.u.ref, kAccess);
  }

  [[nodiscard]] bool holds(std::uint32_t bytes) const noexcept { return pointer_.offset + bytes <= kPageBytes; }
  [[nodiscard]] std::byte* bytes() const noexcept { return domain_->arena.page(frame_).data() + pointer_.offset; }

 private:
  const abi::gnttab_copy_ptr& pointer_;
  Domain* domain_ = nullptr;
  std::uint32_t frame_ = 0;
};

struct Batch {
  DomainMemo sources;
  DomainMemo dests;
  abi::domid_t caller;
  Payload payload;
};

template <bool kSourceReference, bool kDestReference>
[[nodiscard]] std::int16_t copy_one(const abi::gnttab_copy& operation, Batch& batch) noexcept {
  Side<kSourceReference, Access::kRead> source(operation.source);
  Side<kDestReference, Access::kWrite> dest(operation.dest);
  std::int16_t status = source.name_domain(batch.sources);
  if (status == abi::GNTST_okay) status = dest.name_domain(batch.dests);
  if (status == abi::GNTST_okay) status = source.claim(batch.caller);
  if (status != abi::GNTST_okay) return status;
  status = dest.claim(batch.caller);
  if (status == abi::GNTST_okay) {
    if (!source.holds(operation.len) || !dest.holds(operation.len))
      status = abi::GNTST_bad_copy_arg;
    else if (batch.payload == Payload::kCopy)
      std::memmove(dest.bytes(), source.bytes(), operation.len);
    dest.release();
  }
  source.release();
  return status;
}

[[nodiscard]] std::int16_t copy_any(const abi::gnttab_copy& operation, Batch& batch) noexcept {
  if (operation.len == 0) return abi::GNTST_okay;
  switch (operation.flags & (abi::GNTCOPY_source_gref | abi::GNTCOPY_dest_gref)) {
    case abi::GNTCOPY_source_gref:
      return copy_one<true, false>(operation, batch);
    case abi::GNTCOPY_dest_gref:
      return copy_one<false, true>(operation, batch);
    case abi::GNTCOPY_source_gref | abi::GNTCOPY_dest_gref:
      return copy_one<true, true>(operation, batch);
    default:
      return copy_one<false, false>(operation, batch);
  }
}

}  // namespace

void grant_copy(const DomainTable& domains, abi::domid_t caller, std::span<abi::gnttab_copy> operations,
                Payload payload) {
  Batch batch{{domains, caller}, {domains, caller}, caller, payload};
  for (abi::gnttab_copy& operation : operations) operation.status = copy_any(operation, batch);
}

}  // namespace ringback
