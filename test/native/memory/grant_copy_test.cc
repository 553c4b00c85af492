// GNTTABOP_copy's checks by their numbers: each fails alone, and takes precedence over those after it.
#include "memory/grant_copy.h"

#include <doctest/doctest.h>

#include <functional>

#include "native/memory/memory_fixture.h"

using namespace ringback;
using namespace ringback::abi;
using namespace ringback::test;

namespace {

constexpr domid_t kGuest = Neighbours::kGuest;
constexpr domid_t kBack = Neighbours::kBack;
constexpr domid_t kNobody = Neighbours::kNobody;
constexpr grant_ref_t kNoRef = 16;
constexpr std::uint16_t kBeyond = 4096;

// Every test runs twice: with claims, and where grants may be looked at instead.
Sharing either_sharing() {
  Sharing sharing = Sharing::kManyThreads;
  SUBCASE("many threads") {}
  SUBCASE("one thread") { sharing = Sharing::kOneThread; }
  return sharing;
}

struct CopyFixture : Neighbours {
  CopyFixture() : Neighbours(either_sharing()) {}

  // Entries of the guest that each fail in one way, at reserved references.
  grant_ref_t entry(grant_ref_t ref, std::uint16_t flags, domid_t domid, std::uint32_t frame) const {
    guest->grants.store(ref, {flags, domid, frame});
    return ref;
  }
  bool released() const { return back->grants.pins() == 0 && guest->grants.pins() == 0; }

  grant_ref_t good = *guest->grants.grant_foreign_access(kBack, 1, false);
  grant_ref_t readonly = *guest->grants.grant_foreign_access(kBack, 2, true);
  grant_ref_t foreign = *guest->grants.grant_foreign_access(kNobody, 1, false);
  grant_ref_t bad_frame = *guest->grants.grant_foreign_access(kBack, 4, false);
};

}  // namespace

TEST_CASE_FIXTURE(CopyFixture, "grant copy check 1: no length is okay whatever else is wrong") {
  CHECK(copy(operation(by_frame(~0ull, 0xffff, kNobody), by_frame(~0ull, 0xffff, kNobody), 0, 0)) == GNTST_okay);
  CHECK(copy(operation(by_reference(kNobody, ~0u), by_reference(kNobody, ~0u), 0, 0xffff)) == GNTST_okay);
  CHECK(copy(operation(by_frame(99, 0, kNobody), by_frame(0), 1, 0)) == GNTST_permission_denied);
}

TEST_CASE_FIXTURE(CopyFixture, "grant copy check 2: only the caller's own frames go by number") {
  CHECK(copy(operation(by_frame(0, 0, kGuest), by_frame(1), 1, 0)) == GNTST_permission_denied);
  CHECK(copy(operation(by_frame(0), by_frame(1, 0, kGuest), 1, 0)) == GNTST_permission_denied);
  CHECK(copy(operation(by_frame(0, 0, kBack), by_frame(1), 1, 0)) == GNTST_permission_denied);
  // before 3, 4 and 5
  CHECK(copy(operation(by_frame(99, kBeyond, kNobody), by_frame(1), 1, 0)) == GNTST_permission_denied);
  CHECK(copy(from_grant(by_reference(kGuest, kNoRef), by_frame(99, kBeyond, kNobody), 1)) == GNTST_permission_denied);
}

TEST_CASE_FIXTURE(CopyFixture, "grant copy check 3: a domain that does not exist") {
  CHECK(copy(from_grant(by_reference(kNobody, good), by_frame(0), 1)) == GNTST_bad_domain);
  CHECK(copy(to_grant(by_frame(0), by_reference(0xffff, good), 1)) == GNTST_bad_domain);
  CHECK(copy(to_grant(by_frame(0), by_reference(0x7ff1, good), 1)) == GNTST_bad_domain);
  // before 4 and 5
  CHECK(copy(from_grant(by_reference(kNobody, kNoRef, kBeyond), by_frame(99), 1)) == GNTST_bad_domain);
  CHECK(copy(grant_to_grant(by_reference(kGuest, kNoRef), by_reference(kNobody, 0), 1)) == GNTST_bad_domain);
  // Xen asks both questions about the source before it asks about the destination.
  CHECK(copy(from_grant(by_reference(kNobody, 0), by_frame(0, 0, kGuest), 1)) == GNTST_bad_domain);
}

