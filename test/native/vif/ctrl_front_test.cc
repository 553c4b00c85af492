#include "vif/ctrl_front.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "memory/grant_copy.h"
#include "native/vif/header_fixture.h"
#include "ring/back_ring.h"
#include "vif/ctrl_back.h"

using namespace ringback;
using Next = CtrlFront::Next;

namespace {

constexpr std::uint32_t kSuccess = abi::XEN_NETIF_CTRL_STATUS_SUCCESS;
constexpr std::uint32_t kInvalid = abi::XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
constexpr abi::domid_t kDriverDomain = 0;

// A guest whose back end a test plays: hostile or not.
struct FrontRig {
  FrontRig()
      : guest(std::make_shared<Domain>(abi::domid_t{1}, PageArena(4), GrantTable(16, Sharing::kOneThread))),
        driver_domain(std::make_shared<Domain>(kDriverDomain, PageArena(1), GrantTable(8, Sharing::kOneThread))),
        copier(domains, kDriverDomain, Payload::kCopy) {
    static_cast<void>(domains.add(guest) && domains.add(driver_domain));
    for (std::uint32_t frame = 0; frame < 4; ++frame) std::ranges::fill(guest->arena.page(frame), std::byte{0xee});
    front = std::make_unique<CtrlFront>(*guest, kDriverDomain);
    back.emplace(*BackRing<CtrlRing>::attach(front->ring_memory()));
  }

  // The request that is out, if there is one.
  std::optional<abi::netif_ctrl_request> take() {
    abi::netif_ctrl_request request;
    if (back->consume_requests({&request, 1}).count == 0) return std::nullopt;
    return request;
  }
  bool respond(const abi::netif_ctrl_response& response) {
    back->put_response(response);
    return back->push_responses_and_check_notify();
  }
  bool answer(const abi::netif_ctrl_request& request, std::uint32_t status = kSuccess, std::uint32_t data = 0) {
    return respond({request.id, request.type, status, data});
  }
  [[nodiscard]] std::span<std::byte> page_of(abi::grant_ref_t ref) const {
    return guest->arena.page(guest->grants.load(ref).frame);
  }

  DomainTable domains;
  std::shared_ptr<Domain> guest;
  std::shared_ptr<Domain> driver_domain;
  LocalGrantCopier copier;
  std::unique_ptr<CtrlFront> front;
  std::optional<BackRing<CtrlRing>> back;
};

void check_dead(FrontRig& rig, Fault fault) {
  const auto polled = rig.front->poll();
  CHECK(polled.next == Next::kDisabled);
  CHECK_FALSE(polled.notify);
  CHECK(fault_name(rig.front->fault()) == fault_name(fault));
  CHECK_FALSE(rig.front->may_ask());
  CHECK(rig.front->poll().next == Next::kDisabled);
  CHECK_FALSE(rig.take());
}

}  // namespace

