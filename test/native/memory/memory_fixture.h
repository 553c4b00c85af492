// Domains and copy operations for the tests of native/memory.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "memory/grant_copy.h"

namespace ringback::test {

inline std::shared_ptr<Domain> make_domain(abi::domid_t domid, std::uint32_t pages = 4, std::uint32_t entries = 16,
                                           Sharing sharing = Sharing::kManyThreads) {
  return std::make_shared<Domain>(domid, PageArena(pages), GrantTable(entries, sharing));
}

// Fills a page with bytes that tell the page and the place.
inline void fill_page(const Domain& domain, std::uint32_t frame) {
  const auto page = domain.arena.page(frame);
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<std::byte>(domain.domid * 31 + frame * 7 + i);
}

// A back end, domain 1, that copies for itself, and a guest, domain 5, that grants.
struct Neighbours {
  static constexpr abi::domid_t kBack = 1;
  static constexpr abi::domid_t kGuest = 5;
  static constexpr abi::domid_t kNobody = 9;

  explicit Neighbours(Sharing sharing = Sharing::kManyThreads)
      : back(make_domain(kBack, 4, 16, sharing)), guest(make_domain(kGuest, 4, 16, sharing)) {
    (void)table.add(back);
    (void)table.add(guest);
    for (const auto& domain : {back, guest})
      for (std::uint32_t frame = 0; frame < domain->arena.pages(); ++frame) fill_page(*domain, frame);
  }

  std::int16_t copy(abi::gnttab_copy operation, Payload payload = Payload::kCopy) {
    operation.status = 99;
    grant_copy(table, kBack, {&operation, 1}, payload);
    return operation.status;
  }

  DomainTable table;
  std::shared_ptr<Domain> back;
  std::shared_ptr<Domain> guest;
};

inline abi::gnttab_copy_ptr by_reference(abi::domid_t domid, abi::grant_ref_t ref, std::uint16_t offset = 0) {
  abi::gnttab_copy_ptr pointer{};
  pointer.u.ref = ref;
  pointer.domid = domid;
  pointer.offset = offset;
  return pointer;
}

inline abi::gnttab_copy_ptr by_frame(abi::xen_pfn_t frame, std::uint16_t offset = 0,
                                     abi::domid_t domid = abi::DOMID_SELF) {
  abi::gnttab_copy_ptr pointer{};
  pointer.u.gmfn = frame;
  pointer.domid = domid;
  pointer.offset = offset;
  return pointer;
}

inline abi::gnttab_copy operation(abi::gnttab_copy_ptr source, abi::gnttab_copy_ptr dest, std::uint16_t bytes,
                                  std::uint16_t flags) {
  abi::gnttab_copy copy{};
  copy.source = source;
  copy.dest = dest;
  copy.len = bytes;
  copy.flags = flags;
  return copy;
}

// The common ones: from a grant into an own frame, and from an own frame into a grant.
inline abi::gnttab_copy from_grant(abi::gnttab_copy_ptr source, abi::gnttab_copy_ptr dest, std::uint16_t bytes) {
  return operation(source, dest, bytes, abi::GNTCOPY_source_gref);
}
inline abi::gnttab_copy to_grant(abi::gnttab_copy_ptr source, abi::gnttab_copy_ptr dest, std::uint16_t bytes) {
  return operation(source, dest, bytes, abi::GNTCOPY_dest_gref);
}
inline abi::gnttab_copy grant_to_grant(abi::gnttab_copy_ptr source, abi::gnttab_copy_ptr dest, std::uint16_t bytes) {
  return operation(source, dest, bytes, abi::GNTCOPY_source_gref | abi::GNTCOPY_dest_gref);
}

inline bool same_bytes(const Domain& a, std::uint32_t frame_a, std::size_t offset_a, const Domain& b,
                       std::uint32_t frame_b, std::size_t offset_b, std::size_t bytes) {
  return std::memcmp(a.arena.page(frame_a).data() + offset_a, b.arena.page(frame_b).data() + offset_b, bytes) == 0;
}

}  // namespace ringback::test
