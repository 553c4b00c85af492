#include "vif/tx_front.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "ring/back_ring.h"
#include "vif/tx_packet.h"

using namespace ringback;

namespace {

// A guest whose back end a test plays: hostile or not.
struct FrontRig {
  explicit FrontRig(std::uint32_t ring_order = 0, std::uint32_t slots = 0)
      : guest(std::make_shared<Domain>(abi::domid_t{1}, PageArena(TxFront::pages_needed(ring_order, false, slots)),
                                       GrantTable(8 + TxFront::ids(ring_order, slots), Sharing::kOneThread))),
        front(std::make_unique<TxFront>(
            TxFront::Options{.guest = *guest, .back_end = 0, .ring_order = ring_order, .slots = slots})),
        back(*BackRing<TxRing>::attach(front->ring_memory())) {}

  std::vector<abi::netif_tx_request> take() {
    std::vector<abi::netif_tx_request> requests(back.entries());
    requests.resize(back.consume_requests(requests).count);
    return requests;
  }
  void answer(std::uint16_t id, std::int16_t status = abi::XEN_NETIF_RSP_OKAY) {
    back.put_response({id, status});
    static_cast<void>(back.push_responses_and_check_notify());
  }

  std::shared_ptr<Domain> guest;
  std::unique_ptr<TxFront> front;
  BackRing<TxRing> back;
};

constexpr std::array kHeader = {std::byte{1}, std::byte{2}, std::byte{3}};

}  // namespace

TEST_CASE("a small frame takes one slot: a readonly grant of the page that was written") {
  FrontRig rig;
  const auto page = rig.front->next_page(0);
  std::memcpy(page.data(), kHeader.data(), kHeader.size());
  CHECK(rig.front->transmit({.size_bytes = 1500}) < 256);
  CHECK(rig.front->push());
  const auto requests = rig.take();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].size == 1500);
  CHECK(requests[0].flags == 0);
  const auto entry = rig.guest->grants.load(requests[0].gref);
  CHECK(entry.flags == (abi::GTF_permit_access | abi::GTF_readonly));
  CHECK(entry.domid == 0);
  CHECK(std::memcmp(rig.guest->arena.page(entry.frame).data(), kHeader.data(), kHeader.size()) == 0);
}

TEST_CASE("a large frame takes a slot a page; the first one's size is the whole frame's") {
  FrontRig rig;
  rig.front->transmit({.size_bytes = 9000});
  static_cast<void>(rig.front->push());
  const auto requests = rig.take();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].size == 9000);
  CHECK(requests[1].size == 4096);
  CHECK(requests[2].size == 808);
  CHECK(requests[0].flags == abi::XEN_NETTXF_more_data);
  CHECK(requests[1].flags == abi::XEN_NETTXF_more_data);
  CHECK(requests[2].flags == 0);
}

TEST_CASE("the largest frame takes 16 slots, a full ring takes no more") {
  FrontRig rig;
  for (int i = 0; i < 16; ++i) {
    REQUIRE(rig.front->has_room({.size_bytes = 65535}));
    rig.front->transmit({.size_bytes = 65535});
  }
  CHECK_FALSE(rig.front->has_room({.size_bytes = 60}));
  static_cast<void>(rig.front->push());
  CHECK(rig.take().size() == 256);
}

TEST_CASE("a response revokes the grant and frees the slot, whatever its order") {
  FrontRig rig;
  const std::uint16_t a = rig.front->transmit({.size_bytes = 60});
  const std::uint16_t b = rig.front->transmit({.size_bytes = 60});
  static_cast<void>(rig.front->push());
  CHECK(rig.take().size() == 2);
  CHECK(rig.guest->grants.in_use() == 2);
  rig.answer(b);
  rig.front->reap();
  CHECK(rig.guest->grants.in_use() == 1);
  rig.answer(a, abi::XEN_NETIF_RSP_ERROR);
  rig.front->reap();
  CHECK(rig.guest->grants.in_use() == 0);
  CHECK(rig.front->error_responses() == 1);
  CHECK(rig.front->fault() == Fault::kNone);
}

