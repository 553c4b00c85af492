#include "memory/grant_table.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

using namespace ringback;
using namespace ringback::abi;

namespace {

constexpr domid_t kPeer = 7;
constexpr std::uint32_t kFrames = 4;

std::uint16_t flags(const GrantTable& table, grant_ref_t ref) { return table.load(ref).flags; }

constexpr std::uint16_t kPermit = GTF_permit_access;
constexpr std::uint16_t kRead = GTF_permit_access | GTF_reading;
constexpr std::uint16_t kWritten = GTF_permit_access | GTF_reading | GTF_writing;

}  // namespace

TEST_CASE("a grant is published in Xen's layout") {
  alignas(8) std::byte memory[16 * sizeof(grant_entry_v1)];
  std::memset(memory, 0xff, sizeof memory);
  GrantTable table{std::span<std::byte>(memory), Sharing::kManyThreads};
  CHECK(table.load(15).flags == GTF_invalid);
  const auto ref = table.grant_foreign_access(0x1234, 0x89abcdef, true);
  REQUIRE(ref == GNTTAB_NR_RESERVED_ENTRIES);
  const std::uint8_t wanted[] = {5, 0, 0x34, 0x12, 0xef, 0xcd, 0xab, 0x89};
  CHECK(std::memcmp(memory + *ref * sizeof(grant_entry_v1), wanted, sizeof wanted) == 0);
}

TEST_CASE("references run out, are freed, and never are the toolstack's") {
  GrantTable table(12, Sharing::kManyThreads);
  for (grant_ref_t wanted = 8; wanted < 12; ++wanted) CHECK(table.grant_foreign_access(kPeer, 0, false) == wanted);
  CHECK_FALSE(table.grant_foreign_access(kPeer, 0, false).has_value());
  CHECK(table.in_use() == 4);
  CHECK(table.try_end_foreign_access(9));
  CHECK_FALSE(table.is_granted(9));
  CHECK(table.in_use() == 3);
  CHECK(table.grant_foreign_access(kPeer, 0, false) == 9u);
  CHECK_FALSE(table.is_granted(3));
  CHECK_FALSE(table.is_granted(12));
  CHECK_FALSE(GrantTable(8, Sharing::kOneThread).grant_foreign_access(kPeer, 0, false).has_value());
}

TEST_CASE("reading and writing are set while pinned and cleared by the last release") {
  for (const Sharing sharing : {Sharing::kOneThread, Sharing::kManyThreads}) {
    GrantTable table(12, sharing);
    const grant_ref_t ref = *table.grant_foreign_access(kPeer, 2, false);
    CHECK(table.pin(ref, kPeer, Access::kRead, kFrames).frame == 2);
    CHECK(flags(table, ref) == kRead);
    CHECK(table.pin(ref, kPeer, Access::kWrite, kFrames).frame == 2);
    CHECK(flags(table, ref) == kWritten);
    CHECK(table.pin(ref, kPeer, Access::kWrite, kFrames).status == GNTST_okay);
    CHECK(table.pins() == 3);
    table.unpin(ref, Access::kWrite);
    CHECK(flags(table, ref) == kWritten);
    table.unpin(ref, Access::kWrite);
    CHECK(flags(table, ref) == kRead);
    CHECK_FALSE(table.try_end_foreign_access(ref));
    table.unpin(ref, Access::kRead);
    CHECK(flags(table, ref) == kPermit);
    CHECK(table.pins() == 0);
    CHECK(table.try_end_foreign_access(ref));
    CHECK(flags(table, ref) == GTF_invalid);
  }
}

TEST_CASE("a look finds what a pin would, and leaves the entry alone") {
  GrantTable table(12, Sharing::kOneThread);
  const grant_ref_t ref = *table.grant_foreign_access(kPeer, 2, false);
  const grant_ref_t readonly = *table.grant_foreign_access(kPeer, 3, true);
  CHECK(table.look(ref, kPeer, Access::kRead, kFrames) == 2);
  CHECK(table.look(ref, kPeer, Access::kWrite, kFrames) == 2);
  CHECK(table.look(readonly, kPeer, Access::kRead, kFrames) == 3);
  CHECK(flags(table, ref) == kPermit);
  CHECK(table.pins() == 0);
  CHECK(table.look(readonly, kPeer, Access::kWrite, kFrames) == GrantTable::kNoFrame);
  CHECK(table.look(ref, kPeer + 1, Access::kRead, kFrames) == GrantTable::kNoFrame);
  CHECK(table.look(readonly, kPeer, Access::kRead, 3) == GrantTable::kNoFrame);
  CHECK(table.look(12, kPeer, Access::kRead, kFrames) == GrantTable::kNoFrame);
  for (const std::uint16_t flag : {GTF_invalid, GTF_accept_transfer, GTF_transitive, kRead, kWritten}) {
    table.store(4, {flag, kPeer, 1});
    CHECK(table.look(4, kPeer, Access::kRead, kFrames) == GrantTable::kNoFrame);
  }
}

