#include "net/bridge.h"

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <vector>

#include "base/random.h"

using namespace ringback;

namespace {

using Kind = Bridge::Decision::Kind;
using Header = std::array<std::byte, 14>;

constexpr TimeNs kAgeing = 300 * kNsPerSecond;
constexpr Bridge::Decision kFlood{Kind::kFlood};
constexpr Bridge::Decision kDrop{Kind::kDrop};
constexpr std::uint64_t kA = 0x00163e000001;
constexpr std::uint64_t kB = 0x00163e000002;
constexpr std::uint64_t kC = 0x00163e000003;
constexpr std::uint64_t kBroadcast = 0xffffffffffff;
constexpr std::uint64_t kReserved = 0x0180c2000000;

Bridge::Decision to(std::uint32_t port) { return {Kind::kPort, port}; }

Header frame(std::uint64_t source, std::uint64_t destination) {
  Header header{};
  for (std::size_t i = 0; i < 6; ++i) {
    header[i] = static_cast<std::byte>(destination >> (40 - 8 * i));
    header[6 + i] = static_cast<std::byte>(source >> (40 - 8 * i));
  }
  return header;
}

Bridge::Decision send(Bridge& bridge, TimeNs now, std::uint32_t port, std::uint64_t source, std::uint64_t destination) {
  return bridge.forward(now, port, frame(source, destination));
}

// Where a frame to the station goes, asked from a port by a frame that nobody learns from: its source is known there.
Bridge::Decision ask(Bridge& bridge, TimeNs now, std::uint64_t station) { return send(bridge, now, 0, kA, station); }

}  // namespace

TEST_CASE("a station is flooded to until it has spoken, then reached on its port alone") {
  Bridge bridge({.ports = 3});
  CHECK(send(bridge, 0, 0, kA, kB) == kFlood);
  CHECK(send(bridge, 0, 1, kB, kA) == to(0));
  CHECK(send(bridge, 0, 0, kA, kB) == to(1));
  CHECK(send(bridge, 0, 2, kC, kB) == to(1));
  CHECK(bridge.learned() == 3);
  CHECK(bridge.size() == 3);
  CHECK(bridge.moved() == 0);
  CHECK(bridge.refused() == 0);
}

TEST_CASE("two stations behind one port are not told what they told each other") {
  Bridge bridge({.ports = 2});
  CHECK(send(bridge, 0, 1, kB, kBroadcast) == kFlood);
  CHECK(send(bridge, 0, 1, kC, kB) == kDrop);
  CHECK(send(bridge, 0, 1, kC, kC) == kDrop);
}

TEST_CASE("group addresses are flooded, never learned") {
  Bridge bridge({.ports = 2});
  for (const std::uint64_t group : {kBroadcast, 0x01005e000001ul, 0x333300000001ul, 0x0180c2000010ul, 0x0180c1000000ul})
    CHECK(send(bridge, 0, 0, kA, group) == kFlood);
  CHECK(bridge.size() == 1);
  CHECK(send(bridge, 0, 0, 0x01005e000001, kBroadcast) == kDrop);
  CHECK(send(bridge, 0, 0, kBroadcast, kA) == kDrop);
  CHECK(bridge.size() == 1);
}

TEST_CASE("the zero address: dropped as a source, unknown as a destination") {
  Bridge bridge({.ports = 2});
  CHECK(send(bridge, 0, 0, 0, kBroadcast) == kDrop);
  CHECK(bridge.size() == 0);
  CHECK(send(bridge, 0, 1, kA, 0) == kFlood);
}

TEST_CASE("reserved group addresses stay on their link; their senders are learned, but for pause frames") {
  for (std::uint64_t last = 0; last < 16; ++last) {
    CAPTURE(last);
    Bridge bridge({.ports = 2});
    CHECK(send(bridge, 0, 0, kA, kReserved + last) == kDrop);
    CHECK(bridge.size() == (last == 1 ? 0 : 1));
  }
}

TEST_CASE("a frame without a whole Ethernet header is dropped, a longer one read no further") {
  Bridge bridge({.ports = 2});
  const Header header = frame(kA, kBroadcast);
  for (std::size_t bytes = 0; bytes < header.size(); ++bytes)
    CHECK(bridge.forward(0, 0, std::vector(header.begin(), header.begin() + bytes)) == kDrop);
  CHECK(bridge.size() == 0);
  CHECK(bridge.forward(0, 0, std::vector(header.begin(), header.end())) == kFlood);
}

