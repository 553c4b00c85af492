// Two domains and the copies that a back end asks for between them, for copy_bench.cc.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "base/random.h"
#include "memory/domain.h"
#include "memory/grant_copy.h"

namespace ringback::bench {

// Which way the bytes go: as TxBack asks for it, from a guest's reference to an own frame, or as RxBack does.
enum class Way : std::uint8_t { kFromGuest, kToGuest };

inline constexpr std::uint32_t kBatchCopies = 64;

// The guest grants each of its pages; the driver domain has as many. A copy pairs a page of either side, at random,
// and no page comes up again before all that are used at all have come up. All counts are multiples of round(), so that
// everybody copies the same pages: the host's memory is not equally fast everywhere.
class CopyWorld {
 public:
  // Of so many pages a side, `used` are copied.
  CopyWorld(std::uint32_t pages, std::uint32_t used) : guest_pages_(pages), driver_pages_(pages) {
    for (const Sharing sharing : {Sharing::kOneThread, Sharing::kManyThreads}) add_domains(sharing);
    Random random(1);
    const auto guest_frames = shuffled(pages, random);
    const auto driver_frames = shuffled(pages, random);
    for (std::uint32_t i = 0; i < used; ++i) order_.push_back({guest_frames[i], driver_frames[i]});
    for (const PageArena* arena : {&guest_pages_, &driver_pages_})  // touched, and no two pages alike
      for (std::size_t i = 0; i < arena->memory().size(); i += sizeof(std::uint64_t)) {
        const std::uint64_t word = random.next();
        std::memcpy(arena->memory().data() + i, &word, sizeof word);
      }
  }

  // Copies until every page that is used has come up, in whole batches.
  [[nodiscard]] std::uint64_t round() const { return std::max<std::uint64_t>(order_.size(), kBatchCopies); }

  // Through the grants, in batches, as a back end does it. Returns how many operations went well.
  std::uint64_t grant_copies(std::uint64_t count, Way way, std::uint16_t bytes, Payload payload, Sharing sharing) {
    const DomainTable& domains = sharing == Sharing::kOneThread ? one_thread_ : many_threads_;
    std::array<abi::gnttab_copy, kBatchCopies> batch;
    std::uint64_t okay = 0;
    std::size_t next = 0;
    for (std::uint64_t done = 0; done < count; done += kBatchCopies) {
      for (abi::gnttab_copy& copy : batch) {
        const Pair pair = order_[next];
        next = next + 1 == order_.size() ? 0 : next + 1;
        abi::gnttab_copy_ptr& guest = way == Way::kFromGuest ? copy.source : copy.dest;
        abi::gnttab_copy_ptr& own = way == Way::kFromGuest ? copy.dest : copy.source;
        guest = {{pair.guest_frame + kReserved}, kGuest, 0};
        own.u.gmfn = pair.driver_frame;
        own.domid = abi::DOMID_SELF;
        own.offset = 0;
        copy.len = bytes;
        copy.flags = way == Way::kFromGuest ? abi::GNTCOPY_source_gref : abi::GNTCOPY_dest_gref;
      }
      grant_copy(domains, kDriver, batch, payload);
      for (const abi::gnttab_copy& copy : batch) okay += copy.status == abi::GNTST_okay ? 1 : 0;
    }
    return okay;
  }

  // The same bytes in the same order, by whoever may touch both domains' memory.
  void plain_copies(std::uint64_t count, Way way, std::uint16_t bytes) {
    std::size_t next = 0;
    for (std::uint64_t done = 0; done < count; ++done) {
      const Pair pair = order_[next];
      next = next + 1 == order_.size() ? 0 : next + 1;
      const auto [to, from] = ends(pair, way);
      std::memcpy(to, from, bytes);
      asm volatile("" ::: "memory");
    }
  }

  // Makes the sides of each copy differ, in every cache line, so that bytes that are not copied show. Every sample
  // begins with that, after a round of plain copies: so every peer finds the same lines within the same reach.
  void spoil(Way way, std::uint16_t bytes) {
    plain_copies(round(), way, bytes);
    for (const Pair pair : order_) {
      const auto [to, from] = ends(pair, way);
      for (std::size_t i = 0; i < bytes; i += 64) to[i] = ~from[i];
      to[bytes - 1] = ~from[bytes - 1];
    }
  }

  // Whether all copies left the same bytes on both sides.
  [[nodiscard]] bool are_copied(Way way, std::uint16_t bytes) const {
    bool same = true;
    for (const Pair pair : order_) {
      const auto [to, from] = ends(pair, way);
      same = std::memcmp(to, from, bytes) == 0 && same;
    }
    return same;
  }

 private:
  static constexpr abi::domid_t kDriver = 0;
  static constexpr abi::domid_t kGuest = 1;
  static constexpr std::uint32_t kReserved = abi::GNTTAB_NR_RESERVED_ENTRIES;

  struct Pair {
    std::uint32_t guest_frame;
    std::uint32_t driver_frame;
  };

  [[nodiscard]] static std::vector<std::uint32_t> shuffled(std::uint32_t count, Random& random) {
    std::vector<std::uint32_t> values(count);
    std::iota(values.begin(), values.end(), 0U);
    for (std::uint32_t i = count; i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
    return values;
  }

  void add_domains(Sharing sharing) {
    const auto guest = std::make_shared<Domain>(kGuest, PageArena(guest_pages_.memory()),
                                                GrantTable(guest_pages_.pages() + kReserved, sharing));
    for (std::uint32_t frame = 0; frame < guest_pages_.pages(); ++frame)
      if (guest->grants.grant_foreign_access(kDriver, frame, false) != frame + kReserved) std::abort();
    DomainTable& domains = sharing == Sharing::kOneThread ? one_thread_ : many_threads_;
    const auto driver =
        std::make_shared<Domain>(kDriver, PageArena(driver_pages_.memory()), GrantTable(kReserved, sharing));
    if (!domains.add(guest) || !domains.add(driver)) std::abort();
  }

  // Where the bytes go, and where they come from.
  [[nodiscard]] std::pair<std::byte*, std::byte*> ends(Pair pair, Way way) const {
    std::byte* const guest = guest_pages_.page(pair.guest_frame).data();
    std::byte* const driver = driver_pages_.page(pair.driver_frame).data();
    return way == Way::kFromGuest ? std::pair(driver, guest) : std::pair(guest, driver);
  }

  PageArena guest_pages_;
  PageArena driver_pages_;
  // The same domains twice: the guest takes turns with its back end, or may run meanwhile.
  DomainTable one_thread_;
  DomainTable many_threads_;
  std::vector<Pair> order_;
};

}  // namespace ringback::bench
