#include "fuzz/operations.h"

#include <algorithm>

#include "base/random.h"

namespace ringback::fuzz {
namespace {

// A kind for each value of the first byte, so many values a kind.
template <class Kind, std::size_t kKinds>
constexpr std::array<Kind, 256> spread(const std::array<int, kKinds>& weights) {
  std::array<Kind, 256> kinds{};
  std::size_t at = 0;
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    for (int i = 0; i < weights[kind]; ++i) kinds[at++] = static_cast<Kind>(kind);
  for (; at < kinds.size(); ++at) kinds[at] = static_cast<Kind>(at % kKinds);
  return kinds;
}

// In the order of the enumerations; what a table leaves of 256 goes round.
constexpr auto kGuestSpread =
    spread<GuestKind>(std::array{70, 6, 4, 3, 8, 6, 26, 12, 24, 22, 10, 18, 8, 3, 9, 4, 1, 1, 6, 3, 2, 1, 3});
constexpr auto kBackEndSpread =
    spread<BackEndKind>(std::array{36, 4, 24, 24, 26, 8, 8, 5, 2, 34, 44, 8, 2, 4, 6, 6, 2});

constexpr std::size_t kMinRandomOperations = 16;
constexpr std::size_t kRandomOperations = 400;

}  // namespace

std::vector<Operation> decode(std::span<const std::uint8_t> input) {
  std::vector<Operation> operations;
  operations.reserve(input.size() / kOperationBytes + 1);
  while (!input.empty() && operations.size() < kMaxOperations) {
    const auto record = input.first(std::min(input.size(), kOperationBytes));
    Operation::Bytes bytes{};
    std::ranges::copy(record, bytes.begin());
    operations.emplace_back(bytes);
    input = input.subspan(record.size());
  }
  return operations;
}

std::vector<std::uint8_t> random_input(std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> input((kMinRandomOperations + random.below(kRandomOperations)) * kOperationBytes);
  for (std::size_t at = 0; at < input.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(input.data() + at, &word, sizeof word);
  }
  return input;
}

GuestKind guest_kind(const Operation& operation) noexcept { return kGuestSpread[operation.u8(0)]; }

BackEndKind back_end_kind(const Operation& operation) noexcept { return kBackEndSpread[operation.u8(0)]; }

}  // namespace ringback::fuzz
