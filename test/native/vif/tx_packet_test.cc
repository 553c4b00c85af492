#include "vif/tx_packet.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "abi/page.h"
#include "base/random.h"

using namespace ringback;
using abi::netif_extra_info;
using abi::netif_tx_request;
using Verdict = TxPacket::Verdict;

namespace {

constexpr std::uint16_t kMore = abi::XEN_NETTXF_more_data;
constexpr std::uint16_t kExtra = abi::XEN_NETTXF_extra_info;

netif_tx_request slot(std::uint16_t size, std::uint16_t flags = 0, std::uint16_t offset = 0) {
  return {.gref = 8, .offset = offset, .flags = flags, .id = 1, .size = size};
}

netif_tx_request extra(std::uint8_t type, bool more = false, std::uint16_t gso_size = 1448, std::uint8_t gso_type = 1) {
  netif_extra_info info{};
  info.type = type;
  info.flags = more ? abi::XEN_NETIF_EXTRA_FLAG_MORE : std::uint8_t{0};
  info.u.gso.size = gso_size;
  info.u.gso.type = gso_type;
  netif_tx_request request{};
  std::memcpy(&request, &info, sizeof info);
  return request;
}

// A frame of `slots` data slots: 14 bytes in the first, 100 in each other.
std::vector<netif_tx_request> chain(std::uint32_t slots) {
  std::vector<netif_tx_request> requests{slot(static_cast<std::uint16_t>(14 + 100 * (slots - 1)))};
  for (std::uint32_t i = 1; i < slots; ++i) requests.push_back(slot(100));
  for (std::uint32_t i = 0; i + 1 < slots; ++i) requests[i].flags |= kMore;
  return requests;
}

TxPacket parsed(const std::vector<netif_tx_request>& requests) {
  TxPacket packet;
  parse_tx_packet(requests, packet);
  return packet;
}

void check_fatal(const std::vector<netif_tx_request>& requests, Fault fault) {
  const TxPacket packet = parsed(requests);
  CHECK(packet.verdict == Verdict::kFatal);
  CHECK(fault_name(packet.fault) == fault_name(fault));
}

void check_error(const std::vector<netif_tx_request>& requests, std::uint32_t ring_slots) {
  const TxPacket packet = parsed(requests);
  CHECK(packet.verdict == Verdict::kError);
  CHECK(packet.ring_slots == ring_slots);
}

}  // namespace

TEST_CASE("one slot is one frame") {
  const std::vector requests{slot(1500), slot(60)};
  const TxPacket packet = parsed(requests);
  CHECK(packet.verdict == Verdict::kFrame);
  CHECK(packet.ring_slots == 1);
  CHECK(packet.first_size_bytes == 1500);
}

TEST_CASE("the first slot's fragment is the total less the rest") {
  const TxPacket packet = parsed(std::vector{slot(9000, kMore), slot(4096, kMore), slot(808), slot(60)});
  CHECK(packet.verdict == Verdict::kFrame);
  CHECK(packet.ring_slots == 3);
  CHECK(packet.first_size_bytes == 4096);
}

TEST_CASE("check 4: extras follow the first slot; missing, type 0 and unknown are fatal") {
  const TxPacket packet = parsed(std::vector{slot(3000, kExtra | kMore), extra(abi::XEN_NETIF_EXTRA_TYPE_HASH, true),
                                             extra(abi::XEN_NETIF_EXTRA_TYPE_GSO), slot(1000)});
  CHECK(packet.verdict == Verdict::kFrame);
  CHECK(packet.extra_slots == 2);
  CHECK(packet.data_slots() == 2);
  CHECK(packet.data_index(1) == 3);
  CHECK(packet.gso.u.gso.size == 1448);
  check_fatal({slot(3000, kExtra)}, Fault::kMissingExtra);
  check_fatal({slot(3000, kExtra), extra(1, true)}, Fault::kMissingExtra);
  check_fatal({slot(3000, kExtra), extra(0)}, Fault::kUnknownExtra);
  check_fatal({slot(3000, kExtra), extra(6)}, Fault::kUnknownExtra);
}

TEST_CASE("check 5: multicast control carries no data") {
  const TxPacket packet = parsed(std::vector{slot(0, kExtra), extra(abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD), slot(60)});
  CHECK(packet.verdict == Verdict::kMulticast);
  CHECK(packet.ring_slots == 2);
}

TEST_CASE("check 6: a chain beyond the producer is fatal") {
  check_fatal({slot(3000, kMore)}, Fault::kMissingSlot);
  check_fatal({slot(3000, kMore), slot(100, kMore)}, Fault::kMissingSlot);
}