TEST_CASE("a station that moves is followed at once") {
  Bridge bridge({.ports = 3});
  CHECK(send(bridge, 0, 1, kB, kBroadcast) == kFlood);
  CHECK(ask(bridge, 1, kB) == to(1));
  CHECK(send(bridge, 1, 2, kB, kBroadcast) == kFlood);
  CHECK(ask(bridge, 1, kB) == to(2));
  CHECK(bridge.moved() == 1);
  CHECK(bridge.learned() == 2);
  CHECK(bridge.size() == 2);
}

TEST_CASE("an address is used for less than its ageing time, counted from when it was last heard as a source") {
  Bridge bridge({.ports = 2});
  CHECK(send(bridge, 0, 1, kB, kBroadcast) == kFlood);
  CHECK(ask(bridge, kAgeing - 1, kB) == to(1));
  CHECK(ask(bridge, kAgeing, kB) == kFlood);  // being asked for is no refreshment
  CHECK(send(bridge, kAgeing, 1, kB, kBroadcast) == kFlood);
  CHECK(send(bridge, kAgeing + 5, 1, kB, kBroadcast) == kFlood);
  CHECK(ask(bridge, 2 * kAgeing + 4, kB) == to(1));
  CHECK(ask(bridge, 2 * kAgeing + 5, kB) == kFlood);
}

TEST_CASE("an aged station that speaks elsewhere is learned anew, not moved") {
  Bridge bridge({.ports = 2, .ageing_ns = 10});
  CHECK(send(bridge, 0, 0, kB, kBroadcast) == kFlood);
  CHECK(send(bridge, 10, 1, kB, kBroadcast) == kFlood);
  CHECK(bridge.learned() == 2);
  CHECK(bridge.moved() == 0);
  CHECK(bridge.size() == 1);
}

TEST_CASE("an ageing time of 0 makes a hub, one of kNever never forgets") {
  Bridge hub({.ports = 2, .ageing_ns = 0});
  CHECK(send(hub, 0, 1, kB, kBroadcast) == kFlood);
  CHECK(ask(hub, 0, kB) == kFlood);
  CHECK(hub.learned() == 0);
  Bridge bridge({.ports = 2, .ageing_ns = kNever});
  CHECK(send(bridge, 0, 1, kB, kBroadcast) == kFlood);
  CHECK(ask(bridge, kNever - 1, kB) == to(1));
}

TEST_CASE("a port that is forgotten is flooded to, the others are not") {
  Bridge bridge({.ports = 3});
  for (std::uint64_t i = 0; i < 100; ++i) CHECK(send(bridge, 0, 1, 0x020000000000 + i, kBroadcast) == kFlood);
  CHECK(send(bridge, 0, 2, kC, kBroadcast) == kFlood);
  CHECK(ask(bridge, 0, 0x020000000000) == to(1));
  bridge.forget_port(1);
  CHECK(bridge.size() == 2);
  for (std::uint64_t i = 0; i < 100; ++i) CHECK(ask(bridge, 0, 0x020000000000 + i) == kFlood);
  CHECK(ask(bridge, 0, kC) == to(2));
  bridge.forget_port(1);
  CHECK(send(bridge, 0, 1, kB, kA) == to(0));
  CHECK(ask(bridge, 0, kB) == to(1));
}

TEST_CASE("a flood of sources from one port takes nothing from the others, and stops at the port's bound") {
  constexpr std::uint32_t kPorts = 3;
  Bridge bridge({.ports = kPorts, .hash_seed = 42});
  constexpr std::uint64_t kMine = 0x02aa00000000;
  for (std::uint64_t i = 0; i < Bridge::kMaxAddressesPerPort; ++i)
    CHECK(send(bridge, 0, 1, kMine + i, kBroadcast) == kFlood);
  CHECK(ask(bridge, 0, kMine) == to(1));

  Random random(7);
  for (TimeNs now = 1; now <= 1'000'000; ++now)
    REQUIRE(send(bridge, now, 2, random.next() & 0xfeffffffffff, kBroadcast) == kFlood);
  CHECK(bridge.refused() == 1'000'000 - Bridge::kMaxAddressesPerPort);
  CHECK(bridge.size() == 2 * Bridge::kMaxAddressesPerPort + 1);
  for (std::uint64_t i = 0; i < Bridge::kMaxAddressesPerPort; ++i) REQUIRE(ask(bridge, 1'000'000, kMine + i) == to(1));
  CHECK(bridge.moved() == 0);

  // A full port cannot take over a station of another one either.
  CHECK(send(bridge, 1'000'000, 2, kMine, kBroadcast) == kFlood);
  CHECK(ask(bridge, 1'000'000, kMine) == to(1));
  CHECK(bridge.refused() == 1'000'001 - Bridge::kMaxAddressesPerPort);
}

