// Two worlds that differ in one guest: in one of them it attacks with random moves. Its neighbours, who have a NIC of
// their own but share the driver domain with it, must not be able to tell.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr TimeNs kSliceNs = 250'000;
constexpr std::uint32_t kHostile = 2;
constexpr std::uint32_t kHostileQueues = 2;

WorldConfig config() {
  WorldConfig config;
  config.fill_payload = true;
  config.nics = {{.rate_bps = kNsPerSecond, .queue_bytes = 60'000, .propagation_ns = 20'000},
                 {.rate_bps = kNsPerSecond, .queue_bytes = 60'000, .propagation_ns = 20'000}};
  config.vifs = {{.credit = {.bytes = 40'000, .window_ns = 10 * kMs}},
                 {.queues = 2},
                 // with less credit than it has to send: there are always requests under way
                 {.uplink = {.index = 1}, .credit = {.bytes = 20'000, .window_ns = 2 * kMs}, .queues = kHostileQueues}};
  config.captures = {{CaptureKind::kNicOut, 0}, {CaptureKind::kVifIn, 0}, {CaptureKind::kVifIn, 1}};
  return config;
}

std::unique_ptr<World> make_world() {
  auto world = std::make_unique<World>(config());
  for (std::uint32_t vif = 0; vif <= kHostile; ++vif) {
    const std::uint32_t nic = vif == kHostile ? 1 : 0;
    world->add_source(Source(
        vif,
        ConstantSource(
            {.rate_bps = 100'000'000, .size_bytes = 1500 + 3000 * vif, .flows = 8, .jitter_ns = 10'000, .from = {vif}},
            7 + vif)));
    world->add_source(Source(vif, Uplink{.index = nic},
                             ConstantSource({.rate_bps = 80'000'000,
                                             .size_bytes = 900 + 4000 * vif,
                                             .flows = 8,
                                             .jitter_ns = 10'000,
                                             .from = {},
                                             .to = {vif}},
                                            70 + vif)));
  }
  return world;
}

// The hostile guest's moves: it writes whatever is its own and sends whatever events it has.
class Attacker {
 public:
  Attacker(World& world, std::uint64_t seed) : world_(world), random_(seed) {}

  void move(TimeNs now) {
    switch (random_.below(7)) {
      case 0:
        return flip(ring());
      case 1:
        return write_header();
      case 2:
        return push_packets();
      case 3:
        return write_grant();
      case 4:
        return flip(path().guest().arena.memory());
      case 5:
        return forge_responses(now);
      case 6:
        return send_events();
    }
  }

 private:
  [[nodiscard]] VifPath& path() { return world_.vif(kHostile); }
  [[nodiscard]] std::span<std::byte> ring() {
    FrontEnd& front = path().front_end();
    const auto queue = static_cast<std::uint32_t>(random_.below(kHostileQueues));
    const std::uint64_t which = random_.below(5);
    if (which == 4) return front.control()->ring_memory();
    return which % 2 == 0 ? front.tx(queue).ring_memory() : front.rx(queue).ring_memory();
  }
  static abi::sring_header& header_of(std::span<std::byte> ring) {
    return *reinterpret_cast<abi::sring_header*>(ring.data());
  }
  [[nodiscard]] std::uint32_t below(std::uint64_t bound) { return static_cast<std::uint32_t>(random_.below(bound)); }

  void flip(std::span<std::byte> memory) { memory[random_.below(memory.size())] = static_cast<std::byte>(below(256)); }

  void write_header() {
    abi::sring_header& header = header_of(ring());
    const std::array words = {&header.req_prod, &header.req_event, &header.rsp_prod, &header.rsp_event};
    abi::RING_IDX& word = *words[below(words.size())];
    word = below(3) == 0 ? static_cast<abi::RING_IDX>(random_.next()) : word + below(9) - 4;
  }

  // Slots of every kind, of references that may be granted.
  void push_packets() {
    const auto memory = path().front_end().tx(below(kHostileQueues)).ring_memory();
    abi::sring_header& header = header_of(memory);
    for (std::uint32_t left = 1 + below(8); left > 0; --left) {
      const abi::netif_tx_request slot{.gref = 8 + below(600),
                                       .offset = static_cast<std::uint16_t>(below(8) == 0 ? below(65536) : 0),
                                       .flags = static_cast<std::uint16_t>(below(4) == 0 ? below(16) : 0),
                                       .id = static_cast<std::uint16_t>(below(300)),
                                       .size = static_cast<std::uint16_t>(below(8) == 0 ? below(65536) : 60)};
      std::memcpy(memory.data() + kRingHeaderBytes + (header.req_prod++ % 256) * sizeof slot, &slot, sizeof slot);
    }
  }

  // Marks of use aside: they would only keep its own front end from taking its pages back.
  void write_grant() {
    GrantTable& grants = path().guest().grants;
    const abi::grant_ref_t ref = below(grants.entries());
    abi::grant_entry_v1 entry = grants.load(ref);
    if (below(2) == 0) entry.frame = below(2) == 0 ? below(2000) : static_cast<std::uint32_t>(random_.next());
    if (below(2) == 0) entry.domid = static_cast<abi::domid_t>(below(5));
    if (below(2) == 0) entry.flags = static_cast<std::uint16_t>(random_.next());
    entry.flags = static_cast<std::uint16_t>(entry.flags & ~(abi::GTF_reading | abi::GTF_writing));
    grants.store(ref, entry);
  }

  // Answers itself and looks at once: its front end takes frames that nobody sent, and frees what is still under way.
  void forge_responses(TimeNs now) {
    const bool is_rx = below(2) == 0;
    FrontEnd& front = path().front_end();
    const std::uint32_t queue = below(kHostileQueues);
    const auto memory = is_rx ? front.rx(queue).ring_memory() : front.tx(queue).ring_memory();
    abi::sring_header& header = header_of(memory);
    for (std::uint32_t left = 1 + below(3); left > 0; --left, ++header.rsp_prod) {
      const std::uint32_t position = header.rsp_prod % 256;
      const abi::netif_rx_response rx{static_cast<std::uint16_t>(position), 0, 0,
                                      static_cast<std::int16_t>(below(3000))};
      // Of the request itself, if that has not been answered: the slot is both's.
      std::byte* slot = memory.data() + kRingHeaderBytes + position * kSlotBytes<TxRing>;
      abi::netif_tx_request request{};
      if (!is_rx) std::memcpy(&request, slot, sizeof request);
      if (below(4) == 0) request.id = static_cast<std::uint16_t>(below(300));
      const abi::netif_tx_response tx{request.id, abi::XEN_NETIF_RSP_OKAY};
      if (is_rx)
        std::memcpy(memory.data() + kRingHeaderBytes + position * sizeof rx, &rx, sizeof rx);
      else
        std::memcpy(slot, &tx, sizeof tx);
    }
    front.tx(queue).reap();
    path().queue(queue).send(now);
    static_cast<void>(path().queue(queue).push());
    static_cast<void>(path().queue(queue).take(now));
  }

  void send_events() {
    for (std::uint32_t left = 1 + below(40); left > 0; --left)
      world_.send_from_guest(kHostile, 1 + below(path().config().ports() + 1));
  }

  World& world_;
  Random random_;
};

void check_same(const Histogram& a, const Histogram& b) {
  CHECK(a.count() == b.count());
  CHECK(a.max() == b.max());
  for (const std::uint64_t percent : {1, 50, 99}) CHECK(a.quantile(percent, 100) == b.quantile(percent, 100));
}

// Everything that the neighbours and their NIC are known by.
void check_neighbours(World& calm, World& attacked) {
  for (std::uint32_t vif = 0; vif < kHostile; ++vif) {
    CAPTURE(vif);
    CHECK(calm.read_vif_counters(vif) == attacked.read_vif_counters(vif));
    CHECK(calm.vif(vif).received_trace().value() == attacked.vif(vif).received_trace().value());
    check_same(calm.vif(vif).tx_latency(), attacked.vif(vif).tx_latency());
    check_same(calm.vif(vif).rx_latency(), attacked.vif(vif).rx_latency());
  }
  std::array<std::uint64_t, kNicCounterNames.size()> a{};
  std::array<std::uint64_t, kNicCounterNames.size()> b{};
  calm.network().read_nic_counters(0, a);
  attacked.network().read_nic_counters(0, b);
  CHECK(a == b);
  for (std::uint32_t capture = 0; capture < calm.captures().count(); ++capture) {
    const auto bytes = calm.captures().writer(capture).take();  // of every frame since the last look, with its time
    CHECK(bytes.size() > 100'000);
    const auto others = attacked.captures().writer(capture).take();
    CHECK(bytes.size() == others.size());
    CHECK(std::memcmp(bytes.data(), others.data(), std::min(bytes.size(), others.size())) == 0);
  }
}

}  // namespace

TEST_CASE("isolation: whatever a guest does, its neighbours' frames are the same at the same time") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    const auto calm = make_world();
    const auto attacked = make_world();
    Attacker attacker(*attacked, seed);
    Random random(seed);
    std::uint32_t faults = 0;
    for (TimeNs until = kSliceNs; until <= 100 * kMs; until += kSliceNs) {
      calm->run(until, kNever);
      // Between any two events, also where the guest was notified of something and has not yet looked.
      for (TimeNs now = 0; (now = attacked->run(until, 1 + random.below(60))) < until;) attacker.move(now);
      check_conserved(*attacked);
      if (attacked->vif(kHostile).fault() == Fault::kNone || random.below(3) > 0) continue;
      ++faults;
      attacked->reconnect(kHostile);
      check_conserved(*attacked);
    }
    CHECK(faults > 10);
    CHECK(counter(*calm, 0, "txDeliveredPackets") > 200);
    CHECK(counter(*calm, 1, "rxDeliveredPackets") > 100);
    check_neighbours(*calm, *attacked);

    // New rings, and the attacker is a guest like others again.
    attacked->reconnect(kHostile);
    const std::uint64_t sent = counter(*attacked, kHostile, "txDeliveredPackets");
    const std::uint64_t received = counter(*attacked, kHostile, "rxDeliveredPackets");
    calm->run(2200 * kMs, kNever);  // its ports may be masked for a while
    attacked->run(2200 * kMs, kNever);
    CHECK(attacked->vif(kHostile).fault() == Fault::kNone);
    CHECK(counter(*attacked, kHostile, "txDeliveredPackets") > sent + 1000);
    CHECK(counter(*attacked, kHostile, "rxDeliveredPackets") > received + 1000);
    check_conserved(*attacked);
    check_neighbours(*calm, *attacked);
  }
}

TEST_CASE(
    "isolation: a storm of a million events costs so many polls as there are delays, and the neighbours nothing") {
  const auto calm = make_world();
  const auto attacked = make_world();
  calm->run(50 * kMs, kNever);
  attacked->run(50 * kMs, kNever);
  const std::uint64_t before = counter(*attacked, kHostile, "spuriousEvents");
  // Through the control ring's port, which never has a reason.
  const Port port = attacked->vif(kHostile).config().ports();
  for (std::uint32_t event = 0; event < 1'000'000; ++event) {
    attacked->send_from_guest(kHostile, port);
    if (event % 100 == 99) attacked->run(50 * kMs + event * 10u, kNever);
  }
  calm->run(60 * kMs, kNever);
  attacked->run(60 * kMs, kNever);
  CHECK(counter(*attacked, kHostile, "spuriousEvents") - before >= 2);
  CHECK(counter(*attacked, kHostile, "spuriousEvents") - before <= 4);  // at once, at once, after 4 ms, after 8 ms
  check_conserved(*attacked);
  check_neighbours(*calm, *attacked);
}

TEST_CASE("isolation: a frame that a guest makes of a placed one is not that one, and is counted as its loss") {
  World world({.nics = {{.rate_bps = kNsPerSecond, .queue_bytes = 60'000}}, .vifs = {{}}});
  world.add_source(Source(
      0, Uplink{.index = 0},
      ConstantSource({.stop_ns = 5 * kMs, .rate_bps = 12'000'000, .size_bytes = 1500, .from = {}, .to = {0}}, 1)));
  const auto memory = world.vif(0).front_end().rx(0).ring_memory();
  const auto& header = *reinterpret_cast<abi::sring_header*>(memory.data());
  while (header.rsp_prod < 2) world.run(10 * kMs, 1);  // the second one is placed, and the guest has not looked yet
  auto& response = *reinterpret_cast<abi::netif_rx_response*>(memory.data() + kRingHeaderBytes + kSlotBytes<RxRing>);
  REQUIRE(response.status == 1500);
  response.status = 60;
  world.run(10 * kMs, kNever);
  CHECK(counter(world, 0, "rxDeliveredPackets") == 4);
  CHECK(counter(world, 0, "rxDroppedErrorPackets") == 1);
  CHECK(counter(world, 0, "rxDroppedErrorBytes") == 1500);
  CHECK(world.vif(0).fault() == Fault::kNone);
  check_conserved(world);
}

TEST_CASE("isolation: a frame that a guest rewrites on its ring is another one, and the first is counted as its loss") {
  VifConfig slow;
  slow.credit = {.bytes = 1500, .window_ns = 10 * kMs};
  World world({.nics = {{.rate_bps = kNsPerSecond, .queue_bytes = 60'000}}, .vifs = {slow}});
  world.add_source(Source(0, ConstantSource({.stop_ns = 3 * kMs, .rate_bps = 12'000'000, .size_bytes = 1500}, 1)));
  world.run(3 * kMs, kNever);  // one has gone, one waits in the back end, one on the ring
  const auto memory = world.vif(0).front_end().tx(0).ring_memory();
  auto& request = *reinterpret_cast<abi::netif_tx_request*>(memory.data() + kRingHeaderBytes + 2 * kSlotBytes<TxRing>);
  REQUIRE(request.size == 1500);
  request.size = 60;
  world.run(kNsPerSecond, kNever);
  CHECK(counter(world, 0, "txOfferedPackets") == 4);
  CHECK(counter(world, 0, "txDeliveredBytes") == 3060);
  CHECK(counter(world, 0, "txDroppedErrorBytes") == 1500);
  CHECK(world.vif(0).fault() == Fault::kNone);
  check_conserved(world);
}
