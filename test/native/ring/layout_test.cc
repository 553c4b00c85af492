#include "ring/layout.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "native/ring/ring_fixture.h"

using namespace ringback;

TEST_CASE("slots and entries are Xen's") {
  CHECK(kSlotBytes<TxRing> == 12);
  CHECK(kSlotBytes<RxRing> == 8);
  CHECK(kSlotBytes<CtrlRing> == 16);
  for (std::uint32_t order = 0; order <= 4; ++order) {
    const std::size_t bytes = std::size_t{4096} << order;
    CHECK(ring_entries<TxRing>(bytes) == 256u << order);
    CHECK(ring_entries<RxRing>(bytes) == 256u << order);
    CHECK(ring_entries<CtrlRing>(bytes) == 128u << order);
  }
  CHECK(ring_entries<TxRing>(0) == 0);
  CHECK(ring_entries<TxRing>(64) == 0);
  CHECK(ring_entries<TxRing>(64 + 12) == 1);
}

TEST_CASE("a ring lives in 1, 2, 4, 8 or 16 aligned pages") {
  alignas(4096) static std::byte memory[32 * 4096];
  const std::span<const std::byte> all(memory);
  for (const std::size_t pages : {1, 2, 4, 8, 16}) CHECK(is_ring_memory(all.first(pages * 4096)));
  for (const std::size_t pages : {0, 3, 5, 6, 15, 17, 32}) CHECK_FALSE(is_ring_memory(all.first(pages * 4096)));
  CHECK_FALSE(is_ring_memory(all.first(2048)));
  CHECK_FALSE(is_ring_memory(all.first(4100)));
  CHECK_FALSE(is_ring_memory(all.subspan(2, 4096)));
  CHECK(is_ring_memory(all.subspan(4, 4096)));
}

TEST_CASE("an initialised ring asks for a notification of the first message and leaks nothing") {
  test::RingMemory memory(1);
  std::ranges::fill(memory.bytes(), std::byte{0xee});
  init_shared_ring(memory.bytes());
  CHECK(memory.header().req_prod == 0);
  CHECK(memory.header().rsp_prod == 0);
  CHECK(memory.header().req_event == 1);
  CHECK(memory.header().rsp_event == 1);
  CHECK(std::ranges::all_of(memory.bytes().subspan(16), [](std::byte b) { return b == std::byte{0}; }));
}
