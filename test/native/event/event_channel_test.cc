#include "event/event_channel.h"

#include <doctest/doctest.h>

#include <vector>

#include "native/event/event_fixture.h"

using namespace ringback;
using namespace ringback::test;

namespace {

constexpr abi::domid_t kBack = 1;
constexpr abi::domid_t kFront = 5;

struct EventFixture {
  EventFixture() {
    REQUIRE(events.add_domain(kBack, 8));
    REQUIRE(events.add_domain(kFront));
  }

  // As xenbus does: the front end offers, the back end binds. The bind's own event is taken away.
  void connect() {
    front = events.alloc_unbound(kFront, kBack).port;
    back = events.bind_interdomain(kBack, kFront, front).port;
    REQUIRE(events.clear_pending(kBack, back));
    sink.events.clear();
  }

  RecordingSink sink;
  EventChannels events{sink};
  Port front = 0;
  Port back = 0;
};

}  // namespace

TEST_CASE_FIXTURE(EventFixture, "binding connects both ends and makes the local one pending") {
  const PortResult offered = events.alloc_unbound(kFront, kBack);
  CHECK(offered.error == kEventOkay);
  CHECK(offered.port == 1);
  CHECK(events.status(kFront, 1) == PortLink{0, kBack, PortState::kUnbound});
  const PortResult bound = events.bind_interdomain(kBack, kFront, offered.port);
  CHECK(bound.error == kEventOkay);
  CHECK(events.status(kBack, bound.port) == PortLink{offered.port, kFront, PortState::kInterdomain});
  CHECK(events.status(kFront, offered.port) == PortLink{bound.port, kBack, PortState::kInterdomain});
  CHECK(events.is_pending(kBack, bound.port));
  CHECK_FALSE(events.is_pending(kFront, offered.port));
  CHECK(sink.events == std::vector<Event>{{kBack, bound.port}});
}

TEST_CASE_FIXTURE(EventFixture, "what cannot be bound") {
  const Port offered = events.alloc_unbound(kFront, kBack).port;
  REQUIRE(events.add_domain(9));
  CHECK(events.bind_interdomain(kBack, 77, offered).error == kNoDomain);
  CHECK(events.bind_interdomain(77, kFront, offered).error == kNoDomain);
  CHECK(events.bind_interdomain(9, kFront, offered).error == kBadPort);  // offered to somebody else
  CHECK(events.bind_interdomain(kBack, kFront, 2).error == kBadPort);
  CHECK(events.bind_interdomain(kBack, kFront, 0).error == kBadPort);
  CHECK(events.bind_interdomain(kBack, kFront, kMaxPorts).error == kBadPort);
  CHECK(events.bind_interdomain(kBack, kFront, 0xffffffff).error == kBadPort);
  CHECK(events.bind_interdomain(kBack, kFront, offered).error == kEventOkay);
  CHECK(events.bind_interdomain(kBack, kFront, offered).error == kBadPort);  // taken
  CHECK(events.status(9, 1).state == PortState::kClosed);
}

TEST_CASE_FIXTURE(EventFixture, "ports run out, the lowest free one comes first") {
  for (Port wanted = 1; wanted < 8; ++wanted) CHECK(events.alloc_unbound(kBack, kFront).port == wanted);
  CHECK(events.alloc_unbound(kBack, kFront).error == kNoPort);
  // No port is asked about before there is one to bind it to.
  CHECK(events.bind_interdomain(kBack, kFront, 0).error == kNoPort);
  CHECK(events.close(kBack, 6) == kEventOkay);
  CHECK(events.close(kBack, 3) == kEventOkay);
  CHECK(events.alloc_unbound(kBack, kFront).port == 3);
  CHECK(events.alloc_unbound(kBack, kFront).port == 6);
  for (Port wanted = 1; wanted < kMaxPorts; ++wanted) REQUIRE(events.alloc_unbound(kFront, 9).port == wanted);
  CHECK(events.alloc_unbound(kFront, 9).error == kNoPort);
}

