#include "sim/tcp_headers.h"

#include <doctest/doctest.h>

#include <array>

#include "net/wire_bytes.h"

using namespace ringback;

namespace {

constexpr std::size_t kIp = 14;
constexpr std::size_t kTcp = 34;

// The sums that a receiver would find: IPv4's is right, and TCP's field has the pseudo-header's only.
void check_sums(std::span<const std::byte> header, std::uint32_t tcp_bytes) {
  CHECK(internet_sum(header.subspan(kIp, 20)) == 0xffff);
  CHECK(get16(header, kTcp + 16) == internet_sum(header.subspan(kIp + 12, 8), 6 + tcp_bytes));
}

}  // namespace

TEST_CASE("tcp headers: data") {
  const TcpHeaders headers(Endpoint{1}, Endpoint{}, 7, true);
  std::array<std::byte, kMaxTcpHeaderBytes> bytes{};
  REQUIRE(headers.write_data(bytes, {.sequence = 0xfffffff0, .bytes = 64'240, .segments = 44}, 99, 3u << 20) == 54);
  CHECK(get16(bytes, kIp + 2) == 64'280);
  CHECK(get16(bytes, kTcp) == 1031);
  CHECK(get16(bytes, kTcp + 2) == 5001);
  CHECK(get32(bytes, kTcp + 4) == 0xfffffff0);
  CHECK(get32(bytes, kTcp + 8) == 99);
  CHECK(get16(bytes, kTcp + 12) == 0x5018);  // five words, ACK and PSH
  CHECK(get16(bytes, kTcp + 14) == (3u << 20) >> 7);
  check_sums(bytes, 64'260);
}

TEST_CASE("tcp headers: acknowledgements, with blocks and without") {
  const TcpHeaders headers(Endpoint{}, Endpoint{1}, 7, false);
  std::array<std::byte, kMaxTcpHeaderBytes> bytes{};
  tcp::Ack ack{.ack = 5000, .window_bytes = ~0u};
  REQUIRE(headers.write_ack(bytes, 1, ack) == 54);
  CHECK(get16(bytes, kIp + 2) == 40);
  CHECK(get16(bytes, kTcp) == 5001);
  CHECK(get16(bytes, kTcp + 2) == 1031);
  CHECK(get16(bytes, kTcp + 12) == 0x5010);
  CHECK(get16(bytes, kTcp + 14) == 0xffff);
  check_sums(bytes, 20);
  for (std::uint32_t block = 0; block < 4; ++block) ack.add({6000 + 1000 * block, 6500 + 1000 * block});
  REQUIRE(headers.write_ack(bytes, 1, ack) == kMaxTcpHeaderBytes);
  CHECK(get16(bytes, kTcp + 12) == 0xe010);  // 14 words
  CHECK(get32(bytes, kTcp + 20) == 0x01010522);
  CHECK(get32(bytes, kTcp + 24) == 6000);
  CHECK(get32(bytes, kTcp + 52) == 9500);
  check_sums(bytes, 56);
}
