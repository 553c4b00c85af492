#include "vif/tx_back.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "base/random.h"
#include "native/vif/tx_rig.h"

using namespace ringback;
using Next = TxBack::Next;
using Slots = std::vector<abi::netif_tx_request>;

namespace {

constexpr std::uint16_t kMore = abi::XEN_NETTXF_more_data;
constexpr std::uint16_t kExtra = abi::XEN_NETTXF_extra_info;
constexpr std::int16_t kOkay = abi::XEN_NETIF_RSP_OKAY;
constexpr std::int16_t kError = abi::XEN_NETIF_RSP_ERROR;
constexpr std::int16_t kNull = abi::XEN_NETIF_RSP_NULL;

abi::netif_tx_request extra(std::uint8_t type, std::uint8_t last_byte = 0) {
  abi::netif_extra_info info{};
  info.type = type;
  info.u.gso.size = 1448;
  info.u.gso.type = abi::XEN_NETIF_GSO_TYPE_TCPV4;
  if (type != abi::XEN_NETIF_EXTRA_TYPE_GSO) info.u.mcast.addr[5] = last_byte;
  abi::netif_tx_request request{};
  std::memcpy(&request, &info, sizeof info);
  return request;
}

void check_responses(TxRig& rig, const std::vector<std::pair<std::uint16_t, std::int16_t>>& wanted) {
  const auto responses = rig.responses();
  REQUIRE(responses.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK(responses[i].id == wanted[i].first);
    CHECK(responses[i].status == wanted[i].second);
  }
}

// Disabled, carrier off, no response, nothing leaked.
void check_fatal(TxRig& rig, Fault fault) {
  CHECK(rig.back_end.poll(0).next == Next::kDisabled);
  CHECK(fault_name(rig.vif.fault) == fault_name(fault));
  CHECK(rig.responses().empty());
  CHECK(rig.back_end.poll(0).next == Next::kDisabled);
  rig.release_frames();
  CHECK(rig.driver_domain->arena.free_pages() == rig.driver_domain->arena.pages());
}

}  // namespace

TEST_CASE("an empty ring: nothing happens, and the guest will notify") {
  TxRig rig;
  const auto polled = rig.back_end.poll(0);
  CHECK(polled.next == Next::kIdle);
  CHECK_FALSE(polled.notify);
}

TEST_CASE("one slot becomes one frame with the guest's bytes") {
  TxRig rig;
  rig.push(Slots{rig.slot(3, 1500, 0, 100, 42)});
  const auto polled = rig.back_end.poll(0);
  CHECK(polled.next == Next::kIdle);
  CHECK(polled.notify);
  REQUIRE(rig.frames.size() == 1);
  std::vector<std::byte> wanted;
  rig.append_guest_bytes(wanted, 3, 100, 1500);
  CHECK(rig.bytes_of(rig.frames[0]) == wanted);
  CHECK(rig.frames[0].id == 42);
  check_responses(rig, {{42, kOkay}});
}

TEST_CASE("a frame of many slots at odd offsets is gathered without gaps") {
  TxRig rig;
  Slots slots;
  std::vector<std::byte> wanted;
  rig.append_guest_bytes(wanted, 0, 0, 3000);
  std::uint32_t total = 3000;
  for (std::uint16_t i = 1; i < 19; ++i) {
    const std::uint32_t size = 1000 + 97u * i;
    slots.push_back(rig.slot(i, size, i == 18 ? std::uint16_t{0} : kMore, 11u * i, i));
    rig.append_guest_bytes(wanted, i, 11u * i, size);
    total += size;
  }
  slots.insert(slots.begin(), rig.slot(0, total, kMore, 0, 0));
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  REQUIRE(rig.frames.size() == 1);
  CHECK(rig.bytes_of(rig.frames[0]) == wanted);
  CHECK(rig.responses().size() == 19);
}

TEST_CASE("check 1: a producer beyond the ring, or behind what was consumed, is fatal") {
  for (const std::uint32_t producer : {257u, 0x80000000u, 0xffffffffu}) {
    TxRig rig;
    abi::sring_header& header = *reinterpret_cast<abi::sring_header*>(rig.ring_bytes().data());
    header.req_prod = producer;
    check_fatal(rig, Fault::kRingOverflow);
  }
}

