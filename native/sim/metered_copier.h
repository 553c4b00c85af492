// A copier that tells how many bytes it has copied.
#pragma once
#include <cstdint>
#include <span>

#include "memory/grant_copier.h"

namespace ringback {

// Threads: one.
class MeteredCopier final : public GrantCopier {
 public:
  // Requires: `copier` and `bytes` outlive this.
  MeteredCopier(GrantCopier& copier, std::uint64_t& bytes) noexcept : copier_(copier), bytes_(bytes) {}

  void copy(std::span<abi::gnttab_copy> operations) override {
    copier_.copy(operations);
    for (const abi::gnttab_copy& operation : operations)
      if (operation.status == abi::GNTST_okay) bytes_ += operation.len;
  }

 private:
  GrantCopier& copier_;
  std::uint64_t& bytes_;
};

}  // namespace ringback
