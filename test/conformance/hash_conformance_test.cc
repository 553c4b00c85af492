// Our Toeplitz hash against Xen's own, over random keys and inputs.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.h"
#include "conformance/hash_oracle.h"
#include "vif/hash_config.h"
#include "vif/toeplitz.h"

using namespace ringback;
using conformance::xen_toeplitz_hash;

TEST_CASE("the hash is Xen's over random keys and inputs of every length") {
  Random random(40);
  for (int round = 0; round < 200; ++round) {
    HashKey key;
    for (std::byte& byte : key) byte = static_cast<std::byte>(random.next());
    const Toeplitz toeplitz(key);
    std::array<std::byte, Toeplitz::kMaxInputBytes> bytes;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next());
      const auto input = std::span(bytes).first(size);
      REQUIRE(toeplitz.hash(input) == xen_toeplitz_hash(key, input));
    }
  }
}

TEST_CASE("a short key is Xen's short key: what is missing is zero") {
  Random random(41);
  std::array<std::byte, 54> header{};  // Ethernet, IPv4, TCP
  header[12] = std::byte{8};
  header[14] = std::byte{0x45};
  header[23] = std::byte{6};
  HashConfig config(1);
  static_cast<void>(config.set_algorithm(abi::XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ));
  static_cast<void>(config.set_flags(abi::XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP));
  for (int round = 0; round < 50; ++round) {
    HashKey key;
    for (std::byte& byte : key) byte = static_cast<std::byte>(random.next());
    for (std::size_t i = 26; i < 38; ++i) header[i] = static_cast<std::byte>(random.next());
    for (std::size_t size = 0; size <= key.size(); ++size) {
      const auto short_key = std::span(key).first(size);
      REQUIRE(config.set_key(short_key) == abi::XEN_NETIF_CTRL_STATUS_SUCCESS);
      REQUIRE(config.steer(header).hash.value == xen_toeplitz_hash(short_key, std::span(header).subspan(26, 12)));
    }
  }
}
