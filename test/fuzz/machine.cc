#include "fuzz/machine.h"

#include <cstring>

#include "fuzz/check.h"

namespace ringback::fuzz {
namespace {

constexpr int kCanaryByte = 0xc5;
constexpr int kBystanderByte = 0xb9;

std::shared_ptr<Domain> make_domain(abi::domid_t domid, std::span<std::byte> memory, std::uint32_t grants) {
  return std::make_shared<Domain>(domid, PageArena(memory), GrantTable(grants, Sharing::kOneThread));
}

bool is_all(std::span<const std::byte> bytes, int value) {
  return bytes[0] == static_cast<std::byte>(value) &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

Machine::Machine(std::shared_ptr<Domain> hostile, Outcomes& outcomes)
    : driver_(make_domain(kDriverDomain, reused_pages<kDriverDomain, kDriverPages>(), abi::GNTTAB_NR_RESERVED_ENTRIES)),
      bystander_(make_domain(kBystander, reused_pages<kBystander, kBystanderPages>(), 16)),
      owners_(kDriverPages, PageOwner::kNobody),
      copier_(domains_, kDriverDomain, owners_, outcomes),
      buffers_(driver_->arena, Payload::kCopy) {
  FUZZ_CHECK(domains_.add(driver_) && domains_.add(std::move(hostile)) && domains_.add(bystander_));
  place_canaries();
  for (std::uint32_t page = 0; page < kBystanderPages; ++page) {
    std::memset(bystander_->arena.page(page).data(), kBystanderByte, kPageBytes);
    FUZZ_CHECK(bystander_->grants.grant_foreign_access(kDriverDomain, page, false).has_value());
  }
}

// Between the pages that frames can have lie some that they cannot.
void Machine::place_canaries() {
  for (std::uint32_t page = 0; page < kDriverPages; ++page) FUZZ_CHECK(driver_->arena.allocate() == page);
  for (std::uint32_t page = kDriverPages; page-- > 0;) {
    if (page % kCanaryEvery == 0) {
      owners_[page] = PageOwner::kNeighbour;
      std::memset(driver_->arena.page(page).data(), kCanaryByte, kPageBytes);
    } else if (page == 1) {
      owners_[page] = PageOwner::kScratch;
      scratch_ = page;
    } else {
      driver_->arena.free(page);
    }
  }
  all_free_pages_ = driver_->arena.free_pages();
}

void Machine::claim(const Frame& frame, PageOwner owner) {
  BufferRef page = frame.buffer;
  for (std::uint32_t covered = 0; covered < frame.size_bytes; covered += abi::XEN_PAGE_SIZE) {
    FUZZ_CHECK(driver_->arena.is_allocated(page) && owners_[page] == PageOwner::kNobody);
    owners_[page] = owner;
    page = buffers_.next(page);
  }
  FUZZ_CHECK(page == kNoBuffer);
}

void Machine::disown(const Frame& frame, PageOwner owner) {
  BufferRef page = frame.buffer;
  for (std::uint32_t covered = 0; covered < frame.size_bytes; covered += abi::XEN_PAGE_SIZE) {
    FUZZ_CHECK(driver_->arena.is_allocated(page) && owners_[page] == owner);
    owners_[page] = PageOwner::kNobody;
    page = buffers_.next(page);
  }
}

void Machine::take_pages(std::uint32_t left) {
  while (free_pages() > left) taken_.push_back(driver_->arena.allocate().value());
}

void Machine::give_back() {
  for (; !taken_.empty(); taken_.pop_back()) driver_->arena.free(taken_.back());
}

void Machine::check_untouched() const {
  for (std::uint32_t page = 0; page < kDriverPages; ++page)
    if (owners_[page] == PageOwner::kNeighbour) FUZZ_CHECK(is_all(driver_->arena.page(page), kCanaryByte));
  FUZZ_CHECK(is_all(bystander_->arena.memory(), kBystanderByte));
  FUZZ_CHECK(bystander_->grants.pins() == 0 && driver_->grants.pins() == 0);
}

}  // namespace ringback::fuzz