TEST_CASE("fewer slots than entries: so many ids, pages and grants, and a frame waits for as many as it needs") {
  CHECK(TxFront::ids(0, 20) == 20);
  CHECK(TxFront::ids(0, 0) == 256);
  CHECK(TxFront::ids(0, 1000) == 256);
  CHECK(TxFront::pages_needed(0, false, 20) == 21);
  CHECK(TxFront::pages_needed(0, true, 20) == 2);
  FrontRig rig(0, 20);
  CHECK(rig.guest->arena.free_pages() == 0);
  std::vector<std::uint16_t> ids;
  for (int i = 0; i < 17; ++i) ids.push_back(rig.front->transmit({.size_bytes = 60, .hash_type = 1}));
  CHECK(rig.front->has_room({.size_bytes = 3 * 4096}));
  CHECK_FALSE(rig.front->has_room({.size_bytes = 3 * 4096 + 1}));
  for (int i = 0; i < 3; ++i) ids.push_back(rig.front->transmit({.size_bytes = 60}));
  CHECK_FALSE(rig.front->has_room({.size_bytes = 60}));  // and the ring has 219 free slots
  CHECK_FALSE(rig.front->has_control_room());
  CHECK(std::ranges::max(ids) == 19);
  CHECK(rig.front->push());
  CHECK(rig.take().size() == 17 * 2 + 3);
  rig.answer(ids[5]);
  rig.front->reap();
  CHECK(rig.front->fault() == Fault::kNone);
  CHECK(rig.front->has_control_room());
  CHECK(rig.front->transmit({.size_bytes = 60}) == ids[5]);
}

TEST_CASE("XSA-403: a rogue back end: an id of the ring that is none of the front end's ends the vif") {
  FrontRig rig(0, 20);
  rig.front->transmit({.size_bytes = 60});
  static_cast<void>(rig.front->push());
  static_cast<void>(rig.take());
  rig.answer(20);
  rig.front->reap();
  CHECK(rig.front->fault() == Fault::kBadResponse);
}

TEST_CASE("XSA-403: a rogue back end: an id that is out of range, free, or answered twice ends the vif") {
  for (const std::uint16_t id : {std::uint16_t{256}, std::uint16_t{65535}, std::uint16_t{200}}) {
    FrontRig rig;
    rig.front->transmit({.size_bytes = 60});
    static_cast<void>(rig.front->push());
    static_cast<void>(rig.take());
    rig.answer(id);
    rig.front->reap();
    CHECK(rig.front->fault() == Fault::kBadResponse);
    CHECK_FALSE(rig.front->has_room({.size_bytes = 60}));
  }
  FrontRig twice;
  const std::uint16_t id = twice.front->transmit({.size_bytes = 60});
  twice.front->transmit({.size_bytes = 60});
  static_cast<void>(twice.front->push());
  static_cast<void>(twice.take());
  twice.answer(id);
  twice.answer(id);
  twice.front->reap();
  CHECK(twice.front->fault() == Fault::kBadResponse);
}

TEST_CASE("XSA-391: a rogue back end: more responses than requests end the vif") {
  for (const std::uint32_t producer : {1u, 257u, 0xffffffffu}) {
    FrontRig rig;
    reinterpret_cast<abi::sring_header*>(rig.front->ring_memory().data())->rsp_prod = producer;
    rig.front->reap();
    CHECK(rig.front->fault() == Fault::kResponseOverflow);
  }
}

TEST_CASE("XSA-405: a rogue back end: a slot answered while its page is still read is not used again") {
  FrontRig rig;
  const std::uint16_t id = rig.front->transmit({.size_bytes = 60});
  static_cast<void>(rig.front->push());
  const auto requests = rig.take();
  CHECK(rig.guest->grants.pin(requests[0].gref, 0, Access::kRead, rig.guest->arena.pages()).status == 0);
  rig.answer(id);
  rig.front->reap();
  CHECK(rig.front->fault() == Fault::kGrantInUse);
  rig.guest->grants.unpin(requests[0].gref, Access::kRead);
  rig.front.reset();
  CHECK(rig.guest->grants.in_use() == 0);
}

