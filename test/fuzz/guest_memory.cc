#include "fuzz/guest_memory.h"

#include <cstring>

#include "fuzz/check.h"
#include "fuzz/machine.h"

namespace ringback::fuzz {
namespace {

constexpr int kDataByte = 0x5a;
constexpr int kPrivateByte = 0xe7;
constexpr std::uint16_t kUseFlags = abi::GTF_reading | abi::GTF_writing;

}  // namespace

GuestMemory::GuestMemory(std::uint32_t ring_pages, bool grants_rings)
    : domain_(std::make_shared<Domain>(kHostileGuest, PageArena(reused_pages<kHostileGuest, kPages>()),
                                       GrantTable(kRefs, Sharing::kOneThread))),
      ring_pages_(ring_pages),
      grants_rings_(grants_rings) {
  FUZZ_CHECK(ring_pages <= kRingPages);
  std::memset(domain_->arena.page(kFirstData).data(), kDataByte, kDataPages * kPageBytes);
  std::memset(domain_->arena.page(kFirstPrivate).data(), kPrivateByte, kPrivatePages * kPageBytes);
  for (abi::grant_ref_t ref = kFirstReadonly; ref < kFirstWritable + kDataPages; ++ref) restore(ref);
}

abi::grant_entry_v1 GuestMemory::good_entry(abi::grant_ref_t ref) noexcept {
  if (ref < kFirstReadonly || ref >= kFirstWritable + kDataPages) return {};
  const bool readonly = ref < kFirstWritable;
  return {static_cast<std::uint16_t>(abi::GTF_permit_access | (readonly ? abi::GTF_readonly : 0)), kDriverDomain,
          kFirstData + (ref - kFirstReadonly) % kDataPages};
}

void GuestMemory::store(abi::grant_ref_t ref, abi::grant_entry_v1 entry) {
  ref %= kRefs;
  if (entry.frame < ring_pages_ && !grants_rings_) entry.frame += kFirstData;
  if (entry.frame < kPages && (entry.flags & abi::GTF_readonly) == 0) offered_[entry.frame] = true;
  stored_[ref] = entry;
  domain_->grants.store(ref, entry);
}

void GuestMemory::check() const {
  FUZZ_CHECK(domain_->grants.pins() == 0);
  for (abi::grant_ref_t ref = 0; ref < kRefs; ++ref) {
    abi::grant_entry_v1 expected = stored_[ref];
    abi::grant_entry_v1 found = domain_->grants.load(ref);
    FUZZ_CHECK((found.flags & kUseFlags & ~expected.flags) == 0);  // nobody left a mark
    expected.flags = static_cast<std::uint16_t>(expected.flags & ~kUseFlags);
    found.flags = static_cast<std::uint16_t>(found.flags & ~kUseFlags);
    FUZZ_CHECK(std::memcmp(&expected, &found, sizeof found) == 0);
  }
  for (std::uint32_t page = kFirstPrivate; page < kPages; ++page) {
    const auto bytes = domain_->arena.page(page);
    if (!offered_[page])
      FUZZ_CHECK(bytes[0] == std::byte{kPrivateByte} && std::memcmp(&bytes[0], &bytes[1], kPageBytes - 1) == 0);
  }
}

}  // namespace ringback::fuzz
