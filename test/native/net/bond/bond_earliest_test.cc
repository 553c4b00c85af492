#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/random.h"
#include "native/net/bond/bond_rig.h"
#include "net/bond/bond.h"

using namespace ringback;

namespace {

// Sends frames over a bond's real NICs and keeps what arrives.
struct Wires {
  struct Arrival {
    TimeNs at;
    std::uint32_t flow;
    std::uint32_t number;  // in its flow
    std::uint32_t nic;
    bool is_behind_a_death = false;  // between a NIC and the far end when the NIC's link went
  };

  Wires(BondMode mode, const std::vector<NicConfig>& nics) : rig({.mode = mode, .miimon_ns = kMs}, nics) {
    counts.resize(nics.size());
  }

  void collect(TimeNs now) {
    for (std::uint32_t i = 0; i < counts.size(); ++i) collect(now, i);
  }
  void collect(TimeNs now, std::uint32_t nic) {
    rig.nic(nic).collect(now, [&](TimeNs finish_ns, const WireFrame& frame) {
      arrivals.push_back({finish_ns + rig.nic(nic).config().propagation_ns, frame.vif, frame.payload_seed, nic});
    });
  }

  // Returns the member; kNone.
  std::uint32_t send(TimeNs now, std::uint32_t flow, std::uint32_t size_bytes) {
    rig.run(now);
    collect(now);
    const std::uint32_t member = rig.choose(BondRig::header(flow), size_bytes);
    if (member == Bond::kNone) return member;
    const TimeNs arrival_ns = rig.nic(member).arrival_ns(now, size_bytes);
    const WireFrame frame{.frame = {.size_bytes = size_bytes}, .vif = flow, .payload_seed = numbers[flow]};
    if (!rig.nic(member).offer(now, frame)) return Bond::kNone;
    ++numbers[flow];
    ++counts[member];
    last_arrival_ns = arrival_ns;
    return member;
  }

  void link(TimeNs now, std::uint32_t nic, bool up) {
    collect(now);
    if (!up)
      for (Arrival& arrival : arrivals)
        if (arrival.nic == nic && arrival.at > now) arrival.is_behind_a_death = true;
    rig.link(now, nic, up);
  }

  // Frames that came before an earlier one of their flow.
  std::uint32_t overtaking() {
    std::ranges::stable_sort(arrivals, {}, &Arrival::number);
    std::map<std::uint32_t, TimeNs> latest;
    std::uint32_t count = 0;
    for (const Arrival& arrival : arrivals) {
      if (arrival.is_behind_a_death) continue;
      TimeNs& last_ns = latest[arrival.flow];
      if (arrival.at < last_ns) ++count;
      last_ns = std::max(last_ns, arrival.at);
    }
    return count;
  }

  // How many of the 100 later frames of its flow overtook the frame that most did.
  std::uint32_t most_overtaken() {
    std::map<std::uint32_t, std::vector<TimeNs>> flows;
    std::ranges::stable_sort(arrivals, {}, &Arrival::number);
    for (const Arrival& arrival : arrivals) flows[arrival.flow].push_back(arrival.at);
    std::uint32_t most = 0;
    for (const auto& [flow, at] : flows) {
      for (std::size_t i = 0; i < at.size(); ++i) {
        std::uint32_t overtook = 0;
        for (std::size_t later = i + 1; later < std::min(at.size(), i + 101); ++later)
          overtook += at[later] < at[i] ? 1 : 0;
        most = std::max(most, overtook);
      }
    }
    return most;
  }

