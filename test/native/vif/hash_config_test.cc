#include "vif/hash_config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "native/vif/header_fixture.h"
#include "net/packet_header.h"

using namespace ringback;
using namespace ringback::test;

namespace {

constexpr std::uint32_t kSuccess = abi::XEN_NETIF_CTRL_STATUS_SUCCESS;
constexpr std::uint32_t kNotSupported = abi::XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
constexpr std::uint32_t kInvalid = abi::XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
constexpr std::uint32_t kNone = abi::XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
constexpr std::uint32_t kToeplitz = abi::XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
constexpr std::uint32_t kAll = 15;

// The first of Microsoft's vectors: toeplitz_test.cc.
const Bytes kHeader = make_header({ipv4(66, 9, 149, 187), ipv4(161, 142, 100, 80), 2794, 1766});
constexpr std::uint32_t kHeaderHash = 0x51ccc178;

HashConfig hashing(std::uint32_t queues, std::span<const std::uint32_t> mapping = {}) {
  HashConfig config(queues);
  CHECK(config.set_algorithm(kToeplitz) == kSuccess);
  CHECK(config.set_flags(kAll) == kSuccess);
  CHECK(config.set_key(kDefaultHashKey) == kSuccess);
  CHECK(config.set_mapping_size(static_cast<std::uint32_t>(mapping.size())) == kSuccess);
  CHECK(config.set_mapping(0, mapping) == kSuccess);
  return config;
}

std::vector<std::uint32_t> entries(const HashConfig& config) {
  return {config.mapping().begin(), config.mapping().end()};
}

}  // namespace

TEST_CASE("algorithms: none and Toeplitz; another one changes nothing") {
  HashConfig config(4);
  CHECK(config.algorithm() == kNone);
  CHECK(config.set_algorithm(kToeplitz) == kSuccess);
  for (const std::uint32_t unknown : {2u, 3u, 0xffffffffu}) CHECK(config.set_algorithm(unknown) == kInvalid);
  CHECK(config.algorithm() == kToeplitz);
  CHECK(config.set_algorithm(kNone) == kSuccess);
  CHECK(config.algorithm() == kNone);
}

TEST_CASE("types: the four that are known, once there is an algorithm") {
  HashConfig config(4);
  std::uint32_t types = 99;
  CHECK(config.get_flags(types) == kNotSupported);
  CHECK(types == 99);
  CHECK(config.set_flags(0) == kInvalid);
  CHECK(config.set_flags(kAll) == kInvalid);
  CHECK(config.set_algorithm(kToeplitz) == kSuccess);
  CHECK(config.get_flags(types) == kSuccess);
  CHECK(types == kAll);
  for (std::uint32_t some = 0; some <= kAll; ++some) {
    CHECK(config.set_flags(some) == kSuccess);
    CHECK(config.flags() == some);
  }
  for (const std::uint32_t unknown : {16u, 31u, 0x80000000u, 0xffffffffu}) CHECK(config.set_flags(unknown) == kInvalid);
  CHECK(config.flags() == kAll);
  // Without an algorithm what was chosen stays, for the next one.
  CHECK(config.set_algorithm(kNone) == kSuccess);
  CHECK(config.set_flags(1) == kInvalid);
  CHECK(config.flags() == kAll);
}

TEST_CASE("keys: up to 40 bytes, the rest is zero, and a key that is too long changes nothing") {
  HashConfig config = hashing(7);
  CHECK(config.steer(kHeader).hash.value == kHeaderHash);
  CHECK(config.set_key(Bytes(41)) == kInvalid);
  CHECK(config.set_key(Bytes(4096)) == kInvalid);
  CHECK(config.steer(kHeader).hash.value == kHeaderHash);
  for (std::size_t bytes = 0; bytes <= kHashKeyBytes; ++bytes) {
    HashKey padded{};
    std::copy_n(kDefaultHashKey.begin(), bytes, padded.begin());
    CHECK(config.set_key(std::span(kDefaultHashKey).first(bytes)) == kSuccess);
    CHECK(config.steer(kHeader).hash == hash_packet(Toeplitz(padded), kAll, kHeader));
  }
  CHECK(config.set_key({}) == kSuccess);
  CHECK(config.steer(kHeader).hash.value == 0);
  CHECK(HashConfig::is_key_size(40));
  CHECK_FALSE(HashConfig::is_key_size(41));
  CHECK_FALSE(HashConfig::is_key_size(0xffffffff));
}

