// RB_ASSERT states what this code guarantees itself; it never judges what a peer wrote.
// On in Debug and sanitizer builds, absent from Release.
#pragma once
#include <cstdio>
#include <cstdlib>

#ifdef NDEBUG
#define RB_ASSERT(condition) static_cast<void>(sizeof((condition) ? 1 : 0))
#else
#define RB_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::ringback::assert_failed(#condition, __FILE__, __LINE__))
#endif

namespace ringback {

[[noreturn]] inline void assert_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace ringback
