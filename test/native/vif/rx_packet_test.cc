#include "vif/rx_packet.h"

#include <doctest/doctest.h>

#include <bit>
#include <cstring>
#include <vector>

#include "abi/page.h"
#include "base/random.h"

using namespace ringback;
using abi::netif_extra_info;
using abi::netif_rx_response;
using Verdict = RxPacket::Verdict;
using Bytes = std::vector<std::uint8_t>;

namespace {

constexpr std::uint32_t kEntries = 256;
constexpr std::uint32_t kFirst = 0xffff'fffeu;  // position 254: a packet wraps after two slots
constexpr std::uint16_t kMore = abi::XEN_NETRXF_more_data;
constexpr std::uint16_t kExtra = abi::XEN_NETRXF_extra_info;

netif_rx_response data(std::int16_t status, std::uint16_t flags = 0, std::uint16_t offset = 0) {
  return {.id = 0, .offset = offset, .flags = flags, .status = status};
}

netif_rx_response extra(std::uint8_t type, bool more = false, std::uint16_t gso_size = 1448,
                        std::uint8_t gso_type = 1) {
  netif_extra_info info{};
  info.type = type;
  info.flags = more ? abi::XEN_NETIF_EXTRA_FLAG_MORE : std::uint8_t{0};
  info.u.gso.size = gso_size;
  info.u.gso.type = gso_type;
  return std::bit_cast<netif_rx_response>(info);
}

netif_rx_response hash(std::uint8_t type, std::uint32_t value, std::uint8_t algorithm = 1) {
  netif_extra_info info{};
  info.type = abi::XEN_NETIF_EXTRA_TYPE_HASH;
  info.u.hash.type = type;
  info.u.hash.algorithm = algorithm;
  std::memcpy(info.u.hash.value, &value, sizeof value);
  return std::bit_cast<netif_rx_response>(info);
}

// Gives each data slot the id of its position, as a back end echoes it; extras have none.
RxPacket parse(std::vector<netif_rx_response> responses) {
  std::uint32_t first_data = 1;
  if (responses[0].flags & kExtra) {
    while (first_data < responses.size() &&
           std::bit_cast<netif_extra_info>(responses[first_data++]).flags & abi::XEN_NETIF_EXTRA_FLAG_MORE)
      continue;
  }
  responses[0].id = kFirst & (kEntries - 1);
  for (std::uint32_t i = first_data; i < responses.size(); ++i)
    responses[i].id = static_cast<std::uint16_t>((kFirst + i) & (kEntries - 1));
  return parse_rx_packet(responses, kFirst, kEntries);
}

void check_fatal(const RxPacket& packet, Fault fault) {
  CHECK(packet.verdict == Verdict::kFatal);
  CHECK(fault_name(packet.fault) == fault_name(fault));
}

void check_error(const RxPacket& packet, std::uint32_t ring_slots) {
  CHECK(packet.verdict == Verdict::kError);
  CHECK(packet.fault == Fault::kNone);
  CHECK(packet.ring_slots == ring_slots);
}

}  // namespace

TEST_CASE("one response is one frame") {
  const RxPacket packet = parse({data(1500, 0, 4096 - 1500), data(60)});
  CHECK(packet.verdict == Verdict::kFrame);
  CHECK(packet.ring_slots == 1);
  CHECK(packet.size_bytes == 1500);
  CHECK(packet.checksum == Checksum::kUnknown);
  CHECK(packet.gso_size_bytes == 0);
  CHECK(packet.hash_type == 0);
  REQUIRE(packet.parts().size() == 1);
  CHECK(packet.parts()[0].slot == 0);
  CHECK(packet.parts()[0].offset_bytes == 2596);
  CHECK(packet.parts()[0].size_bytes == 1500);
}

TEST_CASE("each slot carries its own size; extras lie between the first and the second") {
  const RxPacket packet = parse({data(4096, kMore | kExtra), extra(abi::XEN_NETIF_EXTRA_TYPE_GSO, true, 1200, 2),
                                 hash(3, 0xdeadbeef), data(4000, kMore, 96), data(10)});
  CHECK(packet.verdict == Verdict::kFrame);
  CHECK(packet.ring_slots == 5);
  CHECK(packet.size_bytes == 8106);
  CHECK(packet.gso_size_bytes == 1200);
  CHECK(packet.gso_type == abi::XEN_NETIF_GSO_TYPE_TCPV6);
  CHECK(packet.hash_type == 4);
  CHECK(packet.hash_value == 0xdeadbeef);
  REQUIRE(packet.parts().size() == 3);
  CHECK(packet.parts()[1].slot == 3);
  CHECK(packet.parts()[1].offset_bytes == 96);
  CHECK(packet.parts()[2].slot == 4);
}

