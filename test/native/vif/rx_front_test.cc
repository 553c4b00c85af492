#include "vif/rx_front.h"

#include <doctest/doctest.h>

#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#include "memory/grant_copy.h"
#include "ring/back_ring.h"

using namespace ringback;

namespace {

constexpr std::uint16_t kMore = abi::XEN_NETRXF_more_data;
constexpr abi::domid_t kBack = 0;

struct Received {
  std::uint32_t size_bytes;
  std::vector<std::size_t> part_sizes;
  std::vector<std::byte> bytes;
};

// A guest whose back end a test plays: hostile or not.
struct FrontRig final : RxConsumer {
  explicit FrontRig(std::uint32_t ring_order = 0, bool shared_page = false, abi::RING_IDX start = 0)
      : guest(std::make_shared<Domain>(abi::domid_t{1}, PageArena(RxFront::pages_needed(ring_order, shared_page) + 5),
                                       GrantTable(8 + RxFront::entries(ring_order), Sharing::kOneThread))),
        front(std::make_unique<RxFront>(RxFront::Options{.guest = *guest,
                                                         .back_end = kBack,
                                                         .ring_order = ring_order,
                                                         .shared_page = shared_page,
                                                         .ring_start = start})),
        back(*BackRing<RxRing>::attach(front->ring_memory())) {}

  std::vector<abi::netif_rx_request> take(std::uint32_t most = 0xffff) {
    std::vector<abi::netif_rx_request> requests(std::min(most, back.entries()));
    requests.resize(back.consume_requests(requests).count);
    return requests;
  }
  void write(abi::grant_ref_t ref, std::byte value, std::size_t offset, std::size_t size) {
    const auto page = guest->arena.page(guest->grants.load(ref).frame);
    std::memset(page.data() + offset, static_cast<int>(value), size);
  }
  void put(std::uint16_t id, std::int16_t status, std::uint16_t flags = 0, std::uint16_t offset = 0) {
    back.put_response({.id = id, .offset = offset, .flags = flags, .status = status});
  }
  void put_extra(std::uint8_t type) {
    abi::netif_extra_info extra{};
    extra.type = type;
    extra.u.gso.size = 1448;
    extra.u.gso.type = 1;
    back.put_response(std::bit_cast<abi::netif_rx_response>(extra));
  }
  bool receive() {
    static_cast<void>(back.push_responses_and_check_notify());
    return front->receive(*this);
  }
  void check_fault(Fault fault) {
    receive();
    CHECK(fault_name(front->fault()) == fault_name(fault));
    const std::uint32_t posted = front->posted();
    CHECK_FALSE(front->post());
    CHECK(front->posted() == posted);
    CHECK_FALSE(front->receive(*this));
  }
  // Whether the front end, gone, has left anything behind.
  [[nodiscard]] bool leaks() {
    front.reset();
    return guest->grants.in_use() != 0 || guest->arena.free_pages() != guest->arena.pages();
  }

  void received(const RxFrame& frame) override {
    Received& copy = frames.emplace_back(Received{frame.size_bytes, {}, {}});
    for (const auto part : frame.parts) {
      copy.part_sizes.push_back(part.size());
      copy.bytes.insert(copy.bytes.end(), part.begin(), part.end());
    }
    if (during) during->seen(frame);
  }
  // What a rogue does while the consumer looks.
  struct Rogue {
    virtual void seen(const RxFrame& frame) = 0;

   protected:
    ~Rogue() = default;
  };

  std::shared_ptr<Domain> guest;
  std::unique_ptr<RxFront> front;
  BackRing<RxRing> back;
  std::vector<Received> frames;
  Rogue* during = nullptr;
};

}  // namespace