  BondRig rig;
  std::vector<Arrival> arrivals;
  std::vector<std::uint32_t> counts;
  std::map<std::uint32_t, std::uint32_t> numbers;
  TimeNs last_arrival_ns = 0;
};

constexpr BondMode kOurs[] = {BondMode::kBalanceEdpf, BondMode::kBalanceFlowlet};

std::vector<NicConfig> random_nics(Random& random, std::uint64_t queue_bytes = 1u << 20) {
  std::vector<NicConfig> nics(1 + random.below(4));
  for (NicConfig& nic : nics)
    nic = {.rate_bps = 100'000'000 + random.below(10 * kGigabit),
           .queue_bytes = queue_bytes,
           .propagation_ns = random.below(50'000),
           .overhead_bytes = static_cast<std::uint32_t>(random.below(25))};
  return nics;
}

}  // namespace

TEST_CASE("nic: a frame arrives when it was said to, and there is room when it was said so") {
  Random random(1);
  for (int run = 0; run < 200; ++run) {
    Wires wires(BondMode::kBalanceEdpf, random_nics(random, 20'000));
    Nic& nic = wires.rig.nic(0);
    std::vector<TimeNs> said;
    TimeNs now = 0;
    for (int i = 0; i < 300; ++i) {
      now += random.below(10'000);
      wires.collect(now, 0);
      const auto size_bytes = static_cast<std::uint32_t>(60 + random.below(3000));
      const bool has_room = nic.has_room(size_bytes);
      const TimeNs arrival_ns = nic.arrival_ns(now, size_bytes);
      REQUIRE(nic.offer(now, {.frame = {.size_bytes = size_bytes}}) == has_room);
      if (has_room) said.push_back(arrival_ns);
    }
    wires.collect(kNever, 0);
    REQUIRE(wires.arrivals.size() == said.size());
    for (std::size_t i = 0; i < said.size(); ++i) REQUIRE(wires.arrivals[i].at == said[i]);
  }
}

TEST_CASE(
    "bond: edpf takes the NIC on which the frame arrives first, with room or without, and of equal ones the first") {
  Random random(2);
  std::uint32_t dropped = 0;
  for (int run = 0; run < 100; ++run) {
    Wires wires(BondMode::kBalanceEdpf, random_nics(random, 60'000));
    TimeNs now = 0;
    for (int i = 0; i < 300; ++i) {
      now += random.below(3000);
      wires.collect(now);
      const auto size_bytes = static_cast<std::uint32_t>(60 + random.below(1455));
      std::uint32_t best = Bond::kNone;
      TimeNs first_ns = kNever;
      for (std::uint32_t nic = 0; nic < wires.counts.size(); ++nic) {
        const TimeNs arrival_ns = wires.rig.nic(nic).arrival_ns(now, size_bytes);
        if (arrival_ns >= first_ns) continue;
        first_ns = arrival_ns;
        best = nic;
      }
      const bool has_room = wires.rig.nic(best).has_room(size_bytes);
      REQUIRE(wires.send(now, 0, size_bytes) == (has_room ? best : Bond::kNone));  // the frame was dropped there
      dropped += has_room ? 0 : 1;
    }
  }
  CHECK(dropped > 100);
}

TEST_CASE("bond: edpf and flowlet use equal NICs evenly, with one flow or many") {
  for (const BondMode mode : kOurs) {
    for (const std::uint32_t flows : {1u, 4u, 64u}) {
      for (const std::uint32_t nics : {2u, 4u, 8u}) {
        Wires wires(mode, std::vector<NicConfig>(nics, {.rate_bps = kGigabit, .queue_bytes = 1u << 20}));
        std::uint32_t sent = 0;
        // Some more than they carry, for 10 ms.
        for (TimeNs now = 0; now < 10 * kMs; now += 12'112 / nics) wires.send(now, sent++ % flows, 1514);
        const auto [least, most] = std::ranges::minmax(wires.counts);
        CHECK(most - least <= 1);
        CHECK(least >= 10 * kMs / 12'112);
        wires.collect(kNever);
        CHECK(wires.overtaking() == 0);
      }
    }
  }
}

TEST_CASE("bond: edpf and flowlet fill NICs of 1, 2.5 and 10 Gb/s, and flowlet keeps the order") {
  const std::vector<NicConfig> nics{{.rate_bps = kGigabit, .queue_bytes = 1u << 20},
                                    {.rate_bps = 5 * kGigabit / 2, .queue_bytes = 1u << 20},
                                    {.rate_bps = 10 * kGigabit, .queue_bytes = 1u << 20}};
  for (const BondMode mode : kOurs) {
    for (const std::uint32_t flows : {1u, 64u}) {
      Wires wires(mode, nics);
      std::uint32_t sent = 0;
      const TimeNs end_ns = 20 * kMs;
      for (TimeNs now = 0; now < end_ns; now += 896) wires.send(now, sent++ % flows, 1514);
      wires.collect(end_ns);
      for (std::uint32_t i = 0; i < 3; ++i) {
        CAPTURE(i);
        CAPTURE(flows);
        CHECK(wires.rig.nic(i).busy_ns() >= end_ns * 99 / 100);
      }
      wires.collect(kNever);
      CHECK(wires.overtaking() == 0);  // frames of one size don't overtake under edpf either
    }
  }
}

TEST_CASE("property: under flowlet frames of one size never overtake their flow, whatever the rates and distances") {
  Random random(3);
  for (int run = 0; run < 200; ++run) {
    Wires wires(BondMode::kBalanceFlowlet, random_nics(random, 1u << 24));  // nothing is dropped
    const std::uint64_t flows = 1 + random.below(20);
    TimeNs now = 0;
    for (int i = 0; i < 1000; ++i) {
      now += random.below(random.below(50) == 0 ? 500'000 : 3000);
      wires.send(now, static_cast<std::uint32_t>(random.below(flows)), 1514);
    }
    wires.collect(kNever);
    REQUIRE(wires.overtaking() == 0);
  }
}

TEST_CASE("property: under flowlet no more than two later frames overtake one, whatever the sizes") {
  Random random(3);
  std::uint32_t edpf_most = 0;
  std::uint32_t early = 0;
  for (int run = 0; run < 300; ++run) {
    // Less than they carry: nothing waits for as long as flowlet has patience.
    auto nics = random_nics(random, 1u << 24);
    for (NicConfig& nic : nics) nic.rate_bps += kGigabit;
    const std::uint64_t flows = 1 + random.below(10);
    Wires flowlet(BondMode::kBalanceFlowlet, nics);
    Wires edpf(BondMode::kBalanceEdpf, nics);
    TimeNs now = 0;
    for (int i = 0; i < 600; ++i) {
      now += random.below(random.below(50) == 0 ? 500'000 : 8000);
      const auto flow = static_cast<std::uint32_t>(random.below(flows));
      const auto size_bytes = static_cast<std::uint32_t>(60 + random.below(random.below(2) == 0 ? 60 : 1455));
      edpf.send(now, flow, size_bytes);
      flowlet.send(now, flow, size_bytes);
    }
    for (Wires* wires : {&flowlet, &edpf}) wires->collect(kNever);
    REQUIRE(flowlet.most_overtaken() <= Flowlets::kMostEarly);
    early += flowlet.overtaking();
    edpf_most = std::max(edpf_most, edpf.most_overtaken());
  }
  CHECK(early > 100);
  CHECK(edpf_most > Flowlets::kMostEarly);  // there was something to be avoided
}

TEST_CASE("bond: under flowlet a small frame in between does not hold a flow on one NIC") {
  Wires wires(BondMode::kBalanceFlowlet, std::vector<NicConfig>(2, {.rate_bps = kGigabit, .queue_bytes = 1u << 24}));
  // The second NIC is a frame behind when the small one comes. If that had to follow on the first one, the next full
  // one would be early on the second, and so on.
  for (const std::uint32_t size_bytes : {1514u, 1514u, 1514u, 100u}) wires.send(0, 0, size_bytes);
  for (int i = 0; i < 30; ++i) wires.send(0, 0, 1514);
  const auto [least, most] = std::ranges::minmax(wires.counts);
  CHECK(most - least <= 2);
  wires.collect(kNever);
  CHECK(wires.overtaking() == 1);
}

TEST_CASE("bond: under flowlet a flow leaves a NIC that has become much slower, in order or not") {
  for (const bool is_much : {false, true}) {
    Wires wires(BondMode::kBalanceFlowlet,
                {{.rate_bps = kGigabit, .queue_bytes = 1u << 20},
                 {.rate_bps = kGigabit, .queue_bytes = 1u << 20, .propagation_ns = 300'000}});
    for (int i = 0; i < 10; ++i) CHECK(wires.send(1, 5, 1514) == 0);
    wires.rig.rate(1, 0, is_much ? kGigabit / 20 : kGigabit / 5);  // 2.4 or 0.6 ms for what would have taken 121 us
    for (int i = 0; i < 2; ++i) CHECK(wires.send(2, 5, 1514) == (is_much ? 1 : 0));
    wires.collect(kNever);
    CHECK((wires.overtaking() > 0) == is_much);
  }
}

TEST_CASE("bond: under flowlet frames that have been overtaken are not overtaken again when the count begins anew") {
  // 121 us for a full frame; two NICs are 110 us farther away.
  std::vector<NicConfig> nics(5, {.rate_bps = kGigabit / 10, .queue_bytes = 1u << 20});
  nics[3].propagation_ns = nics[4].propagation_ns = 110'000;
  Wires wires(BondMode::kBalanceFlowlet, nics);
  // The first one is overtaken by two small ones; the sixth is a little early, but later than the first; the last one
  // would arrive before the first.
  for (const std::uint32_t size_bytes : {1514u, 60u, 60u, 1514u, 1514u, 150u, 60u}) wires.send(0, 0, size_bytes);
  wires.collect(kNever);
  CHECK(wires.most_overtaken() == Flowlets::kMostEarly);
}

TEST_CASE("bond: edpf and flowlet take the first of equal NICs") {
  for (const BondMode mode : kOurs) {
    BondRig rig({.mode = mode, .miimon_ns = kMs}, 3);
    CHECK(rig.choose() == 0);
    CHECK(rig.choose() == 0);
  }
}

TEST_CASE("property: through links that come and go flowlet keeps the order but for a frame or two") {
  Random random(4);
  std::uint32_t overtaking = 0;
  for (int run = 0; run < 200; ++run) {
    auto nics = random_nics(random, 1u << 24);
    for (NicConfig& nic : nics) nic.rate_bps += kGigabit;  // they carry it without waiting for long
    Wires wires(BondMode::kBalanceFlowlet, nics);
    const auto count = static_cast<std::uint32_t>(nics.size());
    TimeNs now = 1;
    for (int i = 0; i < 1500; ++i) {
      now += 1 + random.below(30'000);
      const auto nic = static_cast<std::uint32_t>(random.below(count));
      if (random.below(100) == 0) wires.link(now, nic, !wires.rig.nic(nic).has_link());
      const std::uint32_t member = wires.send(now, static_cast<std::uint32_t>(random.below(20)), 1514);
      REQUIRE((member == Bond::kNone || wires.rig.nic(member).has_link()));
    }
    wires.collect(kNever);
    overtaking += wires.overtaking();
  }
  CHECK(overtaking < 5);  // of 300,000 frames and 3,000 changes
}

TEST_CASE("bond: flowlet under twice the load that the NICs carry: they are full, and no frame is overtaken often") {
  const std::vector<NicConfig> nics{{.rate_bps = kGigabit, .queue_bytes = 512'000},
                                    {.rate_bps = 5 * kGigabit / 2, .queue_bytes = 512'000},
                                    {.rate_bps = 10 * kGigabit, .queue_bytes = 512'000}};
  for (const std::uint32_t flows : {1u, 64u}) {
    Wires wires(BondMode::kBalanceFlowlet, nics);
    Random random(5);
    std::uint32_t sent = 0;
    const TimeNs end_ns = 50 * kMs;
    for (TimeNs now = 0; now < end_ns; now += 300)
      wires.send(now, sent++ % flows, static_cast<std::uint32_t>(60 + random.below(1455)));
    wires.collect(end_ns);
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(wires.rig.nic(i).busy_ns() >= end_ns * 98 / 100);
    wires.collect(kNever);
    // A single flow of more than a NIC carries, in frames of many sizes, falls behind on one NIC until patience ends.
    if (flows > 1) CHECK(wires.most_overtaken() <= Flowlets::kMostEarly);
  }
}

TEST_CASE("bond: flowlet comes back from a slow NIC that is always full") {
  const std::vector<NicConfig> nics{{.rate_bps = kGigabit, .queue_bytes = 512'000},
                                    {.rate_bps = 5 * kGigabit / 2, .queue_bytes = 512'000}};
  Wires wires(BondMode::kBalanceFlowlet, nics);
  auto send_until = [&wires, sent = 0u, now = TimeNs{1}](TimeNs end_ns) mutable {
    for (; now < end_ns; now += 6000) wires.send(now, sent++ % 32, 1514);  // 2 Gb/s in 32 flows
  };
  send_until(10 * kMs);
  wires.link(10 * kMs, 1, false);
  send_until(50 * kMs);
  CHECK(wires.rig.nic(0).dropped_packets() > 0);
  wires.link(50 * kMs, 1, true);
  wires.rig.run(51 * kMs);
  send_until(70 * kMs);
  const std::uint64_t dropped = wires.rig.nic(0).dropped_packets();
  const std::uint64_t carried = wires.rig.nic(1).sent_packets();
  send_until(100 * kMs);
  CHECK(wires.rig.nic(0).dropped_packets() == dropped);
  CHECK(wires.rig.nic(1).sent_packets() - carried > 2500);  // more than half of 5000
}

TEST_CASE("bond: a flow moves when it has been idle for longer than the paths differ") {
  // 1 ms of queue on the first NIC; an idle second one.
  const std::vector<NicConfig> nics{{.rate_bps = kGigabit, .queue_bytes = 1u << 20, .propagation_ns = 0},
                                    {.rate_bps = kGigabit, .queue_bytes = 1u << 20, .propagation_ns = 500'000}};
  Wires wires(BondMode::kBalanceFlowlet, nics);
  for (int i = 0; i < 80; ++i) wires.send(0, i < 40 ? 1 : 2, 1514);
  const TimeNs last_ns = wires.last_arrival_ns;
  // Flow 2's last frame arrives at about 500 us; on the other path too, so it may go there at once.
  CHECK(last_ns > 480'000);
  CHECK(wires.counts[1] > 0);
  // A flow that has not sent for long goes where it arrives first.
  CHECK(wires.send(5 * kMs, 2, 1514) == 0);
}

TEST_CASE("bond: edpf and flowlet want segments, Linux's modes do not") {
  for (const BondMode mode : kOurs) CHECK(BondRig({.mode = mode}, 2).bond().wants_segments());
  for (const BondMode mode : {BondMode::kBalanceRr, BondMode::kActiveBackup, BondMode::kBalanceXor})
    CHECK_FALSE(BondRig({.mode = mode}, 2).bond().wants_segments());
}

TEST_CASE("bond: edpf and flowlet have no NIC for a frame only when no link is up") {
  for (const BondMode mode : kOurs) {
    BondRig rig({.mode = mode, .miimon_ns = kMs}, 2);
    rig.link(10, 0, false);
    CHECK(rig.choose() == 1);
    rig.link(20, 1, false);
    CHECK(rig.choose() == Bond::kNone);
  }
}