TEST_CASE_FIXTURE(EventFixture, "sends coalesce while pending") {
  connect();
  CHECK(events.send(kFront, front) == kEventOkay);
  CHECK(events.send(kFront, front) == kEventOkay);
  CHECK(events.send(kFront, front) == kEventOkay);
  CHECK(sink.events == std::vector<Event>{{kBack, back}});
  CHECK(events.counters(kFront, front).sends == 3);
  CHECK(events.counters(kFront, front).coalesced == 2);
  CHECK(events.clear_pending(kBack, back));
  CHECK_FALSE(events.clear_pending(kBack, back));
  CHECK(events.send(kFront, front) == kEventOkay);
  CHECK(sink.events.size() == 2);
  CHECK(events.counters(kFront, front).coalesced == 2);
  CHECK(events.send(kBack, back) == kEventOkay);
  CHECK(sink.events.back() == Event{kFront, front});
}

TEST_CASE_FIXTURE(EventFixture, "a masked port becomes pending and is delivered when it is unmasked") {
  connect();
  CHECK(events.mask(kBack, back) == kEventOkay);
  CHECK(events.is_masked(kBack, back));
  CHECK(events.unmask(kBack, back) == kEventOkay);
  CHECK(sink.events.empty());
  CHECK(events.mask(kBack, back) == kEventOkay);
  CHECK(events.send(kFront, front) == kEventOkay);
  CHECK(events.is_pending(kBack, back));
  CHECK(sink.events.empty());
  CHECK(events.unmask(kBack, back) == kEventOkay);
  CHECK(sink.events == std::vector<Event>{{kBack, back}});
  CHECK(events.unmask(kBack, back) == kEventOkay);  // was not masked any more
  CHECK(sink.events.size() == 1);
}

TEST_CASE_FIXTURE(EventFixture, "closing leaves the peer unbound, and for the same domain only") {
  connect();
  CHECK(events.send(kBack, back) == kEventOkay);
  CHECK(events.send(kFront, front) == kEventOkay);
  CHECK(events.close(kBack, back) == kEventOkay);
  CHECK(events.status(kBack, back).state == PortState::kClosed);
  CHECK_FALSE(events.is_pending(kBack, back));
  CHECK(events.status(kFront, front) == PortLink{0, kBack, PortState::kUnbound});
  CHECK(events.is_pending(kFront, front));
  sink.events.clear();
  CHECK(events.send(kFront, front) == kEventOkay);  // lost, without an error
  CHECK(sink.events.empty());
  CHECK(events.send(kBack, back) == kBadPort);
  CHECK(events.close(kBack, back) == kBadPort);
  REQUIRE(events.add_domain(9));
  CHECK(events.bind_interdomain(9, kFront, front).error == kBadPort);
  const PortResult again = events.bind_interdomain(kBack, kFront, front);
  CHECK(again.error == kEventOkay);
  CHECK(events.counters(kBack, again.port).sends == 0);
}

TEST_CASE_FIXTURE(EventFixture, "a domain may talk to itself") {
  const Port near = events.alloc_unbound(kFront, abi::DOMID_SELF).port;
  const Port far = events.bind_interdomain(kFront, abi::DOMID_SELF, near).port;
  CHECK(near != far);
  sink.events.clear();
  CHECK(events.send(kFront, far) == kEventOkay);
  CHECK(sink.events == std::vector<Event>{{kFront, near}});
  CHECK(events.close(kFront, near) == kEventOkay);
  CHECK(events.status(kFront, far).state == PortState::kUnbound);
}

TEST_CASE_FIXTURE(EventFixture, "a domain that leaves closes its ports") {
  connect();
  CHECK(events.remove_domain(kBack));
  CHECK_FALSE(events.remove_domain(kBack));
  CHECK(events.status(kFront, front).state == PortState::kUnbound);
  CHECK(events.send(kFront, front) == kEventOkay);
  CHECK(events.send(kBack, back) == kNoDomain);
  CHECK(events.add_domain(kBack));
  CHECK_FALSE(events.add_domain(kBack));
  CHECK(events.status(kBack, back).state == PortState::kClosed);
}

