// The grant copier of a driver domain that looks at every operation before and after: a back end that names a wrong
// page is found even where the copy happens to harm nobody.
#pragma once
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "fuzz/outcomes.h"
#include "memory/domain.h"
#include "memory/grant_copy.h"

namespace ringback::fuzz {

// Whose a page of the driver domain is.
enum class PageOwner : std::uint8_t {
  kNobody,     // free, or of a frame in the making
  kNeighbour,  // a canary: no frame has it, ever
  kScratch,    // the control ring's
  kWire,       // of a frame that a guest sent
  kToHostile,  // of a frame that waits for the hostile guest
  kToHonest,   // and for the honest one
};

class WatchedCopier final : public GrantCopier {
 public:
  // Requires: all of them outlive this.
  WatchedCopier(const DomainTable& domains, abi::domid_t driver, const std::vector<PageOwner>& owners,
                Outcomes& outcomes)
      : domains_(domains),
        driver_(driver),
        owners_(owners),
        outcomes_(outcomes),
        copier_(domains, driver, Payload::kCopy),
        filled_(owners.size()) {}

  void copy(std::span<abi::gnttab_copy> operations) override;

  // Operations that failed since the last call of this.
  [[nodiscard]] std::uint32_t take_failures() noexcept { return std::exchange(failures_, 0u); }

  // The page's bytes that the last batch wrote, from its first on without a gap.
  [[nodiscard]] std::uint32_t filled_bytes(std::uint32_t page) const noexcept {
    return filled_[page].batch == batch_ ? filled_[page].bytes : 0;
  }

 private:
  // The largest batch that anybody makes.
  static constexpr std::size_t kMaxBatch = 256;
  struct Filled {
    std::uint64_t batch = 0;
    std::uint32_t bytes = 0;
  };

  void check_driver_side(const abi::gnttab_copy& operation) const;
  void check_done(const abi::gnttab_copy& operation, abi::grant_entry_v1 entry);

  const DomainTable& domains_;
  abi::domid_t driver_;
  const std::vector<PageOwner>& owners_;
  Outcomes& outcomes_;
  LocalGrantCopier copier_;
  std::uint64_t batch_ = 0;
  std::uint32_t failures_ = 0;
  std::vector<Filled> filled_;
};

}  // namespace ringback::fuzz