TEST_CASE("check 2: what waits for credit is on the ring, and is charged for what it is when it goes") {
  TxRig rig({.credit = {.bytes = 1000, .window_ns = 1000}});
  rig.push(Slots{rig.slot(0, 950, 0, 0, 1), rig.slot(0, 100, 0, 0, 2)});
  CHECK(rig.back_end.poll(0).next == Next::kWaitForCredit);
  CHECK(rig.frames.size() == 1);
  auto* slots = reinterpret_cast<abi::netif_tx_request*>(rig.ring_bytes().data() + 64);
  slots[1].size = 900;
  rig.vif.shaper.credit().on_timer();
  CHECK(rig.back_end.poll(1000).next == Next::kIdle);
  REQUIRE(rig.frames.size() == 2);
  CHECK(rig.frames[1].size_bytes == 900);
  CHECK(rig.vif.shaper.credit().remaining_bytes() == 50 + 1000 - 900);
}

TEST_CASE("check 3: credit is charged for malformed packets and for multicast control too") {
  TxRig rig({.credit = {.bytes = 1000, .window_ns = 1'000'000}});
  rig.push(
      Slots{rig.slot(0, 13, 0, 0, 1), rig.slot(0, 300, kExtra, 0, 2), extra(abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 9)});
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  CHECK(rig.vif.shaper.credit().remaining_bytes() == 987);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  CHECK(rig.vif.shaper.credit().remaining_bytes() == 687);
}

TEST_CASE("check 3: a packet without credit waits on the ring and goes whole at the timer") {
  TxRig rig({.credit = {.bytes = 1000, .window_ns = 1'000'000}});
  rig.push(Slots{rig.slot(0, 900, 0, 0, 1), rig.slot(0, 900, 0, 0, 2), rig.slot(0, 60, 0, 0, 3)});
  CHECK(rig.back_end.poll(0).next == Next::kWaitForCredit);
  CHECK(rig.frames.size() == 1);
  CHECK(rig.back_end.poll(10).next == Next::kWaitForCredit);
  CHECK(rig.frames.size() == 1);
  rig.vif.shaper.credit().on_timer();
  CHECK(rig.back_end.poll(1'000'000).next == Next::kIdle);
  CHECK(rig.frames.size() == 3);
  check_responses(rig, {{1, kOkay}, {2, kOkay}, {3, kOkay}});
}

TEST_CASE("check 4: extras missing or unknown are fatal") {
  TxRig missing;
  missing.push(Slots{missing.slot(0, 100, kExtra)});
  check_fatal(missing, Fault::kMissingExtra);
  TxRig unknown;
  unknown.push(Slots{unknown.slot(0, 100, kExtra), extra(0)});
  check_fatal(unknown, Fault::kUnknownExtra);
}

TEST_CASE("check 4: extras are answered with NULL right after the first slot") {
  TxRig rig;
  rig.push(
      Slots{rig.slot(0, 3000, kExtra | kMore, 0, 7), extra(abi::XEN_NETIF_EXTRA_TYPE_GSO), rig.slot(1, 1000, 0, 0, 8)});
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  check_responses(rig, {{7, kOkay}, {0, kNull}, {8, kOkay}});
  REQUIRE(rig.frames.size() == 1);
  CHECK(rig.frames[0].gso_size_bytes == 1448);
}

TEST_CASE("check 5: 64 multicast addresses, then ERROR; removing makes room") {
  TxRig rig;
  const auto control = [&](std::uint8_t type, std::uint8_t address) {
    rig.push(Slots{rig.slot(0, 0, kExtra, 0, address), extra(type, address)});
    CHECK(rig.back_end.poll(0).next == Next::kIdle);
    const auto responses = rig.responses();
    REQUIRE(responses.size() == 2);
    CHECK(responses[1].status == kNull);
    return responses[0].status;
  };
  for (std::uint8_t i = 0; i < 64; ++i) CHECK(control(abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD, i) == kOkay);
  CHECK(control(abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 64) == kError);
  CHECK(control(abi::XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 99) == kOkay);
  CHECK(control(abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 64) == kError);
  CHECK(control(abi::XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 3) == kOkay);
  CHECK(control(abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 64) == kOkay);
}

