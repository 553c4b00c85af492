// Guests that attack the back end's transmit queue: each row of xen.md's list that concerns it.
#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "native/vif/tx_rig.h"

using namespace ringback;
using Next = TxBack::Next;
using Slots = std::vector<abi::netif_tx_request>;

namespace {

constexpr std::uint16_t kMore = abi::XEN_NETTXF_more_data;
constexpr std::uint16_t kExtra = abi::XEN_NETTXF_extra_info;
constexpr std::int16_t kOkay = abi::XEN_NETIF_RSP_OKAY;
constexpr std::int16_t kError = abi::XEN_NETIF_RSP_ERROR;

abi::netif_tx_request extra(std::uint8_t type) {
  abi::netif_extra_info info{};
  info.type = type;
  info.u.gso.size = 1448;
  info.u.gso.type = abi::XEN_NETIF_GSO_TYPE_TCPV4;
  abi::netif_tx_request request{};
  std::memcpy(&request, &info, sizeof info);
  return request;
}

bool leaks(TxRig& rig) {
  rig.release_frames();
  return rig.driver_domain->arena.free_pages() != rig.driver_domain->arena.pages() || rig.guest->grants.pins() != 0;
}

}  // namespace

TEST_CASE("XSA-39: a producer that becomes impossible ends the poll, what came before it is answered, nothing leaks") {
  TxRig rig({.ring_order = 2});
  Slots slots;
  for (std::uint16_t i = 0; i < 256; ++i) slots.push_back(rig.slot(0, 60, kMore, 0, i));
  for (std::size_t i = 0; i < 256; i += 2) {
    slots[i].size = 120;
    slots[i + 1].flags = 0;
  }
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  rig.header().req_prod = 0x80000000u;
  for (int polls = 0; polls < 10 && rig.vif.fault == Fault::kNone; ++polls) static_cast<void>(rig.back_end.poll(0));
  CHECK(fault_name(rig.vif.fault) == fault_name(Fault::kRingOverflow));
  CHECK(rig.header().rsp_prod == 256);
  CHECK(rig.frames.size() == 128);
  CHECK_FALSE(leaks(rig));
}

TEST_CASE("XSA-39: a guest that refills its ring during every copy does not hold up a poll") {
  TxRig rig;
  int copies = 0;
  rig.copier.meanwhile = [&] {
    ++copies;
    rig.header().req_prod += 64;
  };
  auto* slots = reinterpret_cast<abi::netif_tx_request*>(rig.ring_bytes().data() + kRingHeaderBytes);
  for (std::uint16_t i = 0; i < 256; ++i) slots[i] = rig.slot(0, 60);
  rig.header().req_prod = 64;
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  CHECK(copies == 1);
  CHECK(rig.frames.size() == 64);
}

TEST_CASE("XSA-90: a vif that is disabled inside the data path finishes what it holds, and is dead at the next poll") {
  TxRig rig;
  rig.copier.meanwhile = [&] { rig.vif.disable(Fault::kCrossesPage); };
  rig.push(Slots{rig.slot(0, 60, 0, 0, 1), rig.slot(0, 60, 0, 0, 2)});
  CHECK(rig.back_end.poll(0).next == Next::kDisabled);
  CHECK(rig.frames.size() == 2);
  CHECK(rig.responses().size() == 2);
  rig.push(Slots{rig.slot(0, 60, 0, 0, 3)});
  CHECK(rig.back_end.poll(0).next == Next::kDisabled);
  CHECK(rig.responses().empty());
  CHECK_FALSE(leaks(rig));
}

TEST_CASE("XSA-155: slots that the guest rewrites while they are copied from change nothing") {
  TxRig rig;
  rig.copier.meanwhile = [&] {
    for (std::uint16_t i = 0; i < 3; ++i) {
      const auto slot = rig.slot(40, 4000, kMore | kExtra, 90, 999);
      std::memcpy(rig.ring_bytes().data() + kRingHeaderBytes + i * sizeof slot, &slot, sizeof slot);
    }
  };
  rig.push(Slots{rig.slot(1, 3000, kMore, 7, 10), rig.slot(2, 1000, kMore, 8, 11), rig.slot(3, 500, 0, 9, 12)});
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 3);
  for (std::uint16_t i = 0; i < 3; ++i) CHECK(responses[i].id == 10 + i);
  REQUIRE(rig.frames.size() == 1);
  CHECK(rig.frames[0].size_bytes == 3000);
  CHECK(rig.frames[0].id == 10);
  std::vector<std::byte> wanted;
  rig.append_guest_bytes(wanted, 1, 7, 1500);
  rig.append_guest_bytes(wanted, 2, 8, 1000);
  rig.append_guest_bytes(wanted, 3, 9, 500);
  CHECK(rig.bytes_of(rig.frames[0]) == wanted);
}