TEST_CASE("mapping size: up to 128 entries, all zero; one that is too large changes nothing") {
  HashConfig config(4);
  CHECK(config.set_mapping_size(128) == kSuccess);
  CHECK(entries(config) == std::vector<std::uint32_t>(128, 0));
  CHECK(config.set_mapping(3, std::array{2u, 3u}) == kSuccess);
  for (const std::uint32_t large : {129u, 1024u, 0xffffffffu}) CHECK(config.set_mapping_size(large) == kInvalid);
  CHECK(config.mapping()[4] == 3);
  CHECK(config.set_mapping_size(2) == kSuccess);
  // What a smaller size hid does not come back.
  CHECK(config.set_mapping_size(128) == kSuccess);
  CHECK(entries(config) == std::vector<std::uint32_t>(128, 0));
}

TEST_CASE("mapping: a range is overwritten, the rest is kept") {
  HashConfig config(8);
  CHECK(config.set_mapping_size(6) == kSuccess);
  CHECK(config.set_mapping(0, std::array{1u, 2u, 3u, 4u, 5u, 6u}) == kSuccess);
  CHECK(config.set_mapping(2, std::array{7u, 0u}) == kSuccess);
  CHECK(entries(config) == std::vector<std::uint32_t>{1, 2, 7, 0, 5, 6});
  CHECK(config.set_mapping(6, {}) == kSuccess);
  CHECK(config.set_mapping(5, std::array{4u}) == kSuccess);
  CHECK(entries(config) == std::vector<std::uint32_t>{1, 2, 7, 0, 5, 4});
}

TEST_CASE("mapping: an entry that names no queue changes nothing, not even the entries before it") {
  HashConfig config = hashing(4, std::array{3u, 2u, 1u, 0u});
  for (const std::uint32_t queue : {4u, 5u, 0x80000000u, 0xffffffffu}) {
    CHECK(config.set_mapping(0, std::array{0u, 0u, queue}) == kInvalid);
    CHECK(config.set_mapping(3, std::array{queue}) == kInvalid);
    CHECK(entries(config) == std::vector<std::uint32_t>{3, 2, 1, 0});
  }
  // What the failed one wrote into the other table is not kept by the next one.
  CHECK(config.set_mapping(3, std::array{1u}) == kSuccess);
  CHECK(entries(config) == std::vector<std::uint32_t>{3, 2, 1, 1});
}

TEST_CASE("XSA-270: offset and length that pass the table's end, also modulo 2^32") {
  HashConfig config = hashing(4, std::array{3u, 2u, 1u, 0u});
  CHECK(config.is_mapping_range(0, 4));
  CHECK(config.is_mapping_range(4, 0));
  struct Range {
    std::uint32_t offset;
    std::uint32_t count;
  };
  for (const auto& [offset, count] : std::vector<Range>{{0, 5},
                                                        {1, 4},
                                                        {4, 1},
                                                        {5, 0},
                                                        {0xffffffff, 0},
                                                        {0xffffffff, 1},
                                                        {0xffffffff, 2},
                                                        {0xfffffffe, 4},
                                                        {0xfffffffc, 8},
                                                        {0x80000000, 4},
                                                        {1, 0xffffffff},
                                                        {2, 0xffffffff},
                                                        {0x80000000, 0x80000000},
                                                        {0x80000001, 0x80000001}}) {
    CAPTURE(offset);
    CAPTURE(count);
    CHECK_FALSE(config.is_mapping_range(offset, count));
    if (count > 200) continue;
    CHECK(config.set_mapping(offset, std::vector<std::uint32_t>(count)) == kInvalid);
    CHECK(entries(config) == std::vector<std::uint32_t>{3, 2, 1, 0});
  }
  CHECK(config.set_mapping(0, std::vector<std::uint32_t>(1024)) == kInvalid);
  HashConfig empty(4);
  CHECK(empty.is_mapping_range(0, 0));
  CHECK_FALSE(empty.is_mapping_range(0, 1));
  CHECK_FALSE(empty.is_mapping_range(1, 0));
}