TEST_CASE("a full port learns again when its oldest address has aged, one for one") {
  Bridge bridge({.ports = 2, .ageing_ns = 10'000});
  constexpr std::uint64_t kMine = 0x02aa00000000;
  for (std::uint64_t i = 0; i < Bridge::kMaxAddressesPerPort; ++i)
    CHECK(send(bridge, i, 1, kMine + i, kBroadcast) == kFlood);
  CHECK(send(bridge, 5000, 1, kMine, kBroadcast) == kFlood);  // so the second one is the oldest
  CHECK(send(bridge, 10'000, 1, kB, kBroadcast) == kFlood);
  CHECK(bridge.refused() == 1);
  CHECK(send(bridge, 10'001, 1, kB, kBroadcast) == kFlood);
  CHECK(send(bridge, 10'001, 1, kC, kBroadcast) == kFlood);
  CHECK(bridge.refused() == 2);
  CHECK(ask(bridge, 10'001, kB) == to(1));
  CHECK(ask(bridge, 10'001, kC) == kFlood);
  CHECK(ask(bridge, 10'001, kMine) == to(1));
  CHECK(ask(bridge, 10'001, kMine + 1) == kFlood);
  CHECK(ask(bridge, 10'001, kMine + 2) == to(1));
  CHECK(bridge.size() == Bridge::kMaxAddressesPerPort + 1);
}

TEST_CASE("who knows the hash's seed can fill a pair of buckets and nothing else") {
  constexpr std::uint64_t kSeed = 99;
  constexpr std::uint64_t kMask = 2 * 2 * Bridge::kMaxAddressesPerPort / Bridge::kBucketSlots - 1;
  const auto is_of_pair = [](std::uint64_t address) {
    const std::uint64_t hash = Bridge::hash(kSeed, address);
    return (hash & kMask) < 2 && (hash >> 32 & kMask) < 2 && (hash & kMask) != (hash >> 32 & kMask);
  };
  std::vector<std::uint64_t> colliding;
  for (std::uint64_t address = 0x020000000000; colliding.size() < 33; ++address)
    if (is_of_pair(address)) colliding.push_back(address);

  Bridge bridge({.ports = 2, .ageing_ns = 1000, .hash_seed = kSeed});
  for (std::uint64_t i = 0; i < 16; ++i) CHECK(send(bridge, i, 1, colliding[i], kBroadcast) == kFlood);
  CHECK(bridge.refused() == 0);
  CHECK(send(bridge, 16, 0, colliding[16], kBroadcast) == kFlood);
  CHECK(bridge.refused() == 1);
  for (std::uint64_t i = 0; i < 16; ++i) CHECK(ask(bridge, 16, colliding[i]) == to(1));
  CHECK(ask(bridge, 16, colliding[16]) == kFlood);
  // Each address that ages gives way to one more, whichever bucket it is in and whoever taught it. Others stay.
  for (std::uint64_t i = 0; i < 16; ++i) {
    CAPTURE(i);
    CHECK(ask(bridge, 1000 + i, colliding[i]) == kFlood);
    CHECK(send(bridge, 1000 + i, 0, colliding[16 + i], kBroadcast) == kFlood);
    CHECK(bridge.refused() == 1 + i);
    CHECK(send(bridge, 1000 + i, 1, kB, colliding[16 + i]) == to(0));
    CHECK(send(bridge, 1000 + i, 0, colliding[32], kBroadcast) == kFlood);
    CHECK(bridge.refused() == 2 + i);
    for (std::uint64_t younger = i + 1; younger < 16; ++younger)
      CHECK(ask(bridge, 1000 + i, colliding[younger]) == to(1));
    CHECK(bridge.size() == 16 + 2);
  }
  bridge.forget_port(0);
  CHECK(bridge.size() == 1);
}

TEST_CASE("the hash spreads neighbouring addresses and depends on its seed") {
  std::array<std::uint32_t, 256> low{};
  std::array<std::uint32_t, 256> high{};
  std::uint32_t same = 0;
  for (std::uint64_t i = 0; i < 25'600; ++i) {
    const std::uint64_t hash = Bridge::hash(5, 0x00163e000000 + i);
    ++low[hash & 255];
    ++high[hash >> 32 & 255];
    same += (hash & 255) == (Bridge::hash(6, 0x00163e000000 + i) & 255);
  }
  for (const auto& counts : {low, high})
    for (const std::uint32_t count : counts) CHECK((count > 50 && count < 160));
  CHECK((same > 50 && same < 160));
}

TEST_CASE("the largest bridge there may be works at its last port") {
  Bridge bridge({.ports = Bridge::kMaxPorts});
  CHECK(send(bridge, 0, Bridge::kMaxPorts - 1, kB, kBroadcast) == kFlood);
  CHECK(ask(bridge, 0, kB) == to(Bridge::kMaxPorts - 1));
}

namespace {

// The rules in words a map understands: nothing is cleared away, an aged entry is no entry.
class Model {
 public:
  explicit Model(TimeNs ageing_ns) : ageing_ns_(ageing_ns) {}

  Bridge::Decision forward(TimeNs now, std::uint32_t port, std::uint64_t source, std::uint64_t destination) {
    if (source == 0 || (source >> 40 & 1) != 0 || destination == kReserved + 1) return kDrop;
    learn(now, port, source);
    if (destination >> 4 == kReserved >> 4) return kDrop;
    if ((destination >> 40 & 1) != 0 || !is_live(now, destination)) return kFlood;
    return stations_[destination].port == port ? kDrop : to(stations_[destination].port);
  }
  void forget_port(std::uint32_t port) {
    std::erase_if(stations_, [port](const auto& entry) { return entry.second.port == port; });
  }

  std::uint64_t learned = 0;
  std::uint64_t moved = 0;
  std::uint64_t refused = 0;

 private:
  struct Station {
    std::uint32_t port;
    TimeNs heard_ns;
  };

  bool is_live(TimeNs now, std::uint64_t address) const {
    const auto at = stations_.find(address);
    return at != stations_.end() && now - at->second.heard_ns < ageing_ns_;
  }
  void learn(TimeNs now, std::uint32_t port, std::uint64_t source) {
    const bool known = is_live(now, source);
    if (!known || stations_[source].port != port) {
      std::uint32_t live = 0;
      for (const auto& [address, station] : stations_) live += station.port == port && is_live(now, address);
      if (live == Bridge::kMaxAddressesPerPort) {
        ++refused;
        return;
      }
      ++(known ? moved : learned);
    }
    stations_[source] = {port, now};
  }

  TimeNs ageing_ns_;
  std::map<std::uint64_t, Station> stations_;
};

// Few addresses, so that they meet; now and then a special one.
std::uint64_t any_address(Random& random, std::uint64_t stations) {
  switch (random.below(40)) {
    case 0:
      return 0;
    case 1:
      return kBroadcast;
    case 2:
      return kReserved + random.below(20);
    default:
      return 0x00163e000000 + random.below(stations);
  }
}

struct Traffic {
  std::uint64_t seed;
  std::uint32_t ports;
  std::uint64_t stations;
  TimeNs ageing_ns;
  TimeNs step_ns;
  int frames;
};

// Random frames on a bridge and its model, which is returned.
Model compare(const Traffic& traffic) {
  CAPTURE(traffic.seed);
  const auto& [seed, ports, stations, ageing_ns, step_ns, frames] = traffic;
  Random random(seed);
  Bridge bridge({.ports = ports, .ageing_ns = ageing_ns, .hash_seed = random.next()});
  Model model(ageing_ns);
  TimeNs now = 0;
  for (int i = 0; i < frames; ++i) {
    now += random.below(step_ns);
    const auto port = static_cast<std::uint32_t>(random.below(ports));
    if (random.below(2000) == 0) {
      bridge.forget_port(port);
      model.forget_port(port);
    }
    const std::uint64_t source = any_address(random, stations);
    const std::uint64_t destination = any_address(random, stations);
    REQUIRE(send(bridge, now, port, source, destination) == model.forward(now, port, source, destination));
    REQUIRE(bridge.size() <= ports * Bridge::kMaxAddressesPerPort);
  }
  CHECK(bridge.learned() == model.learned);
  CHECK(bridge.moved() == model.moved);
  CHECK(bridge.refused() == model.refused);
  return model;
}

}  // namespace

TEST_CASE("property: a few stations that move and age, as in a map") {
  std::uint64_t aged = 0;
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const std::uint64_t stations = 1 + seed * 3;
    const Model model = compare({seed, 1 + seed % 5, stations, 500'000, 1 + seed % 4 * 10'000, 10'000});
    CHECK(model.refused == 0);
    CHECK((model.moved > 0) == (seed % 5 > 0));
    aged += model.learned > 20 * stations;
  }
  CHECK(aged > 5);
}

TEST_CASE("property: more stations than ports may teach, as in a map") {
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    const Model model = compare({100 + seed, 1 + seed % 3, 6000, 600'000, 200, 8000});
    CHECK(model.learned > (1 + seed % 3) * Bridge::kMaxAddressesPerPort);
    CHECK(model.refused > 0);
  }
}