TEST_CASE("nobody looks where a claim would show: threads, borrowed entries, and while something is pinned") {
  alignas(8) std::byte memory[16 * sizeof(grant_entry_v1)];
  GrantTable shared(12, Sharing::kManyThreads);
  GrantTable borrowed{std::span<std::byte>(memory), Sharing::kOneThread};
  for (GrantTable* table : {&shared, &borrowed}) {
    const grant_ref_t ref = *table->grant_foreign_access(kPeer, 2, false);
    CHECK(table->look(ref, kPeer, Access::kRead, kFrames) == GrantTable::kNoFrame);
  }
  GrantTable table(12, Sharing::kOneThread);
  const grant_ref_t ref = *table.grant_foreign_access(kPeer, 2, false);
  REQUIRE(table.pin(ref, kPeer, Access::kRead, kFrames).status == GNTST_okay);
  REQUIRE(table.pin(ref, kPeer, Access::kWrite, kFrames).status == GNTST_okay);
  table.unpin(ref, Access::kRead);
  table.store(ref, {kPermit, kPeer, 3});
  CHECK(table.look(ref, kPeer, Access::kRead, kFrames) == GrantTable::kNoFrame);
  table.unpin(ref, Access::kWrite);
  CHECK(table.look(ref, kPeer, Access::kRead, kFrames) == 3);
}

TEST_CASE("a reader that outlives no writer keeps reading set") {
  GrantTable table(12, Sharing::kManyThreads);
  const grant_ref_t ref = *table.grant_foreign_access(kPeer, 0, false);
  CHECK(table.pin(ref, kPeer, Access::kWrite, kFrames).status == GNTST_okay);
  CHECK(table.pin(ref, kPeer, Access::kRead, kFrames).status == GNTST_okay);
  table.unpin(ref, Access::kRead);
  CHECK(flags(table, ref) == kWritten);
  CHECK_FALSE(table.try_end_foreign_access(ref));
  table.unpin(ref, Access::kWrite);
  CHECK(flags(table, ref) == kPermit);
}

TEST_CASE("a pinned entry that is rewritten keeps its frame and its domain") {
  GrantTable table(12, Sharing::kManyThreads);
  const grant_ref_t ref = *table.grant_foreign_access(kPeer, 1, false);
  CHECK(table.pin(ref, kPeer, Access::kRead, kFrames).frame == 1);
  table.store(ref, {kPermit, 3, 2});
  CHECK(table.pin(ref, kPeer, Access::kRead, kFrames).frame == 1);
  CHECK(table.pin(ref, 3, Access::kRead, kFrames).status == GNTST_general_error);
  CHECK(table.pin(ref, kPeer, Access::kWrite, kFrames).frame == 1);
  table.unpin(ref, Access::kWrite);
  table.store(ref, {kPermit | GTF_readonly, kPeer, 2});
  CHECK(table.pin(ref, kPeer, Access::kWrite, kFrames).status == GNTST_general_error);
  table.unpin(ref, Access::kRead);
  table.unpin(ref, Access::kRead);
  CHECK(table.pin(ref, kPeer, Access::kRead, kFrames).frame == 2);
  table.unpin(ref, Access::kRead);
}

TEST_CASE("a count that is full refuses further pins") {
  GrantTable table(12, Sharing::kManyThreads);
  const grant_ref_t ref = *table.grant_foreign_access(kPeer, 1, false);
  for (const Access access : {Access::kRead, Access::kWrite}) {
    for (int i = 0; i < 128; ++i) REQUIRE(table.pin(ref, kPeer, access, kFrames).status == GNTST_okay);
    CHECK(table.pin(ref, kPeer, Access::kRead, kFrames).status == GNTST_general_error);
    CHECK(table.pin(ref, kPeer, Access::kWrite, kFrames).status == GNTST_general_error);
    CHECK(table.pins() == 128);
    for (int i = 0; i < 128; ++i) table.unpin(ref, access);
    CHECK(flags(table, ref) == kPermit);
  }
}

TEST_CASE("flags that say nothing about version 1 change nothing; types that are no access are refused") {
  GrantTable table(12, Sharing::kManyThreads);
  const auto pin = [&](std::uint16_t entry_flags) {
    table.store(2, {entry_flags, kPeer, 1});
    const Pin pinned = table.pin(2, kPeer, Access::kWrite, kFrames);
    if (pinned.status == GNTST_okay) table.unpin(2, Access::kWrite);
    return pinned.status;
  };
  CHECK(pin(GTF_permit_access) == GNTST_okay);
  CHECK(pin(GTF_permit_access | GTF_sub_page) == GNTST_okay);
  CHECK(pin(GTF_permit_access | GTF_reading | GTF_writing) == GNTST_okay);
  CHECK(pin(GTF_permit_access | GTF_readonly) == GNTST_general_error);
  CHECK(pin(GTF_invalid) == GNTST_general_error);
  CHECK(pin(GTF_accept_transfer) == GNTST_general_error);
  CHECK(pin(GTF_transitive) == GNTST_general_error);
  CHECK(table.load(2).flags == GTF_transitive);
}

TEST_CASE("a refused pin leaves no flag behind") {
  GrantTable table(12, Sharing::kManyThreads);
  const grant_ref_t beyond = *table.grant_foreign_access(kPeer, kFrames, false);
  CHECK(table.pin(beyond, kPeer, Access::kWrite, kFrames).status == GNTST_bad_page);
  CHECK(table.pin(beyond, kPeer + 1, Access::kWrite, kFrames).status == GNTST_general_error);
  CHECK(table.pin(12, kPeer, Access::kRead, kFrames).status == GNTST_bad_gntref);
  CHECK(table.pin(0xffffffff, kPeer, Access::kRead, kFrames).status == GNTST_bad_gntref);
  CHECK(flags(table, beyond) == kPermit);
  CHECK(table.pins() == 0);
}