TEST_CASE("check 6: too many slots are answered with ERROR on every slot, and the ring is looked at again") {
  TxRig rig;
  Slots slots{rig.slot(0, 14 + 19 * 10, kMore, 0, 0)};
  for (std::uint16_t i = 1; i < 20; ++i) slots.push_back(rig.slot(0, 10, i == 19 ? std::uint16_t{0} : kMore, 0, i));
  slots.push_back(rig.slot(0, 60, 0, 0, 50));
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  std::vector<std::pair<std::uint16_t, std::int16_t>> wanted;
  for (std::uint16_t i = 0; i < 20; ++i) wanted.emplace_back(i, kError);
  check_responses(rig, wanted);
  CHECK(rig.drops.size() == 1);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  check_responses(rig, {{50, kOkay}});
}

TEST_CASE("check 6: an error ends the poll, and the ring is looked at again even when it seems empty") {
  TxRig rig;
  rig.push(Slots{rig.slot(0, 13, 0, 0, 1)});
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
}

TEST_CASE("fatal: nothing that comes after it is looked at") {
  TxRig rig;
  rig.push(Slots{rig.slot(0, 100, 0, 4000, 1), rig.slot(0, 100, 0, 0, 2)});
  CHECK(rig.back_end.poll(0).next == Next::kDisabled);
  rig.push(Slots{rig.slot(0, 100, 0, 0, 3)});
  rig.vif.shaper = CreditShaper({.bytes = 5000, .window_ns = 1000});
  CHECK(rig.back_end.poll(1000).next == Next::kDisabled);
  CHECK(rig.vif.shaper.credit().remaining_bytes() == 5000);
  CHECK(rig.responses().empty());
  CHECK(rig.frames.empty());
}

TEST_CASE("fatal: the first fault is the reason, whatever the ring says afterwards") {
  TxRig rig;
  rig.push(Slots{rig.slot(0, 100, 0, 4000, 1)});
  CHECK(rig.back_end.poll(0).next == Next::kDisabled);
  reinterpret_cast<abi::sring_header*>(rig.ring_bytes().data())->req_prod = 0x80000000;
  CHECK(rig.back_end.has_new_requests());
  CHECK(fault_name(rig.vif.fault) == fault_name(Fault::kCrossesPage));
}

TEST_CASE("checks 6 to 9: what cannot be valid is fatal and answered with nothing") {
  TxRig chain;
  chain.push(Slots{chain.slot(0, 3000, kMore)});
  check_fatal(chain, Fault::kMissingSlot);
  TxRig crossing;
  crossing.push(Slots{crossing.slot(0, 3000, kMore), crossing.slot(0, 100, 0, 3997)});
  check_fatal(crossing, Fault::kCrossesPage);
  TxRig first;
  first.push(Slots{first.slot(0, 100, 0, 4000)});
  check_fatal(first, Fault::kCrossesPage);
}

TEST_CASE("fatal: a fatal packet leaves what came before it answered") {
  TxRig rig;
  rig.push(Slots{rig.slot(0, 100, 0, 0, 1), rig.slot(0, 100, 0, 4000, 2)});
  CHECK(rig.back_end.poll(0).next == Next::kDisabled);
  CHECK(rig.frames.size() == 1);
  check_responses(rig, {{1, kOkay}});
}

TEST_CASE("check 10: an empty fragment is answered OKAY at once, whatever its reference") {
  TxRig rig;
  Slots slots{rig.slot(0, 100, kMore, 0, 1), rig.slot(0, 0, kMore, 0, 2), rig.slot(1, 40, 0, 0, 3)};
  slots[1].gref = 0xffffffff;
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  check_responses(rig, {{2, kOkay}, {1, kOkay}, {3, kOkay}});  // before the slots that are copied
  CHECK(rig.frames.size() == 1);
}

TEST_CASE("check 11: a slot whose grant fails gets ERROR, the others OKAY, and the packet is dropped") {
  TxRig rig;
  Slots slots{rig.slot(0, 3000, kMore, 0, 1), rig.slot(1, 1000, kMore, 0, 2), rig.slot(2, 1000, 0, 0, 3)};
  slots[1].gref = 400;
  slots.push_back(rig.slot(3, 60, 0, 0, 4));
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  check_responses(rig, {{1, kOkay}, {2, kError}, {3, kOkay}, {4, kOkay}});
  CHECK(rig.frames.size() == 1);
  CHECK(rig.drops.size() == 1);
  rig.release_frames();
  CHECK(rig.driver_domain->arena.free_pages() == rig.driver_domain->arena.pages());
}

