// Random operations of three domains against the channels' rules written down once more, plainly.
#include <doctest/doctest.h>

#include <array>
#include <set>
#include <vector>

#include "base/random.h"
#include "native/event/event_fixture.h"

using namespace ringback;
using namespace ringback::test;

namespace {

constexpr std::uint32_t kDomains = 3;
constexpr std::uint32_t kPorts = 6;

struct ModelPort {
  int state = 0;  // 0 free, 1 unbound, 2 interdomain
  abi::domid_t remote = 0;
  Port remote_port = 0;
  bool pending = false;
  bool masked = false;
};

class Model {
 public:
  std::array<std::array<ModelPort, kPorts>, kDomains> ports;
  std::vector<Event> delivered;

  PortResult alloc(abi::domid_t domid, abi::domid_t remote) {
    const Port port = free_port(domid);
    if (port == 0) return {-28, 0};
    at(domid, port).state = 1;
    at(domid, port).remote = remote;
    at(domid, port).remote_port = 0;
    return {0, port};
  }

  PortResult bind(abi::domid_t domid, abi::domid_t remote, Port remote_port) {
    if (remote >= kDomains) return {-3, 0};
    const Port port = free_port(domid);
    if (port == 0) return {-28, 0};
    if (remote_port == 0 || remote_port >= kPorts) return {-22, 0};
    ModelPort& other = at(remote, remote_port);
    if (other.state != 1 || other.remote != domid) return {-22, 0};
    other = {2, domid, port, other.pending, other.masked};
    at(domid, port) = {2, remote, remote_port, at(domid, port).pending, at(domid, port).masked};
    raise(domid, port);
    return {0, port};
  }

  int close(abi::domid_t domid, Port port) {
    if (port == 0 || port >= kPorts || at(domid, port).state == 0) return -22;
    ModelPort& mine = at(domid, port);
    if (mine.state == 2) {
      ModelPort& other = at(mine.remote, mine.remote_port);
      other.state = 1;
      other.remote_port = 0;
    }
    mine = {0, 0, 0, false, mine.masked};
    return 0;
  }

  int send(abi::domid_t domid, Port port) {
    if (port == 0 || port >= kPorts || at(domid, port).state == 0) return -22;
    if (at(domid, port).state == 2) raise(at(domid, port).remote, at(domid, port).remote_port);
    return 0;
  }

  int set_mask(abi::domid_t domid, Port port, bool masked) {
    if (port == 0 || port >= kPorts) return -22;
    ModelPort& mine = at(domid, port);
    const bool deliver = !masked && mine.masked && mine.pending;
    mine.masked = masked;
    if (deliver) delivered.push_back({domid, port});
    return 0;
  }

  ModelPort& at(abi::domid_t domid, Port port) { return ports[domid][port]; }

 private:
  Port free_port(abi::domid_t domid) {
    for (Port port = 1; port < kPorts; ++port)
      if (at(domid, port).state == 0) return port;
    return 0;
  }
  void raise(abi::domid_t domid, Port port) {
    ModelPort& mine = at(domid, port);
    if (mine.pending) return;
    mine.pending = true;
    if (!mine.masked) delivered.push_back({domid, port});
  }
};

struct Duel {
  explicit Duel(std::uint64_t seed) : random(seed) {
    for (abi::domid_t domid = 0; domid < kDomains; ++domid) REQUIRE(events.add_domain(domid, kPorts));
  }

  void step() {
    const auto domid = static_cast<abi::domid_t>(random.below(kDomains));
    const auto other = static_cast<abi::domid_t>(random.below(kDomains + 1));
    const auto port = static_cast<Port>(random.below(kPorts + 1));
    const std::uint64_t choice = random.below(12);
    if (choice == 0) {
      same(events.alloc_unbound(domid, other), model.alloc(domid, other));
    } else if (choice <= 2) {
      same(events.bind_interdomain(domid, other, port), model.bind(domid, other, port));
    } else if (choice == 3) {
      REQUIRE(events.close(domid, port) == model.close(domid, port));
    } else if (choice <= 7) {
      REQUIRE(events.send(domid, port) == model.send(domid, port));
    } else if (choice == 8) {
      REQUIRE(events.mask(domid, port) == model.set_mask(domid, port, true));
    } else if (choice == 9) {
      REQUIRE(events.unmask(domid, port) == model.set_mask(domid, port, false));
    } else if (choice == 10) {
      clear(domid, port);
    } else {
      take(domid);
    }
    REQUIRE(sink.events == model.delivered);
    sink.events.clear();
    model.delivered.clear();
  }

  static void same(PortResult real, PortResult wanted) {
    REQUIRE(real.error == wanted.error);
    REQUIRE(real.port == wanted.port);
  }

  void clear(abi::domid_t domid, Port port) {
    const bool wanted = port != 0 && port < kPorts && model.at(domid, port).pending;
    REQUIRE(events.clear_pending(domid, port) == wanted);
    if (wanted) model.at(domid, port).pending = false;
  }

  void take(abi::domid_t domid) {
    std::vector<Port> wanted;
    const std::size_t room = random.below(4);
    for (Port port = 1; port < kPorts && wanted.size() < room; ++port) {
      ModelPort& mine = model.at(domid, port);
      if (!mine.pending || mine.masked) continue;
      mine.pending = false;
      wanted.push_back(port);
    }
    std::vector<Port> taken(room);
    taken.resize(events.take_pending(domid, taken));
    REQUIRE(taken == wanted);
  }

  void compare() {
    for (abi::domid_t domid = 0; domid < kDomains; ++domid) {
      for (Port port = 1; port < kPorts; ++port) {
        const ModelPort& wanted = model.at(domid, port);
        REQUIRE(events.is_pending(domid, port) == wanted.pending);
        REQUIRE(events.is_masked(domid, port) == wanted.masked);
        const PortLink link = events.status(domid, port);
        REQUIRE(static_cast<int>(link.state) == wanted.state);
        REQUIRE(link.remote_port == wanted.remote_port);
        if (wanted.state != 0) REQUIRE(link.remote == wanted.remote);
      }
    }
  }

  Random random;
  RecordingSink sink;
  EventChannels events{sink};
  Model model;
};

}  // namespace

TEST_CASE("half a million random channel operations behave as the model") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Duel duel(seed);
    for (int step = 0; step < 100'000; ++step) {
      duel.step();
      if (step % 16 == 0) duel.compare();
    }
  }
}