TEST_CASE("configure asks one thing after another, each when the one before succeeded") {
  FrontRig rig;
  const std::vector<std::uint32_t> mapping{1, 0, 2};
  CHECK(rig.front->configure({.flags = 5, .mapping = mapping}));
  const std::array<std::uint16_t, 5> types = {
      abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, abi::XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS,
      abi::XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE,
      abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING};
  for (std::size_t i = 0; i < types.size(); ++i) {
    CAPTURE(i);
    CHECK(rig.front->poll().next == Next::kWaiting);
    CHECK_FALSE(rig.front->may_ask());
    const auto request = rig.take();
    REQUIRE(request);
    CHECK_FALSE(rig.take());
    CHECK(request->id == i);
    CHECK(request->type == types[i]);
    if (i == 0) CHECK(request->data[0] == abi::XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
    if (i == 1) CHECK(request->data[0] == 5);
    if (i == 2) {
      CHECK(request->data[1] == 40);
      CHECK(std::ranges::equal(rig.page_of(request->data[0]).first(40), kDefaultHashKey));
    }
    if (i == 3) CHECK(request->data[0] == 3);
    if (i == 4) {
      CHECK(request->data[1] == 3);
      CHECK(request->data[2] == 0);
      CHECK(std::memcmp(rig.page_of(request->data[0]).data(), mapping.data(), 12) == 0);
    }
    CHECK_FALSE(rig.back->final_check_for_requests());
    CHECK(rig.answer(*request));  // the front end sleeps until each of the answers
    const auto polled = rig.front->poll();
    CHECK(polled.next == (i == 4 ? Next::kConfigured : Next::kWaiting));
    CHECK(polled.notify == (i < 4));
  }
  CHECK(rig.front->poll().next == Next::kIdle);
  CHECK(rig.front->may_ask());
  CHECK(rig.guest->grants.in_use() == 0);
}

TEST_CASE("configure without a mapping ends with its size, 0") {
  FrontRig rig;
  CHECK(rig.front->configure({}));
  std::uint32_t requests = 0;
  for (Next next = Next::kWaiting; next == Next::kWaiting; ++requests) {
    const auto request = rig.take();
    REQUIRE(request);
    CHECK(rig.answer(*request));
    next = rig.front->poll().next;
  }
  CHECK(requests == 4);
  CHECK(rig.front->response().type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE);
}

TEST_CASE("configure ends where it is refused, and may begin again") {
  for (std::uint32_t refused = 0; refused < 5; ++refused) {
    FrontRig rig;
    static_cast<void>(rig.front->configure({.mapping = {0}}));
    for (std::uint32_t i = 0; i <= refused; ++i) {
      const auto request = rig.take();
      REQUIRE(request);
      // Any other status than success refuses, known or not.
      static_cast<void>(rig.answer(*request, i == refused ? 1 + refused : kSuccess));
      CHECK(rig.front->poll().next == (i == refused ? Next::kRefused : Next::kWaiting));
    }
    CHECK(rig.front->response().status == 1 + refused);
    CHECK_FALSE(rig.take());
    CHECK(rig.guest->grants.in_use() == 0);
    CHECK(rig.front->poll().next == Next::kIdle);
    static_cast<void>(rig.front->configure({}));
    CHECK(rig.take()->type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM);
  }
}

TEST_CASE("the page is granted readonly to the back end while its request is out, and never shows old bytes") {
  FrontRig rig;
  const std::array key{std::byte{1}, std::byte{2}, std::byte{3}};
  static_cast<void>(rig.front->set_key(key));
  const auto request = rig.take();
  REQUIRE(request);
  const auto entry = rig.guest->grants.load(request->data[0]);
  CHECK(entry.flags == (abi::GTF_permit_access | abi::GTF_readonly));
  CHECK(entry.domid == kDriverDomain);
  CHECK(request->data[1] == 3);
  const auto page = rig.page_of(request->data[0]);
  CHECK(std::ranges::equal(page.first(3), key));
  CHECK(std::ranges::all_of(page.subspan(3), [](std::byte byte) { return byte == std::byte{0}; }));
  CHECK(rig.front->poll().next == Next::kWaiting);
  CHECK(rig.guest->grants.in_use() == 1);
  static_cast<void>(rig.answer(*request, kInvalid));
  CHECK(rig.front->poll().next == Next::kAnswered);
  CHECK(rig.front->response().status == kInvalid);
  CHECK(rig.guest->grants.in_use() == 0);
}

TEST_CASE("single requests say what they ask, and give the back end's data") {
  FrontRig rig;
  const auto exchange = [&](std::uint32_t data) {
    const auto request = rig.take();
    REQUIRE(request);
    static_cast<void>(rig.answer(*request, kSuccess, data));
    CHECK(rig.front->poll().next == Next::kAnswered);
    CHECK(rig.front->response().data == data);
    return *request;
  };
  CHECK(rig.front->get_flags());
  CHECK(exchange(15).type == abi::XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS);
  static_cast<void>(rig.front->get_mapping_size());
  CHECK(exchange(128).type == abi::XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE);
  static_cast<void>(rig.front->set_mapping(7, std::array{1u, 2u}));
  const auto mapping = exchange(0);
  CHECK(mapping.type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING);
  CHECK(mapping.data[1] == 2);
  CHECK(mapping.data[2] == 7);
}

TEST_CASE("a rogue back end: an answer of another id or type ends the control ring and takes the grant back") {
  for (const bool wrong_id : {true, false}) {
    for (const std::uint16_t off : {std::uint16_t{1}, std::uint16_t{0xffff}, std::uint16_t{0x8000}}) {
      FrontRig rig;
      static_cast<void>(rig.front->set_key(kDefaultHashKey));
      auto request = *rig.take();
      (wrong_id ? request.id : request.type) = static_cast<std::uint16_t>((wrong_id ? request.id : request.type) + off);
      static_cast<void>(rig.answer(request));
      check_dead(rig, Fault::kBadResponse);
      CHECK(rig.guest->grants.in_use() == 0);
    }
  }
}

TEST_CASE("a rogue back end: answers that nobody asked for") {
  for (const std::uint32_t producer : {1u, 128u, 0x80000000u, 0xffffffffu}) {
    FrontRig idle;
    reinterpret_cast<abi::sring_header*>(idle.front->ring_memory().data())->rsp_prod = producer;
    check_dead(idle, Fault::kResponseOverflow);
    FrontRig waiting;
    static_cast<void>(waiting.front->set_key(kDefaultHashKey));
    CHECK(waiting.take());
    // One answer would be in order.
    reinterpret_cast<abi::sring_header*>(waiting.front->ring_memory().data())->rsp_prod = std::max(producer, 2u);
    check_dead(waiting, Fault::kResponseOverflow);
    CHECK(waiting.guest->grants.in_use() == 0);
  }
}

TEST_CASE("a rogue back end: an answer more, found out with the good one") {
  FrontRig rig;
  static_cast<void>(rig.front->configure({}));
  const auto request = *rig.take();
  static_cast<void>(rig.answer(request));
  CHECK(rig.front->poll().next == Next::kWaiting);
  // The second request is out; the first one is answered again.
  static_cast<void>(rig.take());
  static_cast<void>(rig.answer(request));
  check_dead(rig, Fault::kBadResponse);
}

TEST_CASE("a rogue back end: a key is answered while its page is still read; the page is never used again") {
  FrontRig rig;
  const std::uint32_t free_pages = rig.guest->arena.free_pages();
  static_cast<void>(rig.front->set_key(kDefaultHashKey));
  const auto request = *rig.take();
  CHECK(rig.guest->grants.pin(request.data[0], kDriverDomain, Access::kRead, 4).status == abi::GNTST_okay);
  static_cast<void>(rig.answer(request));
  check_dead(rig, Fault::kGrantInUse);
  rig.front.reset();
  CHECK(rig.guest->grants.is_granted(request.data[0]));
  CHECK(rig.guest->arena.free_pages() == free_pages + 1);
  rig.guest->grants.unpin(request.data[0], Access::kRead);
}

TEST_CASE("a control front end that goes gives back its pages and its grant") {
  FrontRig rig;
  static_cast<void>(rig.front->set_key(kDefaultHashKey));
  rig.front.reset();
  CHECK(rig.guest->grants.in_use() == 0);
  CHECK(rig.guest->arena.free_pages() == 4);
}

TEST_CASE("both ends together: a guest configures its back end and frames are steered as it said") {
  FrontRig rig;
  HashConfig config(5);
  CtrlBack back(*rig.back, 1, rig.copier, {0, rig.driver_domain->arena.page(0)}, config);
  std::vector<std::uint32_t> mapping(128);
  for (std::uint32_t i = 0; i < 128; ++i) mapping[i] = i * 7 % 5;
  // Twice: the ring and the page are used again, also where the ring wraps.
  for (int round = 0; round < 60; ++round) {
    bool notify_back = rig.front->configure({.mapping = mapping});
    Next next = Next::kWaiting;
    for (int step = 0; step < 5; ++step) {
      REQUIRE(notify_back);
      const auto served = back.poll();
      REQUIRE(served.next == CtrlBack::Next::kIdle);
      REQUIRE(served.notify);
      const auto polled = rig.front->poll();
      next = polled.next;
      notify_back = polled.notify;
    }
    REQUIRE(next == Next::kConfigured);
  }
  const auto header = test::make_header({test::ipv4(66, 9, 149, 187), test::ipv4(161, 142, 100, 80), 2794, 1766});
  CHECK(config.steer(header).hash.value == 0x51ccc178);
  CHECK(config.queue_of(header) == mapping[0x51ccc178 % 128]);
  CHECK(rig.guest->grants.in_use() == 0);
  CHECK(rig.guest->grants.pins() == 0);
  // A mapping that names a queue which the vif has not is refused, and the old one stays.
  static_cast<void>(rig.front->configure({.mapping = {5}}));
  Next next = Next::kWaiting;
  while (next == Next::kWaiting) {
    static_cast<void>(back.poll());
    next = rig.front->poll().next;
  }
  CHECK(next == Next::kRefused);
  CHECK(rig.front->response().type == abi::XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING);
  CHECK(rig.front->response().status == kInvalid);
}

TEST_CASE("property: a rogue back end's random answers never leave a grant behind") {
  Random random(403);
  std::uint32_t configured = 0;
  for (int round = 0; round < 20'000; ++round) {
    FrontRig rig;
    static_cast<void>(rig.front->configure({.mapping = {0, 1}}));
    for (int step = 0; step < 8; ++step) {
      if (const auto request = rig.take()) {
        abi::netif_ctrl_response response{request->id, request->type, 0, static_cast<std::uint32_t>(random.next())};
        if (random.below(30) == 0) response.id = static_cast<std::uint16_t>(random.next());
        if (random.below(30) == 0) response.type = static_cast<std::uint16_t>(random.below(12));
        if (random.below(30) == 0) response.status = static_cast<std::uint32_t>(random.below(5));
        if (random.below(4) != 0) static_cast<void>(rig.respond(response));
      }
      if (random.below(30) == 0)
        reinterpret_cast<abi::sring_header*>(rig.front->ring_memory().data())->rsp_prod +=
            static_cast<std::uint32_t>(random.below(3));
      configured += rig.front->poll().next == Next::kConfigured;
      // Granted exactly while a request is out, and one page at most.
      REQUIRE(rig.guest->grants.in_use() <= (rig.front->may_ask() || rig.front->fault() != Fault::kNone ? 0u : 1u));
    }
    rig.front.reset();
    REQUIRE(rig.guest->grants.in_use() == 0);
    REQUIRE(rig.guest->arena.free_pages() == 4);
  }
  CHECK(configured > 1000);
}