TEST_CASE("queues: the mapping of the hash, or the hash modulo the queues") {
  const HashConfig modulo = hashing(7);
  CHECK(modulo.queue_of(kHeader) == kHeaderHash % 7);
  CHECK(modulo.steer(kHeader).hash == PacketHash{1, kHeaderHash});
  std::vector<std::uint32_t> mapping(100);
  for (std::uint32_t i = 0; i < 100; ++i) mapping[i] = (i * 3 + 1) % 7;
  CHECK(hashing(7, mapping).queue_of(kHeader) == mapping[kHeaderHash % 100]);
}

TEST_CASE("queues: as in netback a frame without a chosen type counts as hash 0") {
  HashConfig config = hashing(4, std::array{3u, 2u});
  CHECK(config.steer(Bytes(60)).hash == PacketHash{});
  CHECK(config.queue_of(Bytes(60)) == 3);
  CHECK(config.set_flags(0) == kSuccess);
  CHECK(config.queue_of(kHeader) == 3);
  CHECK(config.set_mapping_size(0) == kSuccess);
  CHECK(config.queue_of(kHeader) == 0);
}

TEST_CASE("queues: without an algorithm the flow chooses, and the guest is told no hash") {
  HashConfig config = hashing(7, std::array{6u});
  CHECK(config.set_algorithm(kNone) == kSuccess);
  CHECK(config.queue_of(kHeader) == flow_hash(kHeader) % 7);
  CHECK(config.steer(kHeader).hash == PacketHash{});
}

TEST_CASE("64 flows over 8 queues: every queue gets some, none gets a quarter") {
  std::vector<std::uint32_t> mapping(128);
  for (std::uint32_t i = 0; i < 128; ++i) mapping[i] = i % 8;
  const HashConfig none(8);
  const HashConfig modulo = hashing(8);
  const HashConfig mapped = hashing(8, mapping);
  for (const HashConfig* config : {&none, &modulo, &mapped}) {
    std::array<int, 8> flows{};
    for (std::uint32_t flow = 0; flow < 64; ++flow) {
      auto header = make_header({.from = {1}, .to = {}, .flow = flow, .size_bytes = 1500});
      if (config != &none) header.bytes[23] = std::byte{kTcp};  // Xen hashes no UDP ports
      ++flows[config->queue_of(header.span())];
    }
    CHECK(*std::ranges::min_element(flows) > 0);
    CHECK(*std::ranges::max_element(flows) < 16);
  }
}

TEST_CASE("property: whatever was set, the queue is one of the vif's, and a failure changes nothing") {
  Random random(270);
  for (int round = 0; round < 200; ++round) {
    const auto queues = static_cast<std::uint32_t>(1 + random.below(9));
    HashConfig config(queues);
    // A number that is good, or at an edge, or wild.
    const auto number = [&](std::uint64_t bound) {
      return static_cast<std::uint32_t>(random.below(8) == 0 ? random.next() >> 32 : random.below(bound));
    };
    for (int step = 0; step < 100; ++step) {
      const auto before = entries(config);
      const std::uint64_t operation = random.below(6);
      std::uint32_t status = kSuccess;
      if (operation == 0) status = config.set_algorithm(number(3));
      if (operation == 1) status = config.set_flags(number(17));
      if (operation == 2) status = config.set_key(Bytes(random.below(48), static_cast<std::byte>(random.next())));
      if (operation == 3) status = config.set_mapping_size(number(140));
      if (operation >= 4) {
        std::vector<std::uint32_t> range(random.below(20));
        for (auto& entry : range) entry = random.below(60) == 0 ? number(queues + 1) : number(queues) % queues;
        status = config.set_mapping(number(before.size() + 2), range);
      }
      if (status != kSuccess) REQUIRE(entries(config) == before);
      REQUIRE(std::ranges::all_of(config.mapping(), [&](std::uint32_t queue) { return queue < queues; }));
      Bytes header = make_header({ipv4(1, 2, 3, number(256) % 256), ipv4(5, 6, 7, 8), number(65536) % 65536, 80});
      header.resize(random.below(header.size() + 1));
      REQUIRE(config.queue_of(header) < queues);
    }
  }
}