TEST_CASE_FIXTURE(CopyFixture, "grant copy check 4: claims of the source") {
  CHECK(copy(from_grant(by_reference(kGuest, kNoRef), by_frame(0), 1)) == GNTST_bad_gntref);
  CHECK(copy(from_grant(by_reference(kGuest, ~0u), by_frame(0), 1)) == GNTST_bad_gntref);
  CHECK(copy(from_grant(by_reference(kGuest, foreign), by_frame(0), 1)) == GNTST_general_error);
  CHECK(copy(from_grant(by_reference(kGuest, bad_frame), by_frame(0), 1)) == GNTST_bad_page);
  CHECK(copy(operation(by_frame(4), by_frame(0), 1, 0)) == GNTST_bad_page);
  CHECK(copy(operation(by_frame(0x100000001ull), by_frame(0), 1, 0)) == GNTST_bad_page);
  for (const std::uint16_t type : {GTF_invalid, GTF_accept_transfer, GTF_transitive})
    CHECK(copy(from_grant(by_reference(kGuest, entry(3, type, kBack, 1)), by_frame(0), 1)) == GNTST_general_error);
  // The entry is judged before its frame is.
  CHECK(copy(from_grant(by_reference(kGuest, entry(3, 0, kBack, 99)), by_frame(0), 1)) == GNTST_general_error);
  CHECK(copy(from_grant(by_reference(kGuest, entry(3, 1, kGuest, 99)), by_frame(0), 1)) == GNTST_general_error);
  // before the destination's claim and 5
  CHECK(copy(grant_to_grant(by_reference(kGuest, kNoRef), by_reference(kGuest, foreign), 1)) == GNTST_bad_gntref);
  CHECK(copy(from_grant(by_reference(kGuest, foreign, kBeyond), by_frame(99), 1)) == GNTST_general_error);
  CHECK(copy(operation(by_frame(4, kBeyond), by_frame(0), 1, 0)) == GNTST_bad_page);
  CHECK(released());
}

TEST_CASE_FIXTURE(CopyFixture, "grant copy check 4: claims of the destination") {
  CHECK(copy(to_grant(by_frame(0), by_reference(kGuest, kNoRef), 1)) == GNTST_bad_gntref);
  CHECK(copy(to_grant(by_frame(0), by_reference(kGuest, foreign), 1)) == GNTST_general_error);
  CHECK(copy(to_grant(by_frame(0), by_reference(kGuest, readonly), 1)) == GNTST_general_error);
  CHECK(copy(to_grant(by_frame(0), by_reference(kGuest, bad_frame), 1)) == GNTST_bad_page);
  CHECK(copy(operation(by_frame(0), by_frame(4), 1, 0)) == GNTST_bad_page);
  CHECK(copy(from_grant(by_reference(kGuest, readonly), by_frame(0), 1)) == GNTST_okay);
  // readonly before the frame, and everything before 5
  const grant_ref_t both = entry(3, GTF_permit_access | GTF_readonly, kBack, 99);
  CHECK(copy(to_grant(by_frame(0), by_reference(kGuest, both), 1)) == GNTST_general_error);
  CHECK(copy(to_grant(by_frame(0, kBeyond), by_reference(kGuest, readonly, kBeyond), 1)) == GNTST_general_error);
  CHECK(copy(from_grant(by_reference(kGuest, good, kBeyond), by_frame(4), 1)) == GNTST_bad_page);
  CHECK(released());
}

