#include "net/xmit_hash.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "native/net/xmit_vectors.h"
#include "net/flow_keys.h"

using namespace ringback;
using namespace ringback::test;
using enum XmitHashPolicy;

namespace {

struct Policy {
  const char* name;
  XmitHashPolicy policy;
};
constexpr std::array<Policy, 6> kPolicies = {{{"layer2", kLayer2},
                                              {"layer3+4", kLayer34},
                                              {"layer2+3", kLayer23},
                                              {"encap2+3", kEncap23},
                                              {"encap3+4", kEncap34},
                                              {"vlan+srcmac", kVlanSrcMac}}};

// An allocation of this very size, so that ASan sees a byte read too many.
class ExactBytes {
 public:
  explicit ExactBytes(std::span<const std::byte> bytes) : size_(bytes.size()), bytes_(new std::byte[bytes.size()]) {
    std::ranges::copy(bytes, bytes_.get());
  }
  [[nodiscard]] std::span<const std::byte> span() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

std::array<std::uint32_t, 6> hash_all(std::span<const std::byte> bytes) {
  const ExactBytes exact(bytes);
  std::array<std::uint32_t, 6> hashes{};
  for (const Policy& policy : kPolicies) {
    hashes[static_cast<std::size_t>(policy.policy)] = xmit_hash(policy.policy, exact.span());
    // The short way for ordinary frames is no other hash.
    REQUIRE(xmit_hash(policy.policy, exact.span()) == xmit_hash_of_any(policy.policy, exact.span()));
  }
  return hashes;
}

}  // namespace

// The expected numbers come from a script that never saw this code: it puts each frame together from fields and takes
// the hashes from the same fields, by the formulas of the kernel's documentation.
TEST_CASE("xmit hash: golden values of all policies") {
  const std::vector<XmitVector> vectors = read_xmit_vectors();
  CHECK(vectors.size() >= 70);
  for (const XmitVector& vector : vectors) {
    CAPTURE(vector.name);
    const auto hashes = hash_all(vector.frame);
    CHECK(vector.hashes.size() == kPolicies.size());
    for (const Policy& policy : kPolicies) {
      CAPTURE(policy.name);
      CHECK(hashes[static_cast<std::size_t>(policy.policy)] == vector.hashes.at(policy.name));
    }
  }
}

TEST_CASE("xmit hash: the numbers of policies are Linux's") {
  // uapi/linux/if_bonding.h
  CHECK(std::array{kLayer2, kLayer34, kLayer23, kEncap23, kEncap34, kVlanSrcMac} ==
        std::array{XmitHashPolicy{0}, XmitHashPolicy{1}, XmitHashPolicy{2}, XmitHashPolicy{3}, XmitHashPolicy{4},
                   XmitHashPolicy{5}});
}

TEST_CASE("xmit hash: a frame that ends anywhere is never read beyond, and a longer one says no less") {
  for (const XmitVector& vector : read_xmit_vectors()) {
    CAPTURE(vector.name);
    for (std::size_t size = 0; size <= vector.frame.size(); ++size) {
      const std::span cut = std::span(vector.frame).first(size);
      const auto hashes = hash_all(cut);
      REQUIRE((size >= 14 || std::ranges::all_of(hashes, [](std::uint32_t hash) { return hash == 0; })));
    }
    std::vector<std::byte> longer = vector.frame;
    const bool ends_early =
        vector.name.find("cut") != std::string::npos || vector.name.find("half") != std::string::npos;
    longer.resize(longer.size() + 100);
    if (!ends_early && !vector.frame.empty()) CHECK(hash_all(longer) == hash_all(vector.frame));
  }
}

TEST_CASE("property: random bytes, and golden frames with some bytes changed, of every length") {
  const std::vector<XmitVector> vectors = read_xmit_vectors();
  Random random(29);
  std::set<FlowKeys::Addresses> outer;
  std::set<FlowKeys::Addresses> inner;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes = vectors[random.below(vectors.size())].frame;
    if (random.below(8) == 0) std::ranges::fill(bytes, std::byte{static_cast<std::uint8_t>(random.next())});
    bytes.resize(random.below(bytes.size() + 20));
    for (std::uint64_t changes = random.below(6); changes > 0 && !bytes.empty(); --changes)
      bytes[random.below(bytes.size())] = static_cast<std::byte>(random.next());
    (void)hash_all(bytes);
    outer.insert(dissect(ExactBytes(bytes).span(), false).addresses);
    inner.insert(dissect(ExactBytes(bytes).span(), true).addresses);
  }
  CHECK(outer.size() == 3);  // none, IPv4, IPv6: the bytes were worth reading
  CHECK(inner.size() == 3);
}
