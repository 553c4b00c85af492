#include "memory/grant_copy.h"

#include <algorithm>
#include <array>
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

// Where the bytes of an operation go and come from.
struct Move {
  std::byte* to;
  std::byte* from;
};

// The short way, which nearly all operations go: nothing is wrong and nothing has to be claimed. What it accepts,
// copy_any() would find okay, and leave everything as it was but the bytes; what it does not accept, copy_any() judges.
class Looker {
 public:
  Looker(const DomainTable& domains, abi::domid_t caller) noexcept
      : caller_(caller), sources_(domains, caller), dests_(domains, caller) {
    const Domain* const own = domains.find(caller);
    if (own) own_memory_ = own->arena.memory();
  }

  [[nodiscard]] bool accepts(const abi::gnttab_copy& operation, Move& move) noexcept {
    const std::uint32_t furthest = std::max(operation.source.offset, operation.dest.offset);
    if (furthest + operation.len > kPageBytes) return false;
    move.from = (operation.flags & abi::GNTCOPY_source_gref) != 0
                    ? granted(operation.source, Access::kRead, sources_.find(operation.source.domid))
                    : own(operation.source);
    move.to = (operation.flags & abi::GNTCOPY_dest_gref) != 0
                  ? granted(operation.dest, Access::kWrite, dests_.find(operation.dest.domid))
                  : own(operation.dest);
    return move.from && move.to;
  }

 private:
  [[nodiscard]] std::byte* granted(const abi::gnttab_copy_ptr& pointer, Access access, Domain* domain) const noexcept {
    if (!domain) return nullptr;
    const std::uint32_t frame = domain->grants.look(pointer.u.ref, caller_, access, domain->arena.pages());
    return frame == GrantTable::kNoFrame ? nullptr : domain->arena.page(frame).data() + pointer.offset;
  }

  [[nodiscard]] std::byte* own(const abi::gnttab_copy_ptr& pointer) const noexcept {
    if (pointer.domid != abi::DOMID_SELF || pointer.u.gmfn >= own_memory_.size() / kPageBytes) return nullptr;
    return own_memory_.data() + pointer.u.gmfn * kPageBytes + pointer.offset;
  }

  abi::domid_t caller_;
  DomainMemo sources_;
  DomainMemo dests_;
  std::span<std::byte> own_memory_;
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

[[nodiscard, gnu::noinline]] std::int16_t copy_any(const abi::gnttab_copy& operation, Batch& batch) noexcept {
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

// Looked at before the first of them is copied, so that the two loops are short. A copy changes no entry that may be
// looked at.
constexpr std::size_t kGroup = 64;

// Bytes. From here on it pays to fetch where the next operation writes to while this one copies: the processor runs
// ahead with reads by itself, but not with writes.
constexpr std::uint32_t kLongCopy = 1024;

// Looks at operations until one is not accepted; the accepted ones are okay. Returns how many.
[[nodiscard]] std::size_t look_ahead(Looker& looker, std::span<abi::gnttab_copy> operations,
                                     std::span<Move, kGroup + 1> moves) noexcept {
  const std::size_t most = std::min(operations.size(), kGroup);
  std::size_t count = 0;
  for (; count < most && looker.accepts(operations[count], moves[count]); ++count)
    operations[count].status = abi::GNTST_okay;
  return count;
}

void move_all(std::span<const abi::gnttab_copy> operations, std::span<const Move, kGroup + 1> moves) noexcept {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const std::uint32_t bytes = operations[i].len;
    if (bytes >= kLongCopy) __builtin_prefetch(moves[i + 1].to, 1);
    std::memmove(moves[i].to, moves[i].from, bytes);
  }
}

}  // namespace

void grant_copy(const DomainTable& domains, abi::domid_t caller, std::span<abi::gnttab_copy> operations,
                Payload payload) {
  Looker looker(domains, caller);
  Batch batch{{domains, caller}, {domains, caller}, caller, payload};
  std::array<Move, kGroup + 1> moves{};  // one more, so that a next one to fetch is always there
  while (!operations.empty()) {
    const std::size_t looked_at = look_ahead(looker, operations, moves);
    if (payload == Payload::kCopy) move_all(operations.first(looked_at), moves);
    operations = operations.subspan(looked_at);
    if (looked_at == kGroup || operations.empty()) continue;
    operations.front().status = copy_any(operations.front(), batch);
    operations = operations.subspan(1);
  }
}

}  // namespace ringback
