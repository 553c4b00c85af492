#include "vif/ring_pages.h"

#include <doctest/doctest.h>

using namespace ringback;

TEST_CASE("contiguous pages: a run is found among scattered ones, or nothing is taken") {
  PageArena arena(10);
  for (std::uint32_t i = 0; i < 10; ++i) CHECK(arena.allocate() == i);
  for (const std::uint32_t page : {6u, 5u, 4u, 9u, 1u, 0u}) arena.free(page);  // handed out 0, 1, 9, 4, 5, 6
  CHECK_FALSE(allocate_contiguous(arena, 4).has_value());
  CHECK(arena.free_pages() == 6);
  CHECK(allocate_contiguous(arena, 3) == 4u);
  CHECK(arena.free_pages() == 3);
  CHECK(allocate_contiguous(arena, 2) == 0u);
  CHECK(allocate_contiguous(arena, 1) == 9u);
  CHECK_FALSE(allocate_contiguous(arena, 1).has_value());
}

TEST_CASE("a ring is made of whole pages and gives them back in one piece") {
  PageArena arena(9);
  CHECK(arena.allocate() == 0u);
  const auto ring = make_ring(arena, 2, 0xffff'fff0u);
  CHECK(ring.data() == arena.page(1).data());
  CHECK(ring.size() == 4 * kPageBytes);
  CHECK(reinterpret_cast<const abi::sring_header*>(ring.data())->rsp_event == 0xffff'fff1u);
  CHECK(arena.free_pages() == 4);
  free_ring(arena, ring);
  CHECK(arena.free_pages() == 8);
  CHECK(make_ring(arena, 2).data() == ring.data());
}
