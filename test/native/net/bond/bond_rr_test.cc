#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "native/net/bond/bond_rig.h"
#include "net/bond/bond.h"
#include "net/wire_bytes.h"

using namespace ringback;

namespace {

std::vector<std::uint32_t> choices(BondRig& rig, int count) {
  std::vector<std::uint32_t> all;
  for (int i = 0; i < count; ++i) all.push_back(rig.choose());
  return all;
}

}  // namespace

TEST_CASE("bond: rr takes turns and begins with the second NIC, as Linux's counter does") {
  BondRig rig({}, 3);
  CHECK(choices(rig, 7) == std::vector<std::uint32_t>{1, 2, 0, 1, 2, 0, 1});
}

TEST_CASE("bond: rr, several frames in a row on one NIC") {
  BondRig rig({.packets_per_nic = 3}, 2);
  CHECK(choices(rig, 9) == std::vector<std::uint32_t>{0, 0, 1, 1, 1, 0, 0, 0, 1});
}

TEST_CASE("bond: rr with 0 frames a NIC draws one, the same ones with the same seed") {
  BondRig rig({.packets_per_nic = 0, .seed = 7}, 4);
  BondRig again({.packets_per_nic = 0, .seed = 7}, 4);
  BondRig other({.packets_per_nic = 0, .seed = 8}, 4);
  const auto drawn = choices(rig, 4000);
  CHECK(drawn == choices(again, 4000));
  CHECK(drawn != choices(other, 4000));
  std::array<int, 4> counts{};
  for (const std::uint32_t member : drawn) ++counts.at(member);
  for (const int count : counts) CHECK((count > 900 && count < 1100));
}

TEST_CASE("bond: rr, the turn of a NIC that cannot send is the next one's, and at once") {
  BondRig rig({.miimon_ns = 100 * kMs}, 3);
  rig.link(10 * kMs, 1, false);
  CHECK(choices(rig, 6) == std::vector<std::uint32_t>{2, 2, 0, 2, 2, 0});
  rig.link(11 * kMs, 2, false);
  CHECK(choices(rig, 3) == std::vector<std::uint32_t>{0, 0, 0});
  rig.link(12 * kMs, 0, false);
  CHECK(rig.choose() == Bond::kNone);
  // Before any tick the bond has not missed the link: it is used again at once.
  rig.link(13 * kMs, 2, true);
  CHECK(rig.choose() == 2);
}

TEST_CASE("bond: rr, a link that has been missed is used again when the link monitor says so") {
  BondRig rig({.miimon_ns = 100 * kMs}, 2);
  rig.link(150 * kMs, 1, false);
  rig.link(250 * kMs, 1, true);
  for (int i = 0; i < 4; ++i) CHECK(rig.choose() == 0);
  rig.run(300 * kMs);
  CHECK(choices(rig, 2) == std::vector<std::uint32_t>{1, 0});
}

TEST_CASE("bond: rr sends IGMP on one NIC, tagged or not") {
  BondRig rig({.miimon_ns = 100 * kMs}, 3);
  std::array<std::byte, 60> igmp{};
  put16(igmp, 12, 0x0800);
  put8(igmp, 14, 0x46);
  put8(igmp, 23, 2);
  std::array<std::byte, 60> tagged{};
  put16(tagged, 12, 0x8100);
  put16(tagged, 16, 0x0800);
  put8(tagged, 27, 2);
  std::array<std::byte, 60> tagged_udp = tagged;
  put8(tagged_udp, 27, 17);
  std::uint32_t turn = 0;
  for (int i = 0; i < 4; ++i) {
    CHECK(rig.bond().choose(0, igmp, 60) == 0);
    CHECK(rig.bond().choose(0, tagged, 60) == 0);
    CHECK(rig.bond().choose(0, tagged_udp, 60) == ++turn % 3);
    // Bytes that end too early are no IGMP.
    CHECK(rig.bond().choose(0, std::span(igmp).first(33), 60) == ++turn % 3);
    CHECK(rig.bond().choose(0, std::span(tagged).first(37), 60) == ++turn % 3);
  }
  // The active one, which follows the link monitor and not the carrier.
  rig.link(150 * kMs, 0, false);
  CHECK(rig.bond().choose(rig.now(), igmp, 60) == 0);
  rig.run(200 * kMs);
  CHECK(rig.bond().choose(rig.now(), igmp, 60) == 1);
}

TEST_CASE("round robin: the 32-bit counter's wrap breaks the turn off, as in Linux") {
  // 2^32 % 3 = 1: the frame before the wrap and the one after it are not neighbours.
  for (const std::uint32_t members : {3u, 5u}) {
    RoundRobin turns(members, 2, 0);
    std::uint32_t counter = 0;
    for (int i = 0; i < 100; ++i) REQUIRE(turns.next() == ++counter / 2 % members);
    turns.skip_to(~std::uint32_t{0} - 5);
    counter = ~std::uint32_t{0} - 5;
    for (int i = 0; i < 20; ++i) REQUIRE(turns.next() == ++counter / 2 % members);
  }
}
