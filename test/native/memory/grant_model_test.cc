// A million random operations on hostile entries, against the rules written down once more, plainly.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/random.h"
#include "native/memory/memory_fixture.h"

using namespace ringback;
using namespace ringback::abi;
using namespace ringback::test;

namespace {

constexpr std::array<domid_t, 3> kDomids = {0, 1, 5};
constexpr domid_t kCaller = 1;
constexpr std::uint32_t kPages = 3;
constexpr std::uint32_t kEntries = 10;

struct ModelPin {
  domid_t domid = 0;
  std::uint32_t frame = 0;
  int readers = 0;
  int writers = 0;
};

struct ModelDomain {
  std::array<grant_entry_v1, kEntries> entries{};
  std::array<ModelPin, kEntries> pins{};
  std::vector<std::byte> memory = std::vector<std::byte>(kPages * kPageBytes);
};

class Model {
 public:
  std::map<domid_t, ModelDomain> domains;

  static std::int16_t pin(ModelDomain& domain, grant_ref_t ref, domid_t domid, bool write, std::uint32_t& frame) {
    if (ref >= kEntries) return GNTST_bad_gntref;
    grant_entry_v1& entry = domain.entries[ref];
    ModelPin& pin = domain.pins[ref];
    const bool first = pin.readers + pin.writers == 0;
    if (!first && pin.domid != domid) return GNTST_general_error;
    if (!first && (pin.readers >= 128 || pin.writers >= 128)) return GNTST_general_error;
    if (first && ((entry.flags & 3) != 1 || entry.domid != domid)) return GNTST_general_error;
    if (write && pin.writers == 0 && (entry.flags & GTF_readonly)) return GNTST_general_error;
    if (first && entry.frame >= kPages) return GNTST_bad_page;
    if (first) pin = {domid, entry.frame, 0, 0};
    if (first || (write && pin.writers == 0)) entry.flags = static_cast<std::uint16_t>(entry.flags | GTF_reading);
    if (write && pin.writers == 0) entry.flags = static_cast<std::uint16_t>(entry.flags | GTF_writing);
    ++(write ? pin.writers : pin.readers);
    frame = pin.frame;
    return GNTST_okay;
  }

  static void unpin(ModelDomain& domain, grant_ref_t ref, bool write) {
    ModelPin& pin = domain.pins[ref];
    grant_entry_v1& entry = domain.entries[ref];
    --(write ? pin.writers : pin.readers);
    if (write && pin.writers == 0) entry.flags = static_cast<std::uint16_t>(entry.flags & ~GTF_writing);
    if (pin.readers + pin.writers == 0) entry.flags = static_cast<std::uint16_t>(entry.flags & ~GTF_reading);
  }

  std::int16_t copy(const gnttab_copy& one) {
    if (one.len == 0) return GNTST_okay;
    const bool source_ref = one.flags & 1;
    const bool dest_ref = one.flags & 2;
    ModelDomain* source = nullptr;
    ModelDomain* dest = nullptr;
    std::int16_t status = find(one.source.domid, source_ref, source);
    if (status == GNTST_okay) status = find(one.dest.domid, dest_ref, dest);
    if (status != GNTST_okay) return status;
    std::uint32_t source_frame = 0;
    std::uint32_t dest_frame = 0;
    status = claim(*source, one.source, source_ref, false, source_frame);
    if (status != GNTST_okay) return status;
    status = claim(*dest, one.dest, dest_ref, true, dest_frame);
    if (status == GNTST_okay) {
      if (one.source.offset + one.len > 4096 || one.dest.offset + one.len > 4096)
        status = GNTST_bad_copy_arg;
      else
        move(*source, source_frame * kPageBytes + one.source.offset, *dest, dest_frame * kPageBytes + one.dest.offset,
             one.len);
      if (dest_ref) unpin(*dest, one.dest.u.ref, true);
    }
    if (source_ref) unpin(*source, one.source.u.ref, false);
    return status;
  }

 private:
  std::int16_t find(domid_t domid, bool by_ref, ModelDomain*& found) {
    if (!by_ref && domid != DOMID_SELF) return GNTST_permission_denied;
    const auto at = domains.find(domid == DOMID_SELF ? kCaller : domid);
    if (at == domains.end()) return GNTST_bad_domain;
    found = &at->second;
    return GNTST_okay;
  }
  static std::int16_t claim(ModelDomain& domain, const gnttab_copy_ptr& pointer, bool by_ref, bool write,
                            std::uint32_t& frame) {
    if (by_ref) return pin(domain, pointer.u.ref, kCaller, write, frame);
    if (pointer.u.gmfn >= kPages) return GNTST_bad_page;
    frame = static_cast<std::uint32_t>(pointer.u.gmfn);
    return GNTST_okay;
  }
  static void move(const ModelDomain& source, std::size_t from, ModelDomain& dest, std::size_t to, std::size_t bytes) {
    const std::vector<std::byte> piece(source.memory.begin() + static_cast<std::ptrdiff_t>(from),
                                       source.memory.begin() + static_cast<std::ptrdiff_t>(from + bytes));
    std::ranges::copy(piece, dest.memory.begin() + static_cast<std::ptrdiff_t>(to));
  }
};

struct HeldPin {
  domid_t domain;
  grant_ref_t ref;
  bool write;
};

// The real thing and the model, driven by the same choices.
class Duel {
 public:
  Duel(std::uint64_t seed, Sharing sharing) : random_(seed) {
    for (const domid_t domid : kDomids) {
      const auto domain = make_domain(domid, kPages, kEntries, sharing);
      for (std::uint32_t frame = 0; frame < kPages; ++frame) fill_page(*domain, frame);
      std::ranges::copy(domain->arena.memory(), model_.domains[domid].memory.begin());
      REQUIRE(table_.add(domain));
    }
  }

