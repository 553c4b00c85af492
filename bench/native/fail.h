// How a benchmark ends when it cannot go on: a bad option, or a peer that lost something.
#pragma once
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ringback::bench {

[[noreturn]] inline void fail(const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, message.c_str());
  std::exit(2);
}

}  // namespace ringback::bench