TEST_CASE("the first slot says what is known of the checksum; blank counts for more") {
  CHECK(parse({data(60, abi::XEN_NETRXF_data_validated)}).checksum == Checksum::kValidated);
  CHECK(parse({data(60, abi::XEN_NETRXF_csum_blank)}).checksum == Checksum::kBlank);
  CHECK(parse({data(60, abi::XEN_NETRXF_csum_blank | abi::XEN_NETRXF_data_validated)}).checksum == Checksum::kBlank);
  CHECK(parse({data(60, kMore), data(60, abi::XEN_NETRXF_csum_blank)}).checksum == Checksum::kUnknown);
}

TEST_CASE("an id that is not its slot's is fatal, also behind extras") {
  const auto id = [](std::uint32_t position) { return static_cast<std::uint16_t>(position); };
  std::vector responses{data(4096, kMore), data(4096, kMore), data(10)};
  for (std::uint32_t i = 0; i < 3; ++i) responses[i].id = id((254 + i) % 256);
  CHECK(parse_rx_packet(responses, kFirst, kEntries).verdict == Verdict::kFrame);
  for (std::size_t i = 0; i < 3; ++i) {
    auto wrong = responses;
    wrong[i].id = id(wrong[i].id ^ 1u);
    check_fatal(parse_rx_packet(wrong, kFirst, kEntries), Fault::kBadResponse);
    wrong[i].id = id(responses[i].id + 256u);
    check_fatal(parse_rx_packet(wrong, kFirst, kEntries), Fault::kBadResponse);
  }
  std::vector behind{data(4096, kMore | kExtra), extra(1), data(10)};
  behind[0].id = id(254);
  behind[2].id = id(255);
  check_fatal(parse_rx_packet(behind, kFirst, kEntries), Fault::kBadResponse);
  behind[2].id = id(0);
  CHECK(parse_rx_packet(behind, kFirst, kEntries).verdict == Verdict::kFrame);
}

TEST_CASE("a negative status in any slot loses the frame, and its slots are taken") {
  check_error(parse({data(-1), data(60)}), 1);
  check_error(parse({data(-3, kMore), data(60)}), 2);
  check_error(parse({data(4096, kMore), data(-32768, kMore), data(60)}), 3);
  check_error(parse({data(-1, kExtra), extra(1)}), 2);
  check_error(parse({data(-1, 0, 65535)}), 1);
}

TEST_CASE("a status of 0 is an empty part; less than an Ethernet header in all loses the frame") {
  const RxPacket packet = parse({data(100, kMore), data(0, kMore, 4096), data(20)});
  CHECK(packet.verdict == Verdict::kFrame);
  CHECK(packet.size_bytes == 120);
  CHECK(packet.parts()[1].size_bytes == 0);
  check_error(parse({data(0)}), 1);
  check_error(parse({data(13)}), 1);
  check_error(parse({data(7, kMore), data(6)}), 2);
  CHECK(parse({data(7, kMore), data(7)}).verdict == Verdict::kFrame);
}

TEST_CASE("offset + status beyond the page is fatal, also where the frame is lost already") {
  check_fatal(parse({data(4097)}), Fault::kCrossesPage);
  check_fatal(parse({data(32767)}), Fault::kCrossesPage);
  check_fatal(parse({data(2, 0, 4095)}), Fault::kCrossesPage);
  check_fatal(parse({data(32767, 0, 65535)}), Fault::kCrossesPage);  // no sum of 16 bits
  check_fatal(parse({data(1, 0, 65535)}), Fault::kCrossesPage);
  check_fatal(parse({data(-1, kMore), data(2, 0, 4095)}), Fault::kCrossesPage);
  CHECK(parse({data(4096)}).verdict == Verdict::kFrame);
}

TEST_CASE("a chain or extras beyond the producer are fatal") {
  check_fatal(parse({data(4096, kMore)}), Fault::kMissingSlot);
  check_fatal(parse({data(-1, kMore)}), Fault::kMissingSlot);
  check_fatal(parse({data(4096, kExtra | kMore)}), Fault::kMissingExtra);
  check_fatal(parse({data(4096, kExtra | kMore), extra(1)}), Fault::kMissingSlot);
  check_fatal(parse({data(4096, kExtra), extra(1, true)}), Fault::kMissingExtra);
}

