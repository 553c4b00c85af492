#include "vif/ctrl_back.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/random.h"
#include "native/vif/ctrl_rig.h"
#include "native/vif/header_fixture.h"

using namespace ringback;
using Next = CtrlBack::Next;

namespace {

constexpr std::uint32_t kSuccess = abi::XEN_NETIF_CTRL_STATUS_SUCCESS;
constexpr std::uint32_t kNotSupported = abi::XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
constexpr std::uint32_t kInvalid = abi::XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;

constexpr std::uint16_t kGetFlags = abi::XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS;
constexpr std::uint16_t kSetFlags = abi::XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS;
constexpr std::uint16_t kSetKey = abi::XEN_NETIF_CTRL_TYPE_SET_HASH_KEY;
constexpr std::uint16_t kGetMappingSize = abi::XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE;
constexpr std::uint16_t kSetMappingSize = abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE;
constexpr std::uint16_t kSetMapping = abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING;
constexpr std::uint16_t kSetAlgorithm = abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM;

abi::sring_header& header_of(CtrlRig& rig) { return *reinterpret_cast<abi::sring_header*>(rig.ring_bytes().data()); }

std::uint32_t request_key(CtrlRig& rig, std::uint32_t ref, std::uint32_t bytes) {
  return rig.ask(kSetKey, ref, bytes).status;
}

}  // namespace

TEST_CASE("an empty control ring: nothing happens, and the guest will notify") {
  CtrlRig rig;
  const auto polled = rig.back.poll();
  CHECK(polled.next == Next::kIdle);
  CHECK_FALSE(polled.notify);
}

TEST_CASE("every request is answered with its id and type, in order, and the guest is notified") {
  CtrlRig rig;
  std::vector<abi::netif_ctrl_request> requests;
  for (std::uint16_t i = 0; i < 20; ++i)
    requests.push_back({static_cast<std::uint16_t>(65530 + i), static_cast<std::uint16_t>(i * 3), {i, i, i}});
  rig.push(requests);
  const auto polled = rig.back.poll();
  CHECK(polled.next == Next::kIdle);
  CHECK(polled.notify);
  const auto responses = rig.responses();
  REQUIRE(responses.size() == requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    CHECK(responses[i].id == requests[i].id);
    CHECK(responses[i].type == requests[i].type);
  }
}

