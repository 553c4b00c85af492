// GNTTABOP_copy among the domains of one process.
#pragma once
#include <cstdint>
#include <span>

#include "abi/grant_table.h"
#include "memory/domain.h"
#include "memory/grant_copier.h"

namespace ringback {

enum class Payload : std::uint8_t {
  kCopy,
  kNone,  // every check, pin and unpin, but no byte moves
};

// Performs a batch on behalf of `caller` and writes each operation's status.
//
// Order of checks, for each operation by itself:
//   1. no length: okay, and nothing else is looked at;
//   2. a side given by frame must be DOMID_SELF's (GNTST_permission_denied) and its domain must exist
//      (GNTST_bad_domain): the source, then the destination;
//   3. the source is claimed, then the destination: see GrantTable::pin; a frame outside its domain is GNTST_bad_page;
//   4. offset + length must stay in the page, on both sides (GNTST_bad_copy_arg).
// Source and destination may overlap.
//
// Requires: nobody else writes to `operations` meanwhile.
// Threads:  as GrantTable's pinning side, for every domain that is named.
// Source:   Xen gnttab_copy. Xen keeps a claim while the next operation names the same page, and asks about a domain
//           again only when its id changes; here each operation is judged alone.
void grant_copy(const DomainTable& domains, abi::domid_t caller, std::span<abi::gnttab_copy> operations,
                Payload payload);

// The in-process copier of one domain.
class LocalGrantCopier final : public GrantCopier {
 public:
  // Requires: `domains` outlives this.
  LocalGrantCopier(const DomainTable& domains, abi::domid_t caller, Payload payload) noexcept
      : domains_(domains), caller_(caller), payload_(payload) {}

  void copy(std::span<abi::gnttab_copy> operations) override { grant_copy(domains_, caller_, operations, payload_); }

 private:
  const DomainTable& domains_;
  abi::domid_t caller_;
  Payload payload_;
};

}  // namespace ringback