TEST_CASE("check 6: 19 data slots pass, 20 and 21 lose the packet, 22 are fatal") {
  CHECK(parsed(chain(18)).verdict == Verdict::kFrame);
  CHECK(parsed(chain(19)).verdict == Verdict::kFrame);
  check_error(chain(20), 20);
  check_error(chain(21), 21);
  check_fatal(chain(22), Fault::kTooManySlots);
  check_fatal(chain(256), Fault::kTooManySlots);
}

TEST_CASE("check 6: a fragment larger than what remains loses the packet") {
  check_error({slot(1000, kMore), slot(1001)}, 2);
  // 70,000 bytes wrapped to 4,464: the second page is larger than that.
  check_error({slot(4464, kMore), slot(4096, kMore), slot(4096)}, 3);
}

TEST_CASE("check 6: a fragment across its page is fatal, also where the packet is lost already") {
  check_fatal({slot(3000, kMore), slot(100, 0, 3997)}, Fault::kCrossesPage);
  check_fatal({slot(1000, kMore), slot(1001, kMore), slot(1, 0, 4096)}, Fault::kCrossesPage);
  CHECK(parsed(std::vector{slot(3000, kMore), slot(100, 0, 3996)}).verdict == Verdict::kFrame);
}

TEST_CASE("check 7: less than an Ethernet header in the first fragment loses the packet") {
  check_error({slot(13)}, 1);
  check_error({slot(113, kMore), slot(100)}, 2);
  CHECK(parsed(std::vector{slot(14)}).verdict == Verdict::kFrame);
}

TEST_CASE("check 7 comes before check 8") { check_error({slot(13, 0, 4095)}, 1); }

TEST_CASE("check 8: the first fragment across its page is fatal") {
  check_fatal({slot(4097)}, Fault::kCrossesPage);
  check_fatal({slot(100, 0, 4000)}, Fault::kCrossesPage);
  CHECK(parsed(std::vector{slot(96, 0, 4000)}).verdict == Verdict::kFrame);
}

TEST_CASE("check 9: segmentation needs a size, and TCP over IPv4 or IPv6") {
  for (const std::uint8_t good : {std::uint8_t{1}, std::uint8_t{2}})
    CHECK(parsed(std::vector{slot(3000, kExtra), extra(1, false, 1, good)}).verdict == Verdict::kFrame);
  for (const std::uint8_t bad : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{255}})
    check_fatal({slot(3000, kExtra), extra(1, false, 1448, bad)}, Fault::kBadGso);
  check_fatal({slot(3000, kExtra), extra(1, false, 0, 1)}, Fault::kBadGso);
}

TEST_CASE("check 10: an empty fragment is a fragment like any other") {
  const TxPacket packet = parsed(std::vector{slot(100, kMore), slot(0, kMore), slot(20)});
  CHECK(packet.verdict == Verdict::kFrame);
  CHECK(packet.first_size_bytes == 80);
}

TEST_CASE("property: random slots give a verdict whose counts stay in bounds") {
  Random random(11);
  std::vector<netif_tx_request> requests;
  for (int round = 0; round < 200'000; ++round) {
    requests.resize(1 + random.below(40));
    for (auto& request : requests) {
      request = slot(static_cast<std::uint16_t>(random.next() >> random.below(60)),
                     static_cast<std::uint16_t>(random.next() & (random.below(3) == 0 ? 0xf : kMore)),
                     static_cast<std::uint16_t>(random.below(8) == 0 ? random.next() : 0));
      if (random.below(4) == 0) request = extra(static_cast<std::uint8_t>(random.below(7)), random.below(2) == 0);
    }
    const TxPacket packet = parsed(requests);
    REQUIRE(packet.ring_slots <= requests.size());
    REQUIRE(packet.extra_slots < packet.ring_slots + (packet.verdict == Verdict::kFatal));
    REQUIRE((packet.fault != Fault::kNone) == (packet.verdict == Verdict::kFatal));
    if (packet.verdict != Verdict::kFrame) continue;
    REQUIRE(packet.data_slots() <= kMaxDataSlots);
    std::uint32_t total = packet.first_size_bytes;
    for (std::uint32_t i = 1; i < packet.data_slots(); ++i) total += requests[packet.data_index(i)].size;
    REQUIRE(total == requests[0].size);
    REQUIRE(requests[0].offset + packet.first_size_bytes <= abi::XEN_PAGE_SIZE);
  }
}