// In the order of netback's checks; the configuration is that of the rows before.
TEST_CASE("each control operation and each of its statuses") {
  CtrlRig rig(4);
  const std::array queues{3u, 2u, 1u, 0u};
  const std::array no_queue{0u, 4u};
  const std::uint32_t key = rig.grant(0, kDefaultHashKey);
  const std::uint32_t good = rig.grant(1, queues);
  const std::uint32_t bad = rig.grant(2, no_queue);
  constexpr std::uint32_t kNoRef = 60;
  struct Row {
    std::uint16_t type;
    std::array<std::uint32_t, 3> data;
    std::uint32_t status;
    std::uint32_t answer;
    std::size_t copies;
  };
  const std::vector<Row> rows = {
      {kGetFlags, {}, kNotSupported, 0, 0},
      {kSetFlags, {1}, kInvalid, 0, 0},
      {kSetAlgorithm, {2}, kInvalid, 0, 0},
      {kSetAlgorithm, {1}, kSuccess, 0, 0},
      {kGetFlags, {}, kSuccess, 15, 0},
      {kSetFlags, {16}, kInvalid, 0, 0},
      {kSetFlags, {15}, kSuccess, 0, 0},
      {kSetKey, {key, 41}, kInvalid, 0, 0},
      {kSetKey, {key, 0xffffffff}, kInvalid, 0, 0},
      {kSetKey, {key, 0x10000}, kInvalid, 0, 0},  // 0 as a grant copy's 16-bit length
      {kSetKey, {kNoRef, 40}, kInvalid, 0, 1},
      {kSetKey, {0xffffffff, 1}, kInvalid, 0, 1},
      {kSetKey, {kNoRef, 0}, kSuccess, 0, 0},  // no bytes, no grant operation
      {kSetKey, {key, 40}, kSuccess, 0, 1},
      {kGetMappingSize, {}, kSuccess, 128, 0},
      {kSetMappingSize, {129}, kInvalid, 0, 0},
      {kSetMapping, {good, 1, 0}, kInvalid, 0, 0},  // there is no table yet
      {kSetMappingSize, {4}, kSuccess, 0, 0},
      {kSetMapping, {good, 5, 0}, kInvalid, 0, 0},
      {kSetMapping, {good, 4, 1}, kInvalid, 0, 0},
      {kSetMapping, {good, 4, 0xfffffffe}, kInvalid, 0, 0},  // XSA-270
      {kSetMapping, {good, 0x40000001, 0}, kInvalid, 0, 0},  // 4 as a 32-bit count of bytes
      {kSetMapping, {kNoRef, 4, 0}, kInvalid, 0, 1},
      {kSetMapping, {bad, 2, 0}, kInvalid, 0, 1},
      {kSetMapping, {kNoRef, 0, 4}, kSuccess, 0, 0},
      {kSetMapping, {good, 4, 0}, kSuccess, 0, 1},
      {kSetMapping, {bad, 1, 3}, kSuccess, 0, 1},
      {abi::XEN_NETIF_CTRL_TYPE_INVALID, {}, kNotSupported, 0, 0},
      {abi::XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, {}, kNotSupported, 0, 0},
      {abi::XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, {0, good, 1}, kNotSupported, 0, 0},
      {abi::XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, {0, good, 1}, kNotSupported, 0, 0},
      {11, {}, kNotSupported, 0, 0},
      {0xffff, {1, 1, 1}, kNotSupported, 0, 0},
      {kSetAlgorithm, {0}, kSuccess, 0, 0},
      {kGetFlags, {}, kNotSupported, 0, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    CAPTURE(row.data[0]);
    CAPTURE(row.data[1]);
    const std::size_t copies = rig.copier.count;
    const auto response = rig.ask(row.type, row.data[0], row.data[1], row.data[2]);
    CHECK(response.type == row.type);
    CHECK(response.status == row.status);
    CHECK(response.data == row.answer);
    CHECK(rig.copier.count - copies == row.copies);
  }
  CHECK(std::ranges::equal(rig.config.mapping(), std::array{3u, 2u, 1u, 0u}));
  CHECK(rig.guest->grants.pins() == 0);
}

TEST_CASE("the key and the mapping that were granted choose the queue") {
  CtrlRig rig(7);
  std::vector<std::uint32_t> mapping(128);
  for (std::uint32_t i = 0; i < 128; ++i) mapping[i] = i * 5 % 7;
  CHECK(rig.ask(kSetAlgorithm, 1).status == kSuccess);
  CHECK(rig.ask(kSetFlags, 15).status == kSuccess);
  CHECK(request_key(rig, rig.grant(0, kDefaultHashKey), 40) == kSuccess);
  CHECK(rig.ask(kSetMappingSize, 128).status == kSuccess);
  CHECK(rig.ask(kSetMapping, rig.grant(1, mapping), 128, 0).status == kSuccess);
  const auto header = test::make_header({test::ipv4(66, 9, 149, 187), test::ipv4(161, 142, 100, 80), 2794, 1766});
  const auto steering = rig.config.steer(header);
  CHECK(steering.hash == PacketHash{abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP_bit, 0x51ccc178});
  CHECK(steering.queue == mapping[0x51ccc178 % 128]);
}

TEST_CASE("a key whose grant fails leaves the key as it was, whatever the scratch page holds") {
  CtrlRig rig;
  CHECK(rig.ask(kSetAlgorithm, 1).status == kSuccess);
  CHECK(rig.ask(kSetFlags, 15).status == kSuccess);
  CHECK(request_key(rig, rig.grant(0, kDefaultHashKey), 40) == kSuccess);
  CHECK(rig.ask(kSetMappingSize, 128).status == kSuccess);
  CHECK(rig.ask(kSetMapping, rig.grant(1, std::vector<std::uint32_t>(128, 1)), 128, 0).status == kSuccess);
  const auto header = test::make_header({test::ipv4(66, 9, 149, 187), test::ipv4(161, 142, 100, 80), 2794, 1766});
  CHECK(request_key(rig, 60, 40) == kInvalid);
  CHECK(rig.config.steer(header).hash.value == 0x51ccc178);
  // Another domain's grant, and a frame that the guest has not.
  const auto foreign = *rig.guest->grants.grant_foreign_access(5, 0, true);
  const auto nowhere = *rig.guest->grants.grant_foreign_access(CtrlRig::kDriverDomain, 1000, true);
  CHECK(request_key(rig, foreign, 40) == kInvalid);
  CHECK(request_key(rig, nowhere, 40) == kInvalid);
  CHECK(rig.config.steer(header).hash.value == 0x51ccc178);
  CHECK(rig.guest->grants.pins() == 0);
}

TEST_CASE("a copy writes its bytes into the scratch page and nothing else of the driver domain's") {
  CtrlRig rig;
  for (std::uint32_t frame = 0; frame < 3; ++frame)
    std::ranges::fill(rig.driver_domain->arena.page(frame), std::byte{0x5a});
  CHECK(request_key(rig, rig.grant(0, kDefaultHashKey), 40) == kSuccess);
  const auto scratch = rig.driver_domain->arena.page(CtrlRig::kScratchFrame);
  CHECK(std::ranges::equal(scratch.first(40), kDefaultHashKey));
  for (const auto rest :
       {std::span<std::byte>(scratch).subspan(40), std::span<std::byte>(rig.driver_domain->arena.page(0)),
        std::span<std::byte>(rig.driver_domain->arena.page(2))})
    CHECK(std::ranges::all_of(rest, [](std::byte byte) { return byte == std::byte{0x5a}; }));
}

TEST_CASE("control: a producer beyond the ring, or behind what was consumed, disables the vif") {
  for (const std::uint32_t producer : {129u, 0x80000000u, 0xffffffffu}) {
    CtrlRig rig;
    header_of(rig).req_prod = producer;
    CHECK(rig.back.poll().next == Next::kDisabled);
    CHECK(rig.back.fault() == Fault::kRingOverflow);
    CHECK(rig.responses().empty());
    header_of(rig).req_prod = 1;
    CHECK(rig.back.poll().next == Next::kDisabled);
    CHECK(rig.responses().empty());
  }
  CtrlRig full;
  header_of(full).req_prod = 128;
  CHECK(full.back.poll().next == Next::kIdle);
}

TEST_CASE("control: what came before an impossible producer stays answered") {
  CtrlRig rig;
  CHECK(rig.ask(kSetAlgorithm, 1).status == kSuccess);
  header_of(rig).req_prod = 0;
  CHECK(rig.back.poll().next == Next::kDisabled);
  CHECK(rig.config.algorithm() == 1);
}

namespace {

// A guest that pushes another request whenever one of its grants is copied: the ring never runs dry.
class EndlessGuest final : public GrantCopier {
 public:
  explicit EndlessGuest(std::span<std::byte> ring) : header_(*reinterpret_cast<abi::sring_header*>(ring.data())) {}
  void copy(std::span<abi::gnttab_copy> operations) override {
    for (auto& operation : operations) operation.status = abi::GNTST_general_error;
    ++header_.req_prod;
    ++copies;
  }
  int copies = 0;

 private:
  abi::sring_header& header_;
};

}  // namespace

TEST_CASE("a poll takes as many requests as the ring has entries, and says that there is more") {
  PageArena pages(2);
  const std::span<std::byte> ring_bytes = pages.page(0);
  init_shared_ring(ring_bytes);
  EndlessGuest guest(ring_bytes);
  HashConfig config(4);
  CtrlBack back(*BackRing<CtrlRing>::attach(ring_bytes), 1, guest, {1, pages.page(1)}, config);
  auto* slots = reinterpret_cast<abi::netif_ctrl_request*>(ring_bytes.data() + kRingHeaderBytes);
  const auto refill = [&] { std::fill(slots, slots + 128, abi::netif_ctrl_request{1, kSetKey, {9, 40, 0}}); };
  refill();
  reinterpret_cast<abi::sring_header*>(ring_bytes.data())->req_prod = 64;
  CHECK(back.poll().next == Next::kPollAgain);
  CHECK(guest.copies == 128);
  CHECK(back.fault() == Fault::kNone);
  refill();
  CHECK(back.poll().next == Next::kPollAgain);
  CHECK(guest.copies == 256);
}

TEST_CASE("property: a hostile guest's 120,000 requests break nothing, and every grant is let go") {
  Random random(155);
  std::array<std::uint32_t, 4> statuses{};
  std::uint32_t polls_disabled = 0;
  for (int round = 0; round < 1200; ++round) {
    const auto queues = static_cast<std::uint32_t>(1 + random.below(8));
    CtrlRig rig(queues);
    std::vector<std::uint32_t> refs{0, 60, 63, 64, 0xffffffff};
    for (std::uint32_t frame = 0; frame < CtrlRig::kGuestPages; ++frame) {
      std::vector<std::uint32_t> entries(128);
      for (auto& entry : entries)
        entry = static_cast<std::uint32_t>(random.below(500) == 0 ? queues : random.below(queues));
      refs.push_back(rig.grant(frame, entries));
    }
    refs.push_back(*rig.guest->grants.grant_foreign_access(CtrlRig::kDriverDomain, 1000, true));
    refs.push_back(*rig.guest->grants.grant_foreign_access(7, 0, true));
    const auto number = [&](std::uint64_t bound) {
      return static_cast<std::uint32_t>(random.below(8) == 0 ? random.next() >> random.below(64) : random.below(bound));
    };
    std::uint32_t asked = 0;
    std::uint32_t answered = 0;
    for (int step = 0; step < 20 && rig.back.fault() == Fault::kNone; ++step) {
      std::vector<abi::netif_ctrl_request> requests(5);
      for (auto& request : requests) {
        request.id = static_cast<std::uint16_t>(random.next());
        request.type = static_cast<std::uint16_t>(number(12));
        for (auto& data : request.data) data = number(130);
        if (request.type == kSetAlgorithm && random.below(4) != 0) request.data[0] = 1;
        if (request.type == kSetKey || request.type == kSetMapping) {
          if (random.below(8) != 0) request.data[0] = refs[random.below(refs.size())];
          if (random.below(2) != 0) request.data[1] = number(41);
        }
      }
      rig.push(requests);
      asked += 5;
      if (round % 8 == 0 && step == 15)
        header_of(rig).req_prod += static_cast<std::uint32_t>(200 + random.below(1u << 31));
      const auto polled = rig.back.poll();
      polls_disabled += polled.next == Next::kDisabled;
      const auto responses = rig.responses();
      answered += static_cast<std::uint32_t>(responses.size());
      for (const auto& response : responses) {
        REQUIRE(response.status < statuses.size());
        ++statuses[response.status];
      }
      if (polled.next == Next::kIdle) REQUIRE(answered == asked);
      REQUIRE(std::ranges::all_of(rig.config.mapping(), [&](std::uint32_t queue) { return queue < queues; }));
      test::Bytes header =
          test::make_header({test::ipv4(9, 9, 9, 9), test::ipv4(5, 6, 7, 8), number(65536) % 65536, 80});
      REQUIRE(rig.config.queue_of(header) < queues);
    }
    REQUIRE(rig.guest->grants.pins() == 0);
    for (const std::uint32_t ref : refs)
      if (rig.guest->grants.is_granted(ref)) REQUIRE(rig.guest->grants.try_end_foreign_access(ref));
    REQUIRE(rig.guest->grants.in_use() == 0);
  }
  // The run was worth making.
  CHECK(statuses[0] + statuses[1] + statuses[2] >= 100'000);
  CHECK(statuses[kSuccess] > 10'000);
  CHECK(statuses[kInvalid] > 10'000);
  CHECK(statuses[abi::XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW] == 0);
  CHECK(polls_disabled == 150);
}