TEST_CASE_FIXTURE(CopyFixture, "grant copy check 4: pinned for another domain") {
  guest->grants.store(3, {GTF_permit_access, kNobody, 1});
  REQUIRE(guest->grants.pin(3, kNobody, Access::kRead, 4).status == GNTST_okay);
  guest->grants.store(3, {GTF_permit_access, kBack, 1});
  CHECK(copy(from_grant(by_reference(kGuest, 3), by_frame(0), 1)) == GNTST_general_error);
  guest->grants.unpin(3, Access::kRead);
  CHECK(copy(from_grant(by_reference(kGuest, 3), by_frame(0), 1)) == GNTST_okay);
}

TEST_CASE_FIXTURE(CopyFixture, "grant copy check 5: a copy ends with its page, on both sides") {
  const auto source = [&](std::uint16_t offset, std::uint16_t bytes) {
    return copy(from_grant(by_reference(kGuest, good, offset), by_frame(0), bytes));
  };
  const auto dest = [&](std::uint16_t offset, std::uint16_t bytes) {
    return copy(to_grant(by_frame(0), by_reference(kGuest, good, offset), bytes));
  };
  for (const auto& side : {std::function<std::int16_t(std::uint16_t, std::uint16_t)>(source), {dest}}) {
    CHECK(side(0, 4096) == GNTST_okay);
    CHECK(side(4095, 1) == GNTST_okay);
    CHECK(side(1, 4095) == GNTST_okay);
    CHECK(side(0, 4097) == GNTST_bad_copy_arg);
    CHECK(side(1, 4096) == GNTST_bad_copy_arg);
    CHECK(side(4096, 1) == GNTST_bad_copy_arg);
    CHECK(side(0xffff, 1) == GNTST_bad_copy_arg);
    CHECK(side(0xffff, 0xffff) == GNTST_bad_copy_arg);
    CHECK(side(4096, 0) == GNTST_okay);
  }
  CHECK(guest->grants.load(good).flags == GTF_permit_access);
  CHECK(released());
}

TEST_CASE_FIXTURE(CopyFixture, "grant copy check 6: the bytes arrive, their neighbours stay") {
  CHECK(copy(from_grant(by_reference(kGuest, good, 100), by_frame(3, 7), 1500)) == GNTST_okay);
  CHECK(same_bytes(*guest, 1, 100, *back, 3, 7, 1500));
  Neighbours before;
  CHECK(same_bytes(*before.back, 3, 0, *back, 3, 0, 7));
  CHECK(same_bytes(*before.back, 3, 1507, *back, 3, 1507, 4096 - 1507));
  CHECK(copy(to_grant(by_frame(0, 1), by_reference(kGuest, good, 2), 4094)) == GNTST_okay);
  CHECK(same_bytes(*guest, 1, 2, *back, 0, 1, 4094));
  CHECK(same_bytes(*before.guest, 1, 0, *guest, 1, 0, 2));
}

TEST_CASE_FIXTURE(CopyFixture, "a failed copy moves nothing, and Payload::kNone never does") {
  Neighbours before;
  CHECK(copy(from_grant(by_reference(kGuest, good, 1), by_frame(3), 4096)) == GNTST_bad_copy_arg);
  CHECK(copy(from_grant(by_reference(kGuest, good), by_frame(3), 4096), Payload::kNone) == GNTST_okay);
  CHECK(copy(from_grant(by_reference(kGuest, foreign), by_frame(3), 1), Payload::kNone) == GNTST_general_error);
  CHECK(copy(from_grant(by_reference(kGuest, good, 1), by_frame(3), 4096), Payload::kNone) == GNTST_bad_copy_arg);
  CHECK(same_bytes(*before.back, 3, 0, *back, 3, 0, 4096));
  CHECK(released());
}