TEST_CASE_FIXTURE(EventFixture, "calls on what does not exist change nothing") {
  for (const Port port : {0u, 8u, kMaxPorts, 0xffffffffu}) {
    CHECK(events.send(kBack, port) == kBadPort);
    CHECK(events.mask(kBack, port) == kBadPort);
    CHECK(events.unmask(kBack, port) == kBadPort);
    CHECK(events.close(kBack, port) == kBadPort);
    CHECK_FALSE(events.is_pending(kBack, port));
    CHECK_FALSE(events.is_masked(kBack, port));
    CHECK_FALSE(events.clear_pending(kBack, port));
    CHECK(events.counters(kBack, port).sends == 0);
  }
  for (const abi::domid_t domid : {abi::domid_t{2}, abi::DOMID_SELF}) {
    CHECK(events.send(domid, 1) == kNoDomain);
    CHECK(events.mask(domid, 1) == kNoDomain);
    CHECK(events.unmask(domid, 1) == kNoDomain);
    CHECK(events.close(domid, 1) == kNoDomain);
    CHECK(events.alloc_unbound(domid, 1).error == kNoDomain);
    CHECK_FALSE(events.is_upcall_pending(domid));
  }
  CHECK(events.send(kBack, 1) == kBadPort);
  CHECK(sink.events.empty());
}

TEST_CASE_FIXTURE(EventFixture, "an upcall takes the deliverable ports, the lowest first, as many as fit") {
  std::vector<Port> ports;
  for (int i = 0; i < 200; ++i) {
    ports.push_back(events.alloc_unbound(kFront, abi::DOMID_SELF).port);
    REQUIRE(events.bind_interdomain(kFront, abi::DOMID_SELF, ports.back()).error == kEventOkay);
  }
  std::vector<Port> taken(kMaxPorts);
  CHECK(events.is_upcall_pending(kFront));
  CHECK(events.take_pending(kFront, taken) == 200);
  CHECK_FALSE(events.is_upcall_pending(kFront));
  CHECK(events.take_pending(kFront, taken) == 0);

  CHECK(events.mask(kFront, ports[0]) == kEventOkay);
  for (const int i : {150, 0, 3, 149, 2}) CHECK(events.send(kFront, ports[static_cast<std::size_t>(i)] + 1) == 0);
  std::vector<Port> few(2);
  CHECK(events.take_pending(kFront, few) == 2);
  CHECK(few == std::vector<Port>{ports[2], ports[3]});
  CHECK(events.is_upcall_pending(kFront));
  CHECK(events.take_pending(kFront, {}) == 0);
  CHECK(events.take_pending(kFront, few) == 2);
  CHECK(few == std::vector<Port>{ports[149], ports[150]});
  CHECK_FALSE(events.is_upcall_pending(kFront));
  CHECK(events.unmask(kFront, ports[0]) == kEventOkay);
  CHECK(events.take_pending(kFront, few) == 1);
  CHECK(few[0] == ports[0]);
  CHECK(events.take_pending(77, few) == 0);
}

TEST_CASE("a sink may call back into the channels") {
  struct Echo final : EventSink {
    void on_event(abi::domid_t domid, Port port) override {
      if (deliveries++ > 10) return;
      channels->clear_pending(domid, port);
      CHECK(channels->close(domid, channels->alloc_unbound(domid, domid).port) == kEventOkay);
      CHECK(channels->send(domid, port) == kEventOkay);
    }
    EventChannels* channels = nullptr;
    int deliveries = 0;
  } echo;
  EventChannels events(echo);
  echo.channels = &events;
  REQUIRE(events.add_domain(1));
  REQUIRE(events.add_domain(2));
  const Port port = events.alloc_unbound(1, 2).port;
  CHECK(events.bind_interdomain(2, 1, port).error == kEventOkay);
  CHECK(echo.deliveries == 12);
}