TEST_CASE("segmentation and hash travel in extras behind the first slot, the checksum in its flags") {
  FrontRig rig;
  rig.front->transmit({.size_bytes = 9000,
                       .gso_size_bytes = 1448,
                       .gso_type = abi::XEN_NETIF_GSO_TYPE_TCPV4,
                       .checksum = Checksum::kBlank,
                       .hash_type = 2,
                       .hash_value = 0x12345678});
  static_cast<void>(rig.front->push());
  const auto requests = rig.take();
  REQUIRE(requests.size() == 5);
  CHECK(requests[0].flags == (abi::XEN_NETTXF_csum_blank | abi::XEN_NETTXF_data_validated | abi::XEN_NETTXF_extra_info |
                              abi::XEN_NETTXF_more_data));
  TxPacket packet;
  parse_tx_packet(requests, packet);
  CHECK(packet.verdict == TxPacket::Verdict::kFrame);
  CHECK(packet.data_slots() == 3);
  CHECK(packet.gso.u.gso.size == 1448);
  CHECK(packet.gso.u.gso.type == abi::XEN_NETIF_GSO_TYPE_TCPV4);
  CHECK(packet.hash.u.hash.type == 1);
  CHECK(packet.hash.flags == 0);
}

TEST_CASE("what is on the ring is the frame's room: extras take slots too") {
  FrontRig rig;
  for (int i = 0; i < 85; ++i) {
    REQUIRE(rig.front->has_room({.size_bytes = 60, .gso_size_bytes = 1, .gso_type = 1, .hash_type = 1}));
    rig.front->transmit({.size_bytes = 60, .gso_size_bytes = 1, .gso_type = 1, .hash_type = 1});
  }
  CHECK_FALSE(rig.front->has_room({.size_bytes = 60, .hash_type = 1}));
  CHECK(rig.front->has_room({.size_bytes = 60}));
}

TEST_CASE("a rogue back end: NULL answers only extras that are out") {
  FrontRig rig;
  const std::uint16_t id = rig.front->transmit({.size_bytes = 60});
  static_cast<void>(rig.front->push());
  static_cast<void>(rig.take());
  rig.answer(id, abi::XEN_NETIF_RSP_NULL);
  rig.front->reap();
  CHECK(rig.front->fault() == Fault::kBadResponse);
}

TEST_CASE("extra-info answers are passed over") {
  FrontRig rig;
  const std::uint16_t a = rig.front->transmit({.size_bytes = 60, .hash_type = 1});
  rig.front->transmit({.size_bytes = 60});
  static_cast<void>(rig.front->push());
  static_cast<void>(rig.take());
  rig.answer(a);
  rig.answer(0, abi::XEN_NETIF_RSP_NULL);
  rig.front->reap();
  CHECK(rig.front->fault() == Fault::kNone);
  CHECK(rig.guest->grants.in_use() == 1);
}

TEST_CASE("front ends may lie anywhere in their guest") {
  Domain guest(1, PageArena(1 + 2 * TxFront::pages_needed(1, false)), GrantTable(2048, Sharing::kOneThread));
  CHECK(guest.arena.allocate() == 0u);
  TxFront one({.guest = guest, .back_end = 0, .ring_order = 1});
  TxFront two({.guest = guest, .back_end = 0, .ring_order = 1});
  for (TxFront* front : {&one, &two}) {
    std::memcpy(front->next_page(0).data(), kHeader.data(), kHeader.size());
    front->transmit({.size_bytes = 60});
    static_cast<void>(front->push());
    auto back = BackRing<TxRing>::attach(front->ring_memory());
    REQUIRE(back.has_value());
    std::array<abi::netif_tx_request, 1> request;
    REQUIRE(back->consume_requests(request).count == 1);
    const auto page = guest.arena.page(guest.grants.load(request[0].gref).frame);
    CHECK(std::memcmp(page.data(), kHeader.data(), kHeader.size()) == 0);
    CHECK((page.data() < front->ring_memory().data() ||
           page.data() >= front->ring_memory().data() + front->ring_memory().size()));
  }
  CHECK(guest.arena.free_pages() == 0);
}
