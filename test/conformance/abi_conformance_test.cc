// Every size, offset and constant of native/abi against Xen's headers.
#include <doctest/doctest.h>

#include <cstddef>

#include "abi/grant_table.h"
#include "abi/netif.h"
#include "abi/page.h"
#include "abi/ring.h"
#include "conformance/abi_facts.h"

using namespace ringback;
using conformance::Fact;

namespace {

std::vector<Fact> facts_of_ours() {
  std::vector<Fact> facts;
#define SIZE(ours, xens) facts.push_back({"sizeof " #ours, static_cast<std::int64_t>(sizeof(abi::ours))});
#define OFFSET(ours, xens, field) \
  facts.push_back({#ours "." #field, static_cast<std::int64_t>(offsetof(abi::ours, field))});
#define VALUE(ours, xens) facts.push_back({#ours, static_cast<std::int64_t>(abi::ours)});
  RINGBACK_ABI_TYPES(SIZE)
  RINGBACK_ABI_FIELDS(OFFSET)
  RINGBACK_ABI_CONSTANTS(VALUE)
#undef SIZE
#undef OFFSET
#undef VALUE
  facts.push_back({"sizeof sring_header", static_cast<std::int64_t>(sizeof(abi::sring_header))});
  return facts;
}

}  // namespace

TEST_CASE("layouts and constants are those of Xen's headers") {
  const auto ours = facts_of_ours();
  const auto xens = conformance::facts_of_xen();
  REQUIRE(ours.size() == xens.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(ours[i].name);
    CHECK(ours[i].name == xens[i].name);
    CHECK(ours[i].value == xens[i].value);
  }
}
