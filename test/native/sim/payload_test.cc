#include "sim/payload.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace ringback;

TEST_CASE("payload: however a frame is cut, its bytes are the same") {
  std::vector<std::byte> whole(300);
  fill_payload(7, 0, whole);
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::byte> pieces(300);
    for (std::uint32_t at = 0; at < 300;) {
      const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(300 - at, random.below(30)));
      fill_payload(7, at, std::span(pieces).subspan(at, count));
      at += count;
    }
    REQUIRE(pieces == whole);
  }
}

TEST_CASE("payload: nothing but the piece is written") {
  std::array<std::byte, 32> bytes{};
  fill_payload(1, 5, std::span(bytes).subspan(8, 12));  // of three words
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (i < 8 || i >= 20) CHECK(bytes[i] == std::byte{0});
  fill_payload(1, 5, {});
}

TEST_CASE("payload: the bytes tell the frame and the place, the same on every machine") {
  std::array<std::byte, 8> bytes{};
  fill_payload(1, 0, bytes);
  const std::uint64_t word = Random(std::uint64_t{1} << 32).next();
  for (std::size_t i = 0; i < 8; ++i) CHECK(bytes[i] == static_cast<std::byte>(word >> 8 * i));
  std::array<std::byte, 8> other_frame{};
  std::array<std::byte, 8> other_place{};
  fill_payload(2, 0, other_frame);
  fill_payload(1, 8, other_place);
  CHECK(bytes != other_frame);
  CHECK(bytes != other_place);
}
