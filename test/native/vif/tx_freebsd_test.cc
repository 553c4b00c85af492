// The cases of FreeBSD's netback unit tests (sys/dev/xen/netback/netback_unit_tests.c) for the transmit direction, by
// their names there.
#include <doctest/doctest.h>

#include <cstring>
#include <utility>
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
constexpr std::int16_t kNull = abi::XEN_NETIF_RSP_NULL;

abi::netif_tx_request gso_extra() {
  abi::netif_extra_info info{};
  info.type = abi::XEN_NETIF_EXTRA_TYPE_GSO;
  info.u.gso.size = 1448;
  info.u.gso.type = abi::XEN_NETIF_GSO_TYPE_TCPV4;
  abi::netif_tx_request request{};
  std::memcpy(&request, &info, sizeof info);
  return request;
}

// The one packet in these slots becomes a frame of so many bytes, and what it is answered with.
void check_packet(TxRig& rig, const Slots& slots, std::uint32_t size,
                  const std::vector<std::pair<std::uint16_t, std::int16_t>>& answers) {
  rig.push(slots);
  CHECK(rig.back_end.poll(0).next == Next::kIdle);
  REQUIRE(rig.frames.size() == 1);
  CHECK(rig.frames[0].size_bytes == size);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    CHECK(responses[i].id == answers[i].first);
    CHECK(responses[i].status == answers[i].second);
  }
}

}  // namespace

TEST_CASE("FreeBSD xnb_ring2pkt_emptyring and xnb_txpkt2rsp_emptypkt: nothing in, nothing out") {
  TxRig rig;
  const auto polled = rig.back_end.poll(0);
  CHECK(polled.next == Next::kIdle);
  CHECK_FALSE(polled.notify);
  CHECK(rig.frames.empty());
  CHECK(rig.responses().empty());
}

TEST_CASE("FreeBSD xnb_ring2pkt_1req and xnb_txpkt2rsp_1req: one slot is one packet with one response") {
  TxRig rig;
  check_packet(rig, {rig.slot(0, 1500, 0, 0, 9)}, 1500, {{9, kOkay}});
}

TEST_CASE("FreeBSD xnb_ring2pkt_2req: two slots are one packet, the first one's size is the total") {
  TxRig rig;
  check_packet(rig, {rig.slot(0, 1900, kMore, 0, 1), rig.slot(1, 500, 0, 0, 2)}, 1900, {{1, kOkay}, {2, kOkay}});
  std::vector<std::byte> wanted;
  rig.append_guest_bytes(wanted, 0, 0, 1400);
  rig.append_guest_bytes(wanted, 1, 0, 500);
  CHECK(rig.bytes_of(rig.frames[0]) == wanted);
}

TEST_CASE("FreeBSD xnb_ring2pkt_3req and xnb_txpkt2rsp_long: three slots are answered one by one") {
  TxRig rig;
  check_packet(rig, {rig.slot(0, 9000, kMore, 0, 1), rig.slot(1, 4096, kMore, 0, 2), rig.slot(2, 808, 0, 0, 3)}, 9000,
               {{1, kOkay}, {2, kOkay}, {3, kOkay}});
}

TEST_CASE("FreeBSD xnb_ring2pkt_extra and xnb_txpkt2rsp_extra: an extra is no data and is answered with NULL") {
  TxRig rig;
  check_packet(rig, {rig.slot(0, 1500, kExtra | kMore, 0, 1), gso_extra(), rig.slot(1, 500, 0, 0, 2)}, 1500,
               {{1, kOkay}, {0, kNull}, {2, kOkay}});
  CHECK(rig.frames[0].gso_size_bytes == 1448);
}

// FreeBSD waits for the rest; Linux takes a chain beyond the producer for malice.
TEST_CASE("FreeBSD xnb_ring2pkt_partial and xnb_txpkt2rsp_invalid: half a packet is fatal, as in Linux") {
  TxRig rig;
  rig.push(Slots{rig.slot(0, 1900, kMore, 0, 1)});
  CHECK(rig.back_end.poll(0).next == Next::kDisabled);
  CHECK(fault_name(rig.vif.fault) == fault_name(Fault::kMissingSlot));
  CHECK(rig.responses().empty());
}

TEST_CASE("FreeBSD xnb_txpkt2rsp_error: a packet that cannot be is answered with ERROR in every slot") {
  TxRig rig;
  rig.push(Slots{rig.slot(0, 113, kMore, 0, 1), rig.slot(1, 100, 0, 0, 2)});  // 13 bytes in the first slot
  CHECK(rig.back_end.poll(0).next == Next::kPollAgain);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == 2);
  for (const auto& response : responses) CHECK(response.status == kError);
  CHECK(rig.drops.size() == 1);
}

TEST_CASE("FreeBSD xnb_ring2pkt_wraps and xnb_txpkt2rsp_wraps: a packet across the ring's end") {
  TxRig rig;
  Slots fillers;
  for (int i = 0; i < 254; ++i) fillers.push_back(rig.slot(0, 60));
  rig.push(fillers);
  while (rig.back_end.poll(0).next == Next::kPollAgain) continue;
  CHECK(rig.responses().size() == 254);
  rig.release_frames();
  check_packet(
      rig,
      {rig.slot(0, 9000, kExtra | kMore, 0, 1), gso_extra(), rig.slot(1, 4096, kMore, 0, 2), rig.slot(2, 808, 0, 0, 3)},
      9000, {{1, kOkay}, {0, kNull}, {2, kOkay}, {3, kOkay}});
}

TEST_CASE("FreeBSD xnb_txpkt2gnttab_short: one copy, from the slot's offset to the start of one page") {
  TxRig rig;
  std::size_t copies = 0;
  rig.copier.meanwhile = [&] { ++copies; };
  check_packet(rig, {rig.slot(4, 60, 0, 8, 1)}, 60, {{1, kOkay}});
  std::vector<std::byte> wanted;
  rig.append_guest_bytes(wanted, 4, 8, 60);
  CHECK(rig.bytes_of(rig.frames[0]) == wanted);
  CHECK(copies == 1);
}

TEST_CASE("FreeBSD xnb_txpkt2gnttab_2req: two slots fill one page without a gap") {
  TxRig rig;
  check_packet(rig, {rig.slot(0, 2000, kMore, 96, 1), rig.slot(1, 900, 0, 3000, 2)}, 2000, {{1, kOkay}, {2, kOkay}});
  std::vector<std::byte> wanted;
  rig.append_guest_bytes(wanted, 0, 96, 1100);
  rig.append_guest_bytes(wanted, 1, 3000, 900);
  CHECK(rig.bytes_of(rig.frames[0]) == wanted);
  CHECK(rig.buffers.next(rig.frames[0].buffer) == kNoBuffer);
}

TEST_CASE("FreeBSD xnb_txpkt2gnttab_2cluster: a slot that straddles two pages is two copies") {
  TxRig rig;
  check_packet(rig, {rig.slot(0, 5000, kMore, 0, 1), rig.slot(1, 3000, 0, 1000, 2)}, 5000, {{1, kOkay}, {2, kOkay}});
  std::vector<std::byte> wanted;
  rig.append_guest_bytes(wanted, 0, 0, 2000);
  rig.append_guest_bytes(wanted, 1, 1000, 3000);
  CHECK(rig.bytes_of(rig.frames[0]) == wanted);
  CHECK(rig.buffers.next(rig.frames[0].buffer) != kNoBuffer);
}