  void step() {
    const std::uint64_t choice = random_.below(16);
    if (choice == 0) return rewrite_entry();
    if (choice == 1 && held_.size() < 600) return hold_pin();
    if (choice == 2) return drop_pin();
    copy_batch();
  }

  void finish() {
    while (!held_.empty()) drop_pin();
    for (const domid_t domid : kDomids) CHECK(table_.find(domid)->grants.pins() == 0);
    compare();
  }

  void compare() {
    for (const domid_t domid : kDomids) {
      const Domain& domain = *table_.find(domid);
      const ModelDomain& wanted = model_.domains[domid];
      REQUIRE(std::ranges::equal(domain.arena.memory(), wanted.memory));
      for (grant_ref_t ref = 0; ref < kEntries; ++ref) {
        REQUIRE(domain.grants.load(ref).flags == wanted.entries[ref].flags);
        REQUIRE(domain.grants.load(ref).frame == wanted.entries[ref].frame);
      }
    }
  }

  std::map<std::int16_t, std::uint64_t> statuses;

 private:
  template <class T>
  T pick(std::initializer_list<T> of) {
    return of.begin()[random_.below(of.size())];
  }
  domid_t pick_domain() { return kDomids[random_.below(kDomids.size())]; }

  void rewrite_entry() {
    const domid_t domid = pick_domain();
    const auto ref = static_cast<grant_ref_t>(random_.below(kEntries));
    // Mostly sound, so that much gets through.
    const auto flags =
        pick<std::uint16_t>({1, 1, 1, 1, 1, 5, 0, 2, 3, 257, 25, static_cast<std::uint16_t>(random_.next())});
    const grant_entry_v1 entry{flags, pick<domid_t>({kCaller, kCaller, kCaller, kCaller, 5, DOMID_SELF}),
                               pick<std::uint32_t>({0, 1, 2, 0, 1, 2, 3, 0xffffffff})};
    table_.find(domid)->grants.store(ref, entry);
    model_.domains[domid].entries[ref] = entry;
  }

  void hold_pin() {
    const HeldPin pin{pick_domain(), static_cast<grant_ref_t>(random_.below(kEntries + 1)), random_.below(2) == 1};
    const domid_t by = pick<domid_t>({kCaller, kCaller, 5});
    std::uint32_t frame = 0;
    const std::int16_t wanted = Model::pin(model_.domains[pin.domain], pin.ref, by, pin.write, frame);
    const Pin real =
        table_.find(pin.domain)->grants.pin(pin.ref, by, pin.write ? Access::kWrite : Access::kRead, kPages);
    REQUIRE(real.status == wanted);
    if (wanted != GNTST_okay) return;
    REQUIRE(real.frame == frame);
    held_.push_back(pin);
  }

  void drop_pin() {
    if (held_.empty()) return;
    const std::size_t at = random_.below(held_.size());
    const HeldPin pin = held_[at];
    held_[at] = held_.back();
    held_.pop_back();
    table_.find(pin.domain)->grants.unpin(pin.ref, pin.write ? Access::kWrite : Access::kRead);
    Model::unpin(model_.domains[pin.domain], pin.ref, pin.write);
  }

  gnttab_copy_ptr pick_side(bool by_ref) {
    const auto offset = pick<std::uint16_t>({0, 0, 0, 14, 4095, 4096, static_cast<std::uint16_t>(random_.next())});
    if (by_ref)
      return by_reference(pick<domid_t>({0, 1, 5, 5, 5, DOMID_SELF, 9, 0xffff}),
                          static_cast<grant_ref_t>(random_.below(kEntries + 1)), offset);
    return by_frame(pick<xen_pfn_t>({0, 1, 2, 2, 3, 1ull << 32}), offset,
                    pick<domid_t>({DOMID_SELF, DOMID_SELF, DOMID_SELF, DOMID_SELF, 1, 9}));
  }

  void copy_batch() {
    std::array<gnttab_copy, 4> batch;
    const std::size_t count = 1 + random_.below(batch.size());
    for (std::size_t i = 0; i < count; ++i) {
      const auto flags = static_cast<std::uint16_t>(random_.below(4));
      const auto bytes =
          pick<std::uint16_t>({0, 1, 64, 64, 128, 4082, 4096, static_cast<std::uint16_t>(random_.next())});
      batch[i] = operation(pick_side(flags & 1), pick_side(flags & 2), bytes, flags);
      batch[i].status = 99;
    }
    grant_copy(table_, kCaller, {batch.data(), count}, Payload::kCopy);
    for (std::size_t i = 0; i < count; ++i) {
      const std::int16_t wanted = model_.copy(batch[i]);
      REQUIRE(batch[i].status == wanted);
      ++statuses[wanted];
    }
  }

  Random random_;
  DomainTable table_;
  Model model_;
  std::vector<HeldPin> held_;
};

}  // namespace

TEST_CASE("a million random operations give the model's statuses and bytes, and every pin is released") {
  for (const Sharing sharing : {Sharing::kOneThread, Sharing::kManyThreads}) {
    Duel duel(20260 + static_cast<std::uint64_t>(sharing), sharing);
    for (int step = 0; step < 500'000; ++step) {
      duel.step();
      if (step % 5000 == 0) duel.compare();
    }
    duel.finish();
    // A run that never meets a status proves nothing about it.
    for (const int status : {0, -1, -2, -3, -8, -9, -10}) {
      INFO(status);
      CHECK(duel.statuses[static_cast<std::int16_t>(status)] > 10'000);
    }
  }
}