TEST_CASE("each slot posts a writable page of its own, with its ring position as id") {
  for (const std::uint32_t order : {0u, 1u, 2u}) {
    for (const abi::RING_IDX start : {0u, 0xffff'fff0u}) {
      FrontRig rig(order, false, start);
      CHECK(rig.front->post());
      CHECK_FALSE(rig.front->post());  // all are out
      const auto requests = rig.take();
      REQUIRE(requests.size() == 256u << order);
      std::vector<bool> posted(rig.guest->arena.pages(), false);
      for (std::uint32_t i = 0; i < requests.size(); ++i) {
        REQUIRE(requests[i].id == ((start + i) & (rig.back.entries() - 1)));
        REQUIRE(requests[i].pad == 0);
        const auto entry = rig.guest->grants.load(requests[i].gref);
        REQUIRE(entry.flags == abi::GTF_permit_access);
        REQUIRE(entry.domid == kBack);
        REQUIRE_FALSE(posted[entry.frame]);
        posted[entry.frame] = true;
      }
      CHECK(rig.front->posted() == requests.size());
      CHECK(rig.guest->arena.free_pages() == 5);
      CHECK_FALSE(rig.leaks());
    }
  }
}

TEST_CASE("a front end for a world without payload posts one page in all slots") {
  FrontRig rig(1, true);
  CHECK(rig.front->post());
  const auto requests = rig.take();
  REQUIRE(requests.size() == 512);
  const auto page = rig.guest->grants.load(requests[0].gref).frame;
  for (const auto& request : requests) REQUIRE(rig.guest->grants.load(request.gref).frame == page);
  rig.put(0, 1500);
  CHECK(rig.receive());
  CHECK(rig.frames.size() == 1);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("only as many pages are posted as are asked for, or as there are references for") {
  FrontRig rig;
  static_cast<void>(rig.front->post(3));
  CHECK(rig.front->posted() == 3);
  while (rig.guest->grants.in_use() < rig.guest->grants.entries() - 8 - 2)
    static_cast<void>(rig.guest->grants.grant_foreign_access(7, 0, true));
  static_cast<void>(rig.front->post());
  CHECK(rig.front->posted() == 5);
  CHECK(rig.take().size() == 5);
}

TEST_CASE("the back end is notified when its event is passed, and only then") {
  FrontRig rig;
  CHECK(rig.front->post(1));
  CHECK_FALSE(rig.front->post(1));
  CHECK_FALSE(rig.back.final_check_for_requests(3));
  CHECK(rig.front->post(1));
  CHECK_FALSE(rig.front->post(0));
}

TEST_CASE("a frame's grants are ended and its parts lie at their offsets") {
  FrontRig rig(0, false, 0xffff'ffffu);  // positions 255, 0, 1
  static_cast<void>(rig.front->post());
  const auto requests = rig.take(4);
  rig.write(requests[0].gref, std::byte{1}, 100, 3000);
  rig.write(requests[2].gref, std::byte{2}, 0, 4096);
  rig.write(requests[3].gref, std::byte{3}, 4086, 10);
  rig.put(255, 3000, kMore | abi::XEN_NETRXF_extra_info, 100);
  rig.put_extra(abi::XEN_NETIF_EXTRA_TYPE_GSO);
  rig.put(1, 4096, kMore);
  rig.put(2, 10, 0, 4086);
  CHECK(rig.guest->grants.in_use() == 256);
  CHECK(rig.receive());
  REQUIRE(rig.frames.size() == 1);
  CHECK(rig.frames[0].size_bytes == 7106);
  CHECK(rig.frames[0].part_sizes == std::vector<std::size_t>{3000, 4096, 10});
  CHECK(rig.frames[0].bytes.front() == std::byte{1});
  CHECK(rig.frames[0].bytes[2999] == std::byte{1});
  CHECK(rig.frames[0].bytes[3000] == std::byte{2});
  CHECK(rig.frames[0].bytes[7096] == std::byte{3});
  CHECK(rig.frames[0].bytes.back() == std::byte{3});
  CHECK(rig.guest->grants.in_use() == 252);
  CHECK(rig.front->posted() == 252);
  static_cast<void>(rig.front->post());
  CHECK(rig.take().back().id == 2);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("taking asks to be notified of the next response") {
  FrontRig rig;
  static_cast<void>(rig.front->post());
  const auto requests = rig.take(3);
  REQUIRE(requests.size() == 3);
  CHECK_FALSE(rig.receive());
  rig.put(0, 60);
  CHECK(rig.back.push_responses_and_check_notify());
  rig.put(1, 60);
  CHECK_FALSE(rig.back.push_responses_and_check_notify());
  CHECK(rig.front->receive(rig));
  CHECK(rig.frames.size() == 2);
  rig.put(2, 60);
  CHECK(rig.back.push_responses_and_check_notify());
}

TEST_CASE("a frame whose copy failed is lost alone, and its slots are posted again") {
  FrontRig rig;
  static_cast<void>(rig.front->post());
  REQUIRE(rig.take(4).size() == 4);
  rig.put(0, 4096, kMore);
  rig.put(1, abi::GNTST_general_error, kMore);
  rig.put(2, 100);
  rig.put(3, 60);
  CHECK(rig.receive());
  CHECK(rig.front->fault() == Fault::kNone);
  CHECK(rig.front->error_frames() == 1);
  REQUIRE(rig.frames.size() == 1);
  CHECK(rig.frames[0].size_bytes == 60);
  CHECK(rig.front->posted() == 252);
  static_cast<void>(rig.front->post());
  CHECK(rig.take().size() == 256);
  CHECK_FALSE(rig.leaks());
}

TEST_CASE("XSA-391: responses that nobody asked for, or a producer far away or behind, end the vif") {
  for (const std::uint32_t producer : {4u, 257u, 0x80000000u, 0xffffffffu}) {
    FrontRig rig;
    static_cast<void>(rig.front->post(3));
    reinterpret_cast<abi::sring_header*>(rig.front->ring_memory().data())->rsp_prod = producer;
    CHECK_FALSE(rig.front->receive(rig));
    CHECK(rig.front->fault() == Fault::kResponseOverflow);
    CHECK_FALSE(rig.front->post());
    CHECK(rig.frames.empty());
    CHECK_FALSE(rig.leaks());
  }
}

TEST_CASE("XSA-403: an id that is wrong, and one that is answered twice, end the vif") {
  for (const std::uint16_t id : {std::uint16_t{1}, std::uint16_t{256}, std::uint16_t{65535}}) {
    FrontRig wrong;
    static_cast<void>(wrong.front->post());
    static_cast<void>(wrong.take(2));
    wrong.put(id, 60);
    wrong.check_fault(Fault::kBadResponse);
    CHECK(wrong.frames.empty());
    CHECK_FALSE(wrong.leaks());
  }
  FrontRig twice;
  static_cast<void>(twice.front->post());
  static_cast<void>(twice.take(2));
  twice.put(0, 60);
  twice.put(0, 60);
  twice.check_fault(Fault::kBadResponse);
  CHECK(twice.frames.size() == 1);
  CHECK_FALSE(twice.leaks());
}

TEST_CASE("XSA-405: a status larger than the page, also with its offset, ends the vif before a byte is read") {
  struct Row {
    std::int16_t status;
    std::uint16_t offset;
  };
  for (const Row row : {Row{4097, 0}, Row{32767, 0}, Row{1, 4096}, Row{4096, 1}, Row{60, 65535}}) {
    FrontRig rig;
    static_cast<void>(rig.front->post());
    static_cast<void>(rig.take(1));
    rig.put(0, row.status, 0, row.offset);
    rig.check_fault(Fault::kCrossesPage);
    CHECK(rig.frames.empty());
    CHECK_FALSE(rig.leaks());
  }
}

TEST_CASE("an endless chain ends the vif, and so does one that its producer cuts") {
  FrontRig endless;
  static_cast<void>(endless.front->post());
  static_cast<void>(endless.take());
  for (std::uint16_t i = 0; i < 256; ++i) endless.put(i, 1, kMore);
  endless.check_fault(Fault::kTooManySlots);
  CHECK_FALSE(endless.leaks());
  FrontRig cut;
  static_cast<void>(cut.front->post());
  static_cast<void>(cut.take(2));
  cut.put(0, 60);
  cut.put(1, 4096, kMore);
  cut.check_fault(Fault::kMissingSlot);
  CHECK(cut.frames.size() == 1);
  CHECK_FALSE(cut.leaks());
}

TEST_CASE("a response for a page that is still mapped ends the vif; the page is nobody's until it is let go") {
  for (const std::uint32_t pinned : {0u, 1u, 2u}) {  // the first data slot, an extra's, the last
    FrontRig rig;
    static_cast<void>(rig.front->post());
    const auto requests = rig.take(3);
    const auto ref = requests[pinned].gref;
    REQUIRE(rig.guest->grants.pin(ref, kBack, Access::kWrite, rig.guest->arena.pages()).status == 0);
    rig.put(0, 4096, kMore | abi::XEN_NETRXF_extra_info);
    rig.put_extra(abi::XEN_NETIF_EXTRA_TYPE_GSO);
    rig.put(2, 60);
    rig.check_fault(Fault::kGrantInUse);
    CHECK(rig.frames.empty());
    const auto page = rig.guest->grants.load(ref).frame;
    rig.front.reset();
    CHECK(rig.guest->grants.in_use() == 1);
    CHECK(rig.guest->arena.free_pages() == rig.guest->arena.pages() - 1);
    CHECK(rig.guest->arena.is_allocated(page));
    rig.guest->grants.unpin(ref, Access::kWrite);
  }
}

TEST_CASE("the bytes that the consumer sees cannot change: the grants were ended before") {
  struct Writer final : FrontRig::Rogue {
    explicit Writer(FrontRig& rig)
        : back(std::make_shared<Domain>(kBack, PageArena(1), GrantTable(8, Sharing::kOneThread))) {
      REQUIRE(domains.add(back));
      REQUIRE(domains.add(rig.guest));
      std::memset(back->arena.page(0).data(), 0xee, 4096);
    }
    std::int16_t write(abi::grant_ref_t ref) {
      abi::gnttab_copy copy{};
      copy.source.domid = abi::DOMID_SELF;
      copy.dest = {{ref}, 1, 0};
      copy.len = 60;
      copy.flags = abi::GNTCOPY_dest_gref;
      grant_copy(domains, kBack, {&copy, 1}, Payload::kCopy);
      return copy.status;
    }
    void seen(const RxFrame& frame) override {
      for (const auto ref : refs) CHECK(write(ref) == abi::GNTST_general_error);
      for (const auto part : frame.parts) CHECK(part[0] == std::byte{5});
    }
    DomainTable domains;
    std::shared_ptr<Domain> back;
    std::vector<abi::grant_ref_t> refs;
  };
  FrontRig rig;
  Writer writer(rig);
  static_cast<void>(rig.front->post());
  const auto requests = rig.take(2);
  CHECK(writer.write(requests[0].gref) == abi::GNTST_okay);  // until the answer the page is the back end's
  for (const auto& request : requests) {
    rig.write(request.gref, std::byte{5}, 0, 4096);
    writer.refs.push_back(request.gref);
  }
  rig.during = &writer;
  rig.put(0, 4096, kMore);
  rig.put(1, 60);
  CHECK(rig.receive());
  CHECK(rig.frames.size() == 1);
}

TEST_CASE("front ends may lie anywhere in their guest, and come and go") {
  Domain guest(1, PageArena(3 * RxFront::pages_needed(1, false)), GrantTable(2000, Sharing::kOneThread));
  const auto make = [&](std::uint32_t order) {
    return std::make_unique<RxFront>(RxFront::Options{.guest = guest, .back_end = kBack, .ring_order = order});
  };
  auto one = make(0);
  auto two = make(1);
  static_cast<void>(one->post());
  static_cast<void>(two->post());
  CHECK(guest.grants.in_use() == 256 + 512);
  one.reset();
  auto three = make(1);
  static_cast<void>(three->post());
  two.reset();
  three.reset();
  CHECK(guest.grants.in_use() == 0);
  CHECK(guest.arena.free_pages() == guest.arena.pages());
}
