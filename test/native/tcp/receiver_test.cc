#include "tcp/receiver.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/random.h"

using namespace ringback;
using namespace ringback::tcp;

namespace {

constexpr std::uint32_t kMss = 1000;
constexpr TimeNs kMs = 1'000'000;

// Numbered segments, from a stream whose sequence numbers wrap after the third.
struct Stream {
  static constexpr std::uint32_t kFirst = 0u - 3 * kMss;
  Receiver receiver{{.first_sequence = kFirst, .segment_bytes = kMss, .window_bytes = 1u << 20}};

  bool receive(std::uint32_t segment, TimeNs now = 0, std::uint32_t segments = 1) {
    return receiver.receive(now, kFirst + segment * kMss, segments * kMss);
  }
  [[nodiscard]] static Block block(std::uint32_t begin, std::uint32_t end) {
    return {kFirst + begin * kMss, kFirst + end * kMss};
  }
};

}  // namespace

TEST_CASE("tcp receiver: every second full segment is acknowledged, a single one after 40 ms") {
  Stream stream;
  CHECK(stream.receiver.due_ns() == kNever);
  CHECK_FALSE(stream.receive(0, 5 * kMs));
  CHECK(stream.receiver.due_ns() == 45 * kMs);
  CHECK(stream.receive(1, 6 * kMs));
  const Ack ack = stream.receiver.take_ack();
  CHECK(ack.ack == Stream::block(2, 2).begin);
  CHECK(ack.block_count == 0);
  CHECK(ack.window_bytes == 1u << 20);
  CHECK(stream.receiver.due_ns() == kNever);
  for (std::uint32_t segment = 2; segment < 12; ++segment) {
    const bool is_due = stream.receive(segment);
    CHECK(is_due == (segment % 2 == 1));
    if (is_due) static_cast<void>(stream.receiver.take_ack());
  }
  CHECK(stream.receiver.acks() == 6);
  CHECK(stream.receiver.received_bytes() == 12 * kMss);
  CHECK(stream.receive(12, 0, 8));  // several at once
}

TEST_CASE("tcp receiver: what is out of order or fills a gap is acknowledged at once") {
  Stream stream;
  CHECK(stream.receive(1));
  CHECK(stream.receiver.gaps() == 1);
  CHECK(stream.receiver.early_segments() == 1);
  CHECK(stream.receiver.take_ack().ack == Stream::kFirst);
  CHECK(stream.receive(3));
  CHECK(stream.receive(0));  // fills a part of what is missing
  const Ack ack = stream.receiver.take_ack();
  CHECK(ack.ack == Stream::block(2, 2).begin);
  REQUIRE(ack.block_count == 1);
  CHECK(ack.blocks[0] == Stream::block(3, 4));
  CHECK(stream.receive(2));
  CHECK(stream.receiver.take_ack().ack == Stream::block(4, 4).begin);
  CHECK_FALSE(stream.receive(4));
}

TEST_CASE("tcp receiver: the block that grew last comes first, and there are four at most") {
  Stream stream;
  for (const std::uint32_t segment : {2, 4, 6, 8, 10}) static_cast<void>(stream.receive(segment));
  Ack ack = stream.receiver.take_ack();
  REQUIRE(ack.block_count == 4);
  CHECK(ack.blocks[0] == Stream::block(10, 11));
  CHECK(ack.blocks[3] == Stream::block(4, 5));
  static_cast<void>(stream.receive(5));  // joins two of them
  ack = stream.receiver.take_ack();
  REQUIRE(ack.block_count == 3);
  CHECK(ack.blocks[0] == Stream::block(4, 7));
  CHECK(ack.blocks[1] == Stream::block(10, 11));
  CHECK(ack.blocks[2] == Stream::block(8, 9));
}

TEST_CASE("tcp receiver: a duplicate is reported in the first block, once") {
  Stream stream;
  static_cast<void>(stream.receive(0, 0, 2));
  static_cast<void>(stream.receive(4));
  static_cast<void>(stream.receiver.take_ack());
  CHECK(stream.receive(1));  // below what is acknowledged
  Ack ack = stream.receiver.take_ack();
  REQUIRE(ack.block_count == 2);
  CHECK(ack.blocks[0] == Stream::block(1, 2));
  CHECK(ack.blocks[1] == Stream::block(4, 5));
  CHECK(stream.receive(4));  // within what is held
  ack = stream.receiver.take_ack();
  REQUIRE(ack.block_count == 2);
  CHECK(ack.blocks[0] == ack.blocks[1]);
  CHECK(stream.receiver.take_ack().block_count == 1);
  CHECK(stream.receiver.duplicate_segments() == 2);
  CHECK(stream.receiver.early_segments() == 1);
}

TEST_CASE("tcp receiver: without SACK there are no blocks") {
  Receiver receiver({.segment_bytes = kMss, .window_bytes = 1u << 20, .sack = false});
  CHECK(receiver.receive(0, kMss, kMss));
  CHECK(receiver.take_ack().block_count == 0);
}

TEST_CASE("tcp receiver: what is beyond the window or before the stream counts for nothing") {
  Stream stream;
  CHECK(stream.receiver.receive(0, Stream::kFirst + (2u << 20), kMss));
  CHECK(stream.receiver.receive(0, Stream::kFirst - 5 * kMss, kMss));
  CHECK(stream.receiver.gaps() == 0);
  CHECK(stream.receiver.received_bytes() == 0);
  CHECK(stream.receiver.duplicate_segments() == 0);
}

TEST_CASE("tcp receiver: bursts in any order and overlapping make one stream") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    Stream stream;
    std::vector<bool> has(300, false);
    std::uint64_t duplicates = 0;
    for (int i = 0; i < 400; ++i) {
      const auto first = static_cast<std::uint32_t>(random.below(280));
      const auto count = static_cast<std::uint32_t>(1 + random.below(12));
      for (std::uint32_t k = first; k < first + count; ++k) {
        duplicates += has[k] ? 1 : 0;
        has[k] = true;
      }
      static_cast<void>(stream.receive(first, 0, count));
      std::uint64_t complete = 0;
      while (complete < has.size() && has[complete]) ++complete;
      REQUIRE(stream.receiver.received_bytes() == complete * kMss);
      std::size_t gaps = 0;
      for (std::size_t k = complete + 1; k < has.size(); ++k) gaps += has[k] && !has[k - 1] ? 1 : 0;
      REQUIRE(stream.receiver.gaps() == gaps);
    }
    CHECK(stream.receiver.duplicate_segments() == duplicates);
  }
}