TEST_CASE("no pages left: the packet is lost, the vif goes on") {
  TxRig rig({.buffer_pages = 2});
  rig.push(Slots{rig.slot(0, 9000, kMore, 0, 1), rig.slot(1, 4096, kMore, 0, 2), rig.slot(2, 4096, 0, 0, 3),
                 rig.slot(3, 60, 0, 0, 4)});
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  check_responses(rig, {{1, kError}, {2, kError}, {3, kError}, {4, kOkay}});
  CHECK(rig.driver_domain->arena.free_pages() == 1);
}

TEST_CASE("bounded work: a poll takes 64 frames at most and says that there is more") {
  TxRig rig;
  Slots slots;
  for (std::uint16_t i = 0; i < 200; ++i) slots.push_back(rig.slot(0, 60, 0, 0, i));
  rig.push(slots);
  for (const std::size_t frames : {64u, 128u, 192u}) {
    CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
    CHECK(rig.frames.size() == frames);
  }
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  CHECK(rig.frames.size() == 200);
}

TEST_CASE("packets of several slots straddle the window that the back end copies at a time") {
  TxRig rig({.buffer_pages = 4096, .ring_order = 2});
  Slots slots;
  while (slots.size() + 3 <= 1000) {
    slots.push_back(rig.slot(0, 3000, kMore, 0, static_cast<std::uint16_t>(slots.size())));
    slots.push_back(rig.slot(1, 1000, kMore, 0, static_cast<std::uint16_t>(slots.size())));
    slots.push_back(rig.slot(2, 1000, 0, 0, static_cast<std::uint16_t>(slots.size())));
  }
  rig.push(slots);
  while (rig.back_end.poll(0).next == Next::kPollAgain) continue;
  CHECK(rig.vif.fault == Fault::kNone);
  CHECK(rig.frames.size() == 333);
  CHECK(rig.responses().size() == 999);
}

TEST_CASE("bounded work: a poll also ends after 256 packets without data, and what it has copied is not forgotten") {
  TxRig rig({.ring_order = 2});
  Slots slots;
  for (std::uint16_t i = 0; i < 300; ++i) {
    auto more = extra(abi::XEN_NETIF_EXTRA_TYPE_HASH);
    more.gref |= abi::XEN_NETIF_EXTRA_FLAG_MORE << 8;
    slots.insert(slots.end(), {rig.slot(0, 0, kExtra, 0, i), more, extra(abi::XEN_NETIF_EXTRA_TYPE_MCAST_DEL)});
  }
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  CHECK(rig.responses().size() == 256 * 3);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  CHECK(rig.responses().size() == 44 * 3);
}

TEST_CASE("property: random guests break nothing but themselves, and every page comes back") {
  Random random(5);
  for (int round = 0; round < 3000; ++round) {
    TxRig rig({.credit = {.bytes = 100'000, .window_ns = 1000}, .buffer_pages = 256});
    TimeNs now = 0;
    std::uint32_t answered = 0;
    std::uint32_t asked = 0;
    for (int step = 0; step < 30; ++step) {
      Slots slots(random.below(12));
      for (auto& slot : slots) {
        slot = rig.slot(static_cast<std::uint32_t>(random.below(TxRig::kGuestPages)),
                        static_cast<std::uint32_t>(random.below(4000)), random.below(3) == 0 ? kMore : std::uint16_t{0},
                        0, static_cast<std::uint16_t>(random.next()));
        if (random.below(40) == 0) slot.gref = static_cast<std::uint32_t>(random.next());
        if (random.below(40) == 0) slot.flags |= kExtra;
        if (random.below(40) == 0) slot.offset = static_cast<std::uint16_t>(random.next());
      }
      asked += static_cast<std::uint32_t>(std::min<std::size_t>(slots.size(), rig.ring.free_requests()));
      rig.push(slots);
      const auto polled = rig.back_end.poll(now);
      answered += static_cast<std::uint32_t>(rig.responses().size());
      REQUIRE(answered <= asked);
      if (polled.next == Next::kDisabled) break;
      if (polled.next == Next::kWaitForCredit) {
        now = rig.vif.shaper.credit().timer_ns();
        rig.vif.shaper.credit().on_timer();
      }
    }
    rig.release_frames();
    REQUIRE(rig.driver_domain->arena.free_pages() == rig.driver_domain->arena.pages());
    REQUIRE(rig.guest->grants.pins() == 0);
  }
}
