// Ring memory for tests, and messages that tell which one they are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>

#include "ring/back_ring.h"
#include "ring/front_ring.h"

namespace ringback::test {

// Both producers a few slots before they wrap to 0.
inline constexpr abi::RING_IDX kNearWrap = 0xffff'fff0u;

class RingMemory {
 public:
  explicit RingMemory(std::uint32_t order = 0, abi::RING_IDX start = 0)
      : size_(std::size_t{abi::XEN_PAGE_SIZE} << order), pages_(new(kAlign) std::byte[size_]) {
    init_shared_ring(bytes(), start);
  }

  [[nodiscard]] std::span<std::byte> bytes() const { return {pages_.get(), size_}; }
  [[nodiscard]] abi::sring_header& header() const { return *reinterpret_cast<abi::sring_header*>(pages_.get()); }

 private:
  static constexpr std::align_val_t kAlign{abi::XEN_PAGE_SIZE};
  struct Free {
    void operator()(std::byte* pages) const { operator delete[](pages, kAlign); }
  };

  std::size_t size_;
  std::unique_ptr<std::byte[], Free> pages_;
};

// A message whose every byte depends on n.
template <class Message>
[[nodiscard]] Message message(std::uint32_t n) {
  Message made;
  auto* bytes = reinterpret_cast<unsigned char*>(&made);
  for (std::size_t i = 0; i < sizeof made; ++i) bytes[i] = static_cast<unsigned char>((n + 1) * 31 + i * 7 + (n >> 8));
  return made;
}

template <class Message>
[[nodiscard]] bool same(const Message& a, const Message& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// Both ends of a fresh ring.
template <class R>
struct RingPair {
  explicit RingPair(std::uint32_t order = 0, abi::RING_IDX start = 0)
      : memory(order, start), front(memory.bytes(), start), back(BackRing<R>::attach(memory.bytes()).value()) {}

  RingMemory memory;
  FrontRing<R> front;
  BackRing<R> back;
};

}  // namespace ringback::test
