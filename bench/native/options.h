// The command line that every benchmark has: --rounds N --ms M --at 1,8,32,64
#pragma once
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fail.h"

namespace ringback::bench {

// What `--at` counts in this program, and which values it takes.
struct Axis {
  const char* what;
  std::vector<std::uint32_t> values;  // unless the command line says otherwise
  std::uint32_t most;
};

struct Options {
  int rounds = 5;
  double sample_ms = 1;  // short, so that a scheduler's slice usually holds a whole sample
  std::vector<std::uint32_t> at;
};

[[nodiscard]] inline std::vector<std::uint32_t> parse_at(const char* text, const Axis& axis) {
  const std::string wanted =
      std::string("--at: ") + axis.what + ", integers from 1 to " + std::to_string(axis.most) + ", by commas";
  std::vector<std::uint32_t> values;
  for (char* end = nullptr;; text = end + 1) {
    const unsigned long value = std::strtoul(text, &end, 10);
    if (end == text || value < 1 || value > axis.most) fail(wanted);
    values.push_back(static_cast<std::uint32_t>(value));
    if (*end == '\0') return values;
    if (*end != ',') fail(wanted);
  }
}

[[nodiscard]] inline Options parse(int argc, char** argv, const Axis& axis) {
  Options options;
  options.at = axis.values;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) fail(std::string(name) + " needs a value");
    const char* value = argv[i + 1];
    if (name == "--rounds")
      options.rounds = std::atoi(value);
    else if (name == "--ms")
      options.sample_ms = std::atof(value);
    else if (name == "--at")
      options.at = parse_at(value, axis);
    else
      fail("unknown option " + std::string(name) + "; use --rounds N, --ms M, --at (" + axis.what + ")");
  }
  if (options.rounds < 1 || !(options.sample_ms > 0 && options.sample_ms <= 1000))
    fail("--rounds must be at least 1 and --ms from above 0 to 1000");
  return options;
}

}  // namespace ringback::bench
