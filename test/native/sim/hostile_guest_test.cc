// Guests that attack their back end in a world with neighbours: what they do is their own loss alone.
#include <doctest/doctest.h>

#include <vector>

#include "native/sim/world_fixture.h"

using namespace ringback;

namespace {

constexpr TimeNs kMs = 1'000'000;

// Vif 0 is hostile, vif 1 is not; both send 1,000 frames of 1,500 bytes a second, and receive as many.
struct Neighbourhood {
  explicit Neighbourhood(VifConfig hostile = {})
      : world({.nics = {{.rate_bps = kNsPerSecond, .queue_bytes = 100'000}}, .vifs = {hostile, {}}}) {
    for (std::uint32_t vif = 0; vif < 2; ++vif) {
      world.add_source(
          Source(vif, ConstantSource({.rate_bps = 12'000'000, .size_bytes = 1500, .flows = 16, .from = {vif}}, 1)));
      world.add_source(Source(
          vif, Uplink{.index = 0},
          ConstantSource({.rate_bps = 12'000'000, .size_bytes = 1500, .flows = 16, .from = {}, .to = {vif}}, 1)));
    }
    pages = world.buffer_pages_in_use();
  }
  [[nodiscard]] abi::sring_header& tx_header(std::uint32_t queue = 0) {
    return *reinterpret_cast<abi::sring_header*>(world.vif(0).front_end().tx(queue).ring_memory().data());
  }
  [[nodiscard]] abi::netif_tx_request* tx_slots() {
    return reinterpret_cast<abi::netif_tx_request*>(world.vif(0).front_end().tx(0).ring_memory().data() +
                                                    kRingHeaderBytes);
  }
  void check_neighbour(TimeNs until) {
    check_conserved(world);
    CHECK(world.vif(1).fault() == Fault::kNone);
    CHECK(counter(world, 1, "txDeliveredPackets") >= until / kMs - 1);
    CHECK(counter(world, 1, "rxDeliveredPackets") >= until / kMs - 1);
    CHECK(dropped(world, 1, "tx", "Packets") + dropped(world, 1, "rx", "Packets") == 0);
  }
  World world;
  std::uint32_t pages;
};

}  // namespace

TEST_CASE("XSA-39: one guest's impossible producer is the end of its vif and of nothing else, until it reconnects") {
  Neighbourhood here({.queues = 4});
  here.world.run(100 * kMs, kNever);
  here.tx_header(2).req_prod += 1000;
  here.world.send_from_guest(0, 1 + 2 * 2);
  here.world.run(101 * kMs, kNever);
  CHECK(fault_name(here.world.vif(0).fault()) == fault_name(Fault::kRingOverflow));
  CHECK_FALSE(here.world.vif(0).back_end().has_carrier());
  const std::uint64_t sent = counter(here.world, 0, "txDeliveredPackets");
  const std::uint64_t received = counter(here.world, 0, "rxDeliveredPackets");
  here.world.run(200 * kMs, kNever);
  CHECK(counter(here.world, 0, "txDeliveredPackets") <= sent + 1);  // one may have been on the wire
  CHECK(counter(here.world, 0, "rxDeliveredPackets") == received);
  CHECK(counter(here.world, 0, "rxDroppedCarrierPackets") >= 98);
  here.check_neighbour(200 * kMs);
  here.world.reconnect(0);
  here.world.run(300 * kMs, kNever);
  CHECK(here.world.vif(0).fault() == Fault::kNone);
  CHECK(counter(here.world, 0, "txDeliveredPackets") >= sent + 99);
  CHECK(counter(here.world, 0, "rxDeliveredPackets") >= received + 99);
  here.check_neighbour(300 * kMs);
}

TEST_CASE("XSA-332: a storm of events costs a few polls, and real work is still done") {
  Neighbourhood here({.split_event_channels = false});
  here.world.run(100 * kMs, kNever);
  const std::uint64_t before = counter(here.world, 0, "notifiesToBack");
  for (TimeNs now = 100 * kMs; now < 1000 * kMs; now += 10'000) {
    here.world.send_from_guest(0, 1);
    here.world.run(now, kNever);
  }
  // 90,000 events were sent. Each of the 900 frames each way excuses a few.
  CHECK(counter(here.world, 0, "notifiesToBack") - before < 9000);
  CHECK(counter(here.world, 0, "spuriousEvents") < 6000);
  here.world.run(3000 * kMs, kNever);
  CHECK(counter(here.world, 0, "txDeliveredPackets") >= 2990);
  here.check_neighbour(3000 * kMs);
}

TEST_CASE("XSA-332: a storm on an idle vif is masked for up to a second") {
  World world({.nics = {{.rate_bps = kNsPerSecond, .queue_bytes = 100'000}}, .vifs = {{}}});
  for (TimeNs now = 0; now < 10 * kNsPerSecond; now += 100'000) {
    world.send_from_guest(0, 1);
    world.run(now, kNever);
  }
  CHECK(counter(world, 0, "spuriousEvents") >= 10);
  CHECK(counter(world, 0, "spuriousEvents") <= 20);
}

TEST_CASE("duplicate and forged ids spoil the guest's own accounts, and conserve every frame") {
  Neighbourhood here;
  here.world.run(100 * kMs, kNever);
  abi::sring_header& header = here.tx_header();
  const std::uint32_t at = header.req_prod;
  for (std::uint32_t i = 0; i < 20; ++i)  // of a reference that grants nothing, and of none at all
    here.tx_slots()[(at + i) & 255] = {i % 2 == 0 ? 0u : 0xffffffffu, 0, 0,
                                       static_cast<std::uint16_t>(i < 10 ? 7 : 60'000), 60};
  header.req_prod = at + 20;
  here.world.send_from_guest(0, 1);
  here.world.run(101 * kMs, kNever);
  CHECK(counter(here.world, 0, "txDroppedErrorPackets") >= 20);
  CHECK(here.world.vif(0).back_end().fault() == Fault::kNone);
  CHECK(fault_name(here.world.vif(0).fault()) == fault_name(Fault::kResponseOverflow));  // its own front end's view
  here.world.run(200 * kMs, kNever);
  here.check_neighbour(200 * kMs);
}

TEST_CASE("XSA-374: a fault and reconnects in the middle of everything keep no page") {
  Neighbourhood here({.credit = {.bytes = 3000, .window_ns = 2 * kMs}, .queues = 2});
  for (int round = 1; round <= 20; ++round) {
    here.world.run(static_cast<TimeNs>(round) * 7 * kMs, kNever);
    if (round % 2 == 0) here.tx_header(1).req_prod -= 5;
    here.world.send_from_guest(0, 3);
    here.world.run(static_cast<TimeNs>(round) * 7 * kMs + 1, kNever);
    here.world.reconnect(0);
    check_conserved(here.world);
  }
  here.world.run(200 * kMs, kNever);
  CHECK(here.world.vif(0).fault() == Fault::kNone);
  here.check_neighbour(200 * kMs);
  CHECK(here.world.buffer_pages_in_use() <= here.pages + 4);  // what is on the wire just now
}