TEST_CASE_FIXTURE(CopyFixture, "source and destination may overlap, in one page and through two grants of it") {
  Neighbours before;
  CHECK(copy(operation(by_frame(2, 0), by_frame(2, 10), 4000, 0)) == GNTST_okay);
  CHECK(same_bytes(*before.back, 2, 0, *back, 2, 10, 4000));
  const grant_ref_t again = *guest->grants.grant_foreign_access(kBack, 1, false);
  CHECK(copy(grant_to_grant(by_reference(kGuest, good, 10), by_reference(kGuest, again, 0), 4000)) == GNTST_okay);
  CHECK(same_bytes(*before.guest, 1, 10, *guest, 1, 0, 4000));
  fill_page(*guest, 1);
  CHECK(copy(grant_to_grant(by_reference(kGuest, good, 0), by_reference(kGuest, good, 64), 4000)) == GNTST_okay);
  CHECK(same_bytes(*before.guest, 1, 0, *guest, 1, 64, 4000));
  CHECK(guest->grants.load(good).flags == GTF_permit_access);
  CHECK(released());
}

TEST_CASE_FIXTURE(CopyFixture, "a domain may copy through a grant to itself, by id and as DOMID_SELF") {
  const grant_ref_t own = *back->grants.grant_foreign_access(kBack, 1, false);
  const grant_ref_t named = *back->grants.grant_foreign_access(DOMID_SELF, 1, false);
  CHECK(copy(from_grant(by_reference(kBack, own), by_frame(0), 64)) == GNTST_okay);
  CHECK(copy(from_grant(by_reference(DOMID_SELF, own), by_frame(0), 64)) == GNTST_okay);
  CHECK(same_bytes(*back, 0, 0, *back, 1, 0, 64));
  // In an entry DOMID_SELF is no domain's id.
  CHECK(copy(from_grant(by_reference(DOMID_SELF, named), by_frame(0), 64)) == GNTST_general_error);
}

TEST_CASE_FIXTURE(CopyFixture, "a batch goes on after each failure, and each operation has its own status") {
  gnttab_copy batch[] = {
      from_grant(by_reference(kGuest, good), by_frame(0), 64),
      operation(by_frame(0, 0, kGuest), by_frame(1), 1, 0),
      from_grant(by_reference(kNobody, good), by_frame(0), 64),
      from_grant(by_reference(kGuest, kNoRef), by_frame(0), 64),
      to_grant(by_frame(0), by_reference(kGuest, readonly), 64),
      from_grant(by_reference(kGuest, bad_frame), by_frame(0), 64),
      from_grant(by_reference(kGuest, good), by_frame(0), 4097),
      operation(by_frame(~0ull), by_frame(~0ull), 0, 0),
      from_grant(by_reference(kGuest, readonly), by_frame(3), 4096),
  };
  for (auto& one : batch) one.status = 99;
  LocalGrantCopier copier(table, kBack, Payload::kCopy);
  GrantCopier& any = copier;
  any.copy(batch);
  const std::int16_t wanted[] = {0, -8, -2, -3, -1, -9, -10, 0, 0};
  for (std::size_t i = 0; i < std::size(wanted); ++i) CHECK(batch[i].status == wanted[i]);
  CHECK(same_bytes(*guest, 2, 0, *back, 3, 0, 4096));
  CHECK(released());
}

TEST_CASE_FIXTURE(CopyFixture, "a batch is performed in order, with or without a failure in between") {
  const gnttab_copy in = from_grant(by_reference(kGuest, good), by_frame(0), 4096);
  const gnttab_copy within = operation(by_frame(0), by_frame(1), 4096, 0);
  const gnttab_copy wrong = from_grant(by_reference(kGuest, foreign), by_frame(0), 1);
  const gnttab_copy out = to_grant(by_frame(1), by_reference(kGuest, good, 2048), 2048);
  const gnttab_copy back_in = from_grant(by_reference(kGuest, good, 2048), by_frame(2), 2048);
  const Neighbours before;
  for (std::vector<gnttab_copy> batch :
       {std::vector{in, within, out, back_in}, std::vector{in, wrong, within, wrong, out, wrong, back_in}}) {
    for (const std::uint32_t frame : {0u, 1u, 2u}) fill_page(*back, frame);
    fill_page(*guest, 1);
    grant_copy(table, kBack, batch, Payload::kCopy);
    CHECK(same_bytes(*before.guest, 1, 0, *back, 1, 0, 4096));
    CHECK(same_bytes(*before.guest, 1, 0, *guest, 1, 2048, 2048));
    CHECK(same_bytes(*before.guest, 1, 0, *back, 2, 0, 2048));
  }
}

