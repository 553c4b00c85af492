// Domains of one process and the table that finds them: what a hypervisor knows about its guests' memory.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "abi/grant_table.h"
#include "memory/grant_table.h"
#include "memory/page_arena.h"

namespace ringback {

// xen/xen.h DOMID_FIRST_RESERVED: ids from here on are names such as DOMID_SELF, never domains.
inline constexpr abi::domid_t kFirstReservedDomid = 0x7ff0;

struct Domain {
  Domain(abi::domid_t id, PageArena pages, GrantTable table)
      : domid(id), arena(std::move(pages)), grants(std::move(table)) {}
  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;

  const abi::domid_t domid;
  PageArena arena;
  GrantTable grants;
};

// Threads: adding and removing exclude everything else.
class DomainTable {
 public:
  // False when the id is reserved or taken.
  [[nodiscard]] bool add(std::shared_ptr<Domain> domain) {
    const std::size_t domid = domain->domid;
    if (domid >= kFirstReservedDomid) return false;
    if (domid >= domains_.size()) domains_.resize(domid + 1);
    if (domains_[domid]) return false;
    domains_[domid] = std::move(domain);
    return true;
  }

  bool remove(abi::domid_t domid) noexcept {
    if (!find(domid)) return false;
    domains_[domid].reset();
    return true;
  }

  // The domain, or null; DOMID_SELF is nobody here.
  [[nodiscard]] Domain* find(abi::domid_t domid) const noexcept {
    return domid < domains_.size() ? domains_[domid].get() : nullptr;
  }

  // The same as `caller` sees it: DOMID_SELF is the caller.
  [[nodiscard]] Domain* find(abi::domid_t domid, abi::domid_t caller) const noexcept {
    return find(domid == abi::DOMID_SELF ? caller : domid);
  }

  // For those that keep a domain longer than the table does.
  [[nodiscard]] std::shared_ptr<Domain> share(abi::domid_t domid) const noexcept {
    return domid < domains_.size() ? domains_[domid] : nullptr;
  }

 private:
  std::vector<std::shared_ptr<Domain>> domains_;
};

}  // namespace ringback
