#include "memory/page_arena.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using ringback::kPageBytes;
using ringback::PageArena;

TEST_CASE("an arena of its own is aligned, zeroed and in one piece") {
  const PageArena arena(5u);
  CHECK(arena.pages() == 5);
  CHECK(arena.free_pages() == 5);
  CHECK(reinterpret_cast<std::uintptr_t>(arena.page(0).data()) % kPageBytes == 0);
  CHECK(arena.page(4).data() == arena.page(0).data() + 4 * kPageBytes);
  CHECK(std::ranges::all_of(arena.memory(), [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("every page is handed out once, the one freed last first") {
  PageArena arena(4u);
  std::set<std::uint32_t> frames;
  for (int i = 0; i < 4; ++i) {
    const auto frame = arena.allocate();
    REQUIRE(frame.has_value());
    CHECK(*frame == static_cast<std::uint32_t>(i));
    frames.insert(*frame);
  }
  CHECK(frames.size() == 4);
  CHECK_FALSE(arena.allocate().has_value());
  CHECK(arena.free_pages() == 0);
  arena.free(1);
  arena.free(3);
  CHECK_FALSE(arena.is_allocated(1));
  CHECK(arena.is_allocated(2));
  CHECK_FALSE(arena.is_allocated(4));
  CHECK(arena.allocate() == 3u);
  CHECK(arena.allocate() == 1u);
  CHECK(arena.free_pages() == 0);
}

TEST_CASE("a borrowed arena is the memory that was lent, untouched") {
  alignas(8) static std::byte memory[3 * kPageBytes];
  memory[kPageBytes] = std::byte{42};
  const PageArena arena{std::span<std::byte>(memory)};
  CHECK(arena.pages() == 3);
  CHECK(arena.page(1).data() == memory + kPageBytes);
  CHECK(arena.page(1)[0] == std::byte{42});
}

TEST_CASE("an arena moves without moving its memory") {
  PageArena arena(2u);
  std::byte* const first = arena.page(0).data();
  const PageArena moved = std::move(arena);
  CHECK(moved.page(0).data() == first);
}

TEST_CASE("an arena without pages hands out nothing") {
  PageArena arena(0u);
  CHECK_FALSE(arena.allocate().has_value());
}