TEST_CASE_FIXTURE(CopyFixture, "a batch may be longer than what is looked at together") {
  std::vector<gnttab_copy> batch(200, from_grant(by_reference(kGuest, good), by_frame(0), 1));
  for (std::uint16_t i = 0; i < batch.size(); ++i) batch[i].source.offset = batch[i].dest.offset = i;
  for (gnttab_copy& copy : batch) copy.status = 99;
  grant_copy(table, kBack, batch, Payload::kCopy);
  for (const gnttab_copy& copy : batch) CHECK(copy.status == GNTST_okay);
  CHECK(same_bytes(*guest, 1, 0, *back, 0, 0, 200));
}

TEST_CASE_FIXTURE(CopyFixture, "a pin's flags that a domain has set itself are gone after a copy, as after a claim") {
  for (const std::uint16_t flag : {GTF_reading, GTF_writing}) {
    entry(3, static_cast<std::uint16_t>(GTF_permit_access | flag), kBack, 1);
    CHECK(copy(to_grant(by_frame(0), by_reference(kGuest, 3), 16)) == GNTST_okay);
    CHECK(guest->grants.load(3).flags == GTF_permit_access);
  }
}

TEST_CASE_FIXTURE(CopyFixture, "what a domain writes to an entry counts from the next operation on") {
  const gnttab_copy one = from_grant(by_reference(kGuest, good), by_frame(0), 16);
  CHECK(copy(one) == GNTST_okay);
  guest->grants.store(good, {GTF_permit_access, kBack, 3});
  CHECK(copy(one) == GNTST_okay);
  CHECK(same_bytes(*guest, 3, 0, *back, 0, 0, 16));
  guest->grants.store(good, {GTF_permit_access, kBack, 0xffffffff});
  CHECK(copy(one) == GNTST_bad_page);
  guest->grants.store(good, {GTF_permit_access, kBack, 1});
  CHECK(guest->grants.try_end_foreign_access(good));
  CHECK(copy(one) == GNTST_general_error);
}

TEST_CASE_FIXTURE(CopyFixture, "a grant cannot be taken back while it is pinned") {
  REQUIRE(guest->grants.pin(good, kBack, Access::kRead, 4).status == GNTST_okay);
  CHECK(copy(to_grant(by_frame(0), by_reference(kGuest, good), 16)) == GNTST_okay);
  CHECK_FALSE(guest->grants.try_end_foreign_access(good));
  guest->grants.unpin(good, Access::kRead);
  CHECK(guest->grants.try_end_foreign_access(good));
}

TEST_CASE("a table finds domains by id and refuses the reserved and the taken") {
  DomainTable table;
  CHECK(table.add(make_domain(0)));
  CHECK(table.add(make_domain(0x7fef)));
  CHECK_FALSE(table.add(make_domain(0)));
  CHECK_FALSE(table.add(make_domain(DOMID_SELF)));
  CHECK_FALSE(table.add(make_domain(0xffff)));
  CHECK(table.find(0x7fef)->domid == 0x7fef);
  CHECK(table.find(DOMID_SELF) == nullptr);
  CHECK(table.find(DOMID_SELF, 0) == table.find(0));
  const auto kept = table.share(0);
  CHECK(table.remove(0));
  CHECK_FALSE(table.remove(0));
  CHECK(table.find(0) == nullptr);
  CHECK(kept->arena.pages() == 4);
  CHECK(table.add(make_domain(0)));
}

TEST_CASE("a caller that does not exist can copy nothing") {
  Neighbours world;
  gnttab_copy one = operation(by_frame(0), by_frame(1), 1, 0);
  grant_copy(world.table, Neighbours::kNobody, {&one, 1}, Payload::kCopy);
  CHECK(one.status == GNTST_bad_domain);
}