TEST_CASE("XSA-216: every byte of every TX response is written, NULL ones too, and none behind it") {
  TxRig rig;
  Slots slots{rig.slot(0, 3000, kExtra | kMore, 0, 0x1234), extra(abi::XEN_NETIF_EXTRA_TYPE_GSO),
              rig.slot(1, 1000, 0, 0, 0x5678)};
  slots[2].gref = 0xffffffff;
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  const std::uint8_t wanted[3][4] = {{0x34, 0x12, 0, 0}, {0, 0, 1, 0}, {0x78, 0x56, 0xff, 0xff}};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::byte* slot = rig.ring_bytes().data() + kRingHeaderBytes + i * 12;
    CHECK(std::memcmp(slot, wanted[i], 4) == 0);
    std::byte request[12];
    std::memcpy(request, &slots[i], 12);
    CHECK(std::memcmp(slot + 4, request + 4, 8) == 0);
  }
}

TEST_CASE("XSA-224: one grant in many slots at once is counted, and let go by the last of them") {
  for (const Sharing sharing : {Sharing::kOneThread, Sharing::kManyThreads}) {
    TxRig rig({.sharing = sharing});
    Slots slots{rig.slot(5, 19 * 100, kMore, 0, 0)};
    for (std::uint16_t i = 1; i < 19; ++i)
      slots.push_back(rig.slot(5, 100, i == 18 ? std::uint16_t{0} : kMore, i * 200u, i));
    rig.push(slots);
    CHECK(rig.back_end.poll(0).next == Next::kIdle);
    CHECK(rig.frames.size() == 1);
    CHECK(rig.guest->grants.load(rig.refs[5]).flags == (abi::GTF_permit_access | abi::GTF_readonly));
    CHECK(rig.guest->grants.try_end_foreign_access(rig.refs[5]));
    CHECK_FALSE(leaks(rig));
  }
}

TEST_CASE("XSA-332: polls that no new request led to answer nothing and ask for nothing") {
  TxRig rig;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE_FALSE(rig.back_end.has_new_requests());
    const auto polled = rig.back_end.poll(static_cast<TimeNs>(i));
    REQUIRE(polled.next == Next::kIdle);
    REQUIRE_FALSE(polled.notify);
  }
  CHECK(rig.header().req_event == 1);
}

TEST_CASE("XSA-374: a malformed packet behind good ones, then teardown: nothing is used after it is given up") {
  for (const std::uint16_t size : {std::uint16_t{13}, std::uint16_t{5000}}) {  // ERROR, FATAL
    TxRig rig({.credit = {.bytes = 10'000, .window_ns = 1000}});
    rig.push(Slots{rig.slot(0, 100, 0, 0, 1), rig.slot(0, size, 0, 0, 2), rig.slot(0, 60, 0, 0, 3)});
    static_cast<void>(rig.back_end.poll(0));
    CHECK(rig.frames.size() == 1);
    CHECK(rig.responses().size() == (size == 13 ? 2 : 1));
    CHECK_FALSE(leaks(rig));
  }
}

TEST_CASE("XSA-432: eighteen tiny slots inside the header, and XSA-423: the header ends up in one piece") {
  TxRig rig;
  Slots slots{rig.slot(0, 14 + 17 * 3 + 1000, kMore, 0, 0)};
  std::vector<std::byte> wanted;
  rig.append_guest_bytes(wanted, 0, 0, 14);
  for (std::uint16_t i = 1; i <= 17; ++i) {
    slots.push_back(rig.slot(i, 3, kMore, 4093, i));
    rig.append_guest_bytes(wanted, i, 4093, 3);
  }
  slots.push_back(rig.slot(18, 1000, 0, 5, 18));
  rig.append_guest_bytes(wanted, 18, 5, 1000);
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  REQUIRE(rig.frames.size() == 1);
  CHECK(rig.bytes_of(rig.frames[0]) == wanted);
  const auto first = rig.buffers.bytes(rig.frames[0].buffer).first(128);
  CHECK(std::equal(first.begin(), first.end(), wanted.begin()));
  CHECK(rig.responses().size() == 19);
}

TEST_CASE("XSA-448: nineteen slots of which all but the first are empty") {
  TxRig rig;
  Slots slots{rig.slot(0, 60, kMore, 0, 0)};
  for (std::uint16_t i = 1; i < 19; ++i) {
    slots.push_back(rig.slot(0, 0, i == 18 ? std::uint16_t{0} : kMore, 4096, i));
    slots.back().gref = 0xffffffff;
  }
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  REQUIRE(rig.frames.size() == 1);
  CHECK(rig.frames[0].size_bytes == 60);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 19);
  for (const auto& response : responses) CHECK(response.status == kOkay);
  CHECK_FALSE(leaks(rig));
}

TEST_CASE("u16 size overflow: a packet of 65,536 bytes and more wraps its total and is lost") {
  TxRig rig({.buffer_pages = 64});
  for (const std::uint32_t total : {65536u, 65536u + 4096u, 65535u + 65535u}) {
    Slots slots{rig.slot(0, total & 0xffff, kMore, 0, 0)};
    for (std::uint16_t i = 1; i <= 16; ++i)
      slots.push_back(rig.slot(0, 4096, i == 16 ? std::uint16_t{0} : kMore, 0, i));
    rig.push(slots);
    CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
    const auto responses = rig.responses();
    REQUIRE(responses.size() == 17);
    for (const auto& response : responses) CHECK(response.status == kError);
  }
  CHECK(rig.frames.empty());
  CHECK(rig.vif.fault == Fault::kNone);
  CHECK_FALSE(leaks(rig));
}

TEST_CASE("duplicate ids: each slot is answered with its own, and no slot is kept by id") {
  TxRig rig;
  Slots slots;
  for (std::uint16_t i = 0; i < 50; ++i) slots.push_back(rig.slot(i, 60u + i, 0, 0, 7));
  slots[20].gref = 0xffffffff;
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 50);
  for (std::size_t i = 0; i < 50; ++i) {
    CHECK(responses[i].id == 7);
    CHECK(responses[i].status == (i == 20 ? kError : kOkay));
  }
  CHECK(rig.frames.size() == 49);
}

TEST_CASE("grant revoked during a copy: one that is revoked while its packet is copied loses that packet alone") {
  TxRig rig;
  rig.copier.meanwhile = [&] { CHECK(rig.guest->grants.try_end_foreign_access(rig.refs[2])); };
  rig.push(Slots{rig.slot(1, 60, 0, 0, 1), rig.slot(2, 60, 0, 0, 2), rig.slot(3, 60, 0, 0, 3)});
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 3);
  CHECK(responses[0].status == kOkay);
  CHECK(responses[1].status == kError);
  CHECK(responses[2].status == kOkay);
  CHECK(rig.drops.size() == 1);
  CHECK_FALSE(leaks(rig));
}