TEST_CASE("unknown extras are fatal, those of multicast are passed over") {
  for (const std::uint8_t type : Bytes{0, 5, 6, 255})
    check_fatal(parse({data(60, kExtra), extra(type)}), Fault::kUnknownExtra);
  const RxPacket packet = parse(
      {data(60, kExtra), extra(abi::XEN_NETIF_EXTRA_TYPE_MCAST_ADD, true), extra(abi::XEN_NETIF_EXTRA_TYPE_MCAST_DEL)});
  CHECK(packet.verdict == Verdict::kFrame);
  CHECK(packet.ring_slots == 3);
  CHECK(packet.gso_size_bytes == 0);
}

TEST_CASE("segments need a size, and TCP over IPv4 or IPv6") {
  for (const std::uint8_t good : Bytes{1, 2})
    CHECK(parse({data(3000, kExtra), extra(1, false, 1, good)}).gso_type == good);
  for (const std::uint8_t bad : Bytes{0, 3, 255})
    check_fatal(parse({data(3000, kExtra), extra(1, false, 1448, bad)}), Fault::kBadGso);
  check_fatal(parse({data(3000, kExtra), extra(1, false, 0, 1)}), Fault::kBadGso);
  check_fatal(parse({data(3000, kExtra), extra(1, true, 0, 1), extra(1)}), Fault::kBadGso);
}

TEST_CASE("a hash of another algorithm or type is none; the last extra of a type counts") {
  CHECK(parse({data(60, kExtra), hash(0, 5)}).hash_type == 1);
  CHECK(parse({data(60, kExtra), hash(4, 5)}).hash_type == 0);
  const RxPacket other = parse({data(60, kExtra), hash(0, 5, 2)});
  CHECK(other.verdict == Verdict::kFrame);
  CHECK(other.hash_type == 0);
  CHECK(other.hash_value == 0);
  const RxPacket twice = parse({data(60, kExtra), extra(1, true, 100), extra(1, false, 200)});
  CHECK(twice.gso_size_bytes == 200);
}

TEST_CASE("19 data slots pass, 20 are fatal, and more than 65,535 bytes are") {
  const auto chain = [](std::uint32_t slots, std::int16_t size) {
    std::vector responses(slots, data(size, kMore));
    responses.back().flags = 0;
    return responses;
  };
  CHECK(parse(chain(19, 100)).verdict == Verdict::kFrame);
  check_fatal(parse(chain(20, 100)), Fault::kTooManySlots);
  check_fatal(parse(chain(20, -1)), Fault::kTooManySlots);
  check_fatal(parse(std::vector(256, data(100, kMore))), Fault::kTooManySlots);
  check_fatal(parse(chain(16, 4096)), Fault::kBadResponse);
  auto largest = chain(16, 4096);
  largest[15].status = 4095;
  CHECK(parse(largest).size_bytes == 65535);
}

TEST_CASE("property: random responses give a verdict whose parts stay in bounds") {
  Random random(12);
  std::vector<netif_rx_response> responses;
  std::uint32_t frames = 0;
  for (int round = 0; round < 200'000; ++round) {
    responses.resize(1 + random.below(40));
    for (auto& response : responses) {
      response = data(static_cast<std::int16_t>(random.below(8) == 0 ? random.next() : random.below(4097)),
                      static_cast<std::uint16_t>(random.next() & (random.below(3) == 0 ? 0xf : kMore)),
                      static_cast<std::uint16_t>(random.below(8) == 0 ? random.next() : 0));
      if (random.below(4) == 0) response = extra(static_cast<std::uint8_t>(random.below(7)), random.below(2) == 0);
    }
    const RxPacket packet = parse(responses);
    REQUIRE((packet.fault != Fault::kNone) == (packet.verdict == Verdict::kFatal));
    REQUIRE(packet.ring_slots <= responses.size());
    REQUIRE(packet.data_slots <= kMaxRxDataSlots);
    if (packet.verdict != Verdict::kFrame) continue;
    ++frames;
    std::uint32_t total = 0;
    std::uint32_t previous = 0;
    for (const RxPacket::Part& part : packet.parts()) {
      REQUIRE(part.offset_bytes + part.size_bytes <= static_cast<int>(abi::XEN_PAGE_SIZE));
      REQUIRE(part.slot < packet.ring_slots);
      REQUIRE((part.slot > previous || total == 0));
      previous = part.slot;
      total += part.size_bytes;
    }
    REQUIRE(total == packet.size_bytes);
    REQUIRE(total >= 14);
    REQUIRE(total <= 65535);
  }
  CHECK(frames > 10'000);
}
