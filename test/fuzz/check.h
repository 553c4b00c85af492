// How a harness says that an invariant is broken: the process ends, whoever runs the input sees to the rest.
#pragma once
#include <cstdio>
#include <cstdlib>

namespace ringback::fuzz {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, condition);
  std::abort();
}

}  // namespace ringback::fuzz

// Unlike RB_ASSERT it is there in every build.
#define FUZZ_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::ringback::fuzz::check_failed(#condition, __FILE__, __LINE__))
