// A bond, read from JavaScript with every type, range and index checked, and told to it.
#pragma once
#include <cstdint>
#include <vector>

#include "addon/fields.h"
#include "sim/bonded_nics.h"

namespace ringback::addon {

// Which of so many things nobody has claimed yet.
class Unclaimed {
 public:
  explicit Unclaimed(std::size_t count = 0) : is_claimed_(count, false) {}

  // Claims those whose numbers the field lists. Throws where there is no such thing, or it was claimed before.
  [[nodiscard]] std::vector<std::uint32_t> take(const Fields& from, const char* key, std::uint32_t most);

 private:
  std::vector<bool> is_claimed_;
};

// Throws ERR_INVALID_ARGUMENT or ERR_OUT_OF_RANGE, naming the option: "options.bonds[0].mode ...".
[[nodiscard]] BondOptions to_bond(const Fields& bond, Unclaimed& nics, std::uint64_t seed);

// [{ link, active, linkFailures, aggregator, lacp }], by member: what MemberState says.
[[nodiscard]] Napi::Array to_member_states(Napi::Env env, const Bond& bond);

}  // namespace ringback::addon
