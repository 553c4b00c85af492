// A sink that remembers, for the tests of native/event.
#pragma once
#include <vector>

#include "event/event_channel.h"

namespace ringback::test {

struct Event {
  abi::domid_t domid;
  Port port;
  bool operator==(const Event&) const = default;
};

struct RecordingSink final : EventSink {
  void on_event(abi::domid_t domid, Port port) override { events.push_back({domid, port}); }
  std::vector<Event> events;
};

}  // namespace ringback::test