TEST_CASE("domid mismatch: a grant to another domain, and a page that the guest has not, lose the packet") {
  TxRig rig;
  rig.guest->grants.store(rig.refs[1], {abi::GTF_permit_access, 7, 1});
  rig.guest->grants.store(rig.refs[2], {abi::GTF_permit_access, TxRig::kDriverDomain, TxRig::kGuestPages});
  rig.push(Slots{rig.slot(1, 60, 0, 0, 1), rig.slot(2, 60, 0, 0, 2), rig.slot(3, 60, 0, 0, 3)});
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 3);
  CHECK(responses[0].status == kError);
  CHECK(responses[1].status == kError);
  CHECK(responses[2].status == kOkay);
  CHECK(rig.frames.size() == 1);
}

TEST_CASE("rsp_event never or far set: responses are there, only the guest is not woken") {
  TxRig rig;
  rig.header().rsp_event = 0x80000000u;
  rig.push(Slots{rig.slot(0, 60, 0, 0, 1)});
  CHECK_FALSE(rig.back_end.poll(0).notify);
  CHECK(rig.responses().size() == 1);
  rig.header().rsp_event = 1;  // never set again
  rig.push(Slots{rig.slot(0, 60, 0, 0, 2)});
  CHECK_FALSE(rig.back_end.poll(0).notify);
  CHECK(rig.responses().size() == 1);
}

TEST_CASE("req_event rewritten by the guest wakes only the guest up: the back end still finds its requests") {
  TxRig rig;
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  rig.header().req_event = 0x80000000u;
  rig.ring.put_request(rig.slot(0, 60));
  CHECK_FALSE(rig.ring.push_requests_and_check_notify());
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  CHECK(rig.frames.size() == 1);
  CHECK(rig.header().req_event == 2);
}

TEST_CASE("2^32 index wrap: 1,000 packets of several slots across the end of the indices") {
  TxRig rig({.start = 0xffffff00u});
  std::uint32_t frames = 0;
  for (int round = 0; round < 1000; ++round) {
    rig.push(Slots{rig.slot(1, 3000, kMore, 0, 1), rig.slot(2, 1000, kMore, 0, 2), rig.slot(3, 1000, 0, 0, 3)});
    REQUIRE(rig.back_end.poll(0).next == Next::kIdle);
    REQUIRE(rig.responses().size() == 3);
    frames += static_cast<std::uint32_t>(rig.frames.size());
    rig.release_frames();
  }
  CHECK(frames == 1000);
  CHECK(rig.header().req_prod == 0xffffff00u + 3000);
  CHECK(rig.header().rsp_prod == rig.header().req_prod);
}

TEST_CASE("XSA-432: many frames of nineteen tiny slots fit the batch of copies") {
  TxRig rig;
  Slots slots;
  for (int frame = 0; frame < 13; ++frame)
    for (std::uint16_t i = 0; i < 19; ++i)
      slots.push_back(rig.slot(i, i == 0 ? 14 + 18 * 3 : 3, i == 18 ? std::uint16_t{0} : kMore, i, i));
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  CHECK(rig.frames.size() == 12);  // each may take up to 38 copies of the 256
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  CHECK(rig.frames.size() == 13);
  CHECK(rig.responses().size() == 13 * 19);
}
