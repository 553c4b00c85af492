// What a benchmark program does: sizes its cases, takes a sample of each in every round, prints a JSON line a sample.
//
//   {"peer":"memcpy","job":"copy, hot","unit":"ns","at":1500,"round":0,"value":23.1}
// and at the end, how many samples were repeated because the scheduler had disturbed them:
//   {"repeats":3}
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "fail.h"
#include "options.h"
#include "sample.h"

namespace ringback::bench {

// A peer at a job. `count` is the number of pairs, packets, operations: of whatever `figure` is about.
struct Case {
  const char* peer;
  const char* job;
  const char* unit;
  std::uint32_t at;
  // Leaves `correct` as it is, or false when what came out is not what went in.
  std::function<Sample(std::uint64_t count, bool& correct)> run;
  double (*figure)(std::uint64_t count, std::int64_t elapsed_ns);
  std::uint64_t multiple_of = 1;  // the counts that this case can run
  std::uint64_t count = 0;
};

[[nodiscard]] inline double million_per_second(std::uint64_t count, std::int64_t elapsed_ns) {
  return 1e3 * static_cast<double>(count) / static_cast<double>(elapsed_ns);
}

[[nodiscard]] inline double ns_each(std::uint64_t count, std::int64_t elapsed_ns) {
  return static_cast<double>(elapsed_ns) / static_cast<double>(count);
}

inline void require(bool correct, const Case& c) {
  if (!correct) fail(std::string(c.peer) + ", " + c.job + ": what came out is not what went in");
}

// As many as take about this long. Starts small: on a busy machine a single round trip can take milliseconds.
[[nodiscard]] inline std::uint64_t sized(const Case& c, double wanted_ns) {
  constexpr std::uint64_t kFirst = 512;
  const auto whole = [&c](std::uint64_t count) {
    return std::max<std::uint64_t>(count / c.multiple_of, 1) * c.multiple_of;
  };
  for (std::uint64_t count = whole(kFirst);; count *= 2) {
    bool correct = true;
    const auto elapsed_ns = static_cast<double>(std::max<std::int64_t>(c.run(count, correct).elapsed_ns, 1));
    require(correct, c);
    if (2 * elapsed_ns < wanted_ns) continue;
    const auto enough = static_cast<std::uint64_t>(static_cast<double>(count) * wanted_ns / elapsed_ns);
    return whole(std::max(kFirst, enough));
  }
}

[[nodiscard]] inline std::int64_t measure(const Case& c, std::uint64_t& repeats) {
  bool correct = true;
  const std::int64_t elapsed_ns = undisturbed_ns([&] { return c.run(c.count, correct); }, repeats);
  require(correct, c);
  return elapsed_ns;
}

inline int run_program(std::vector<Case> cases, const Options& options) {
  std::uint64_t repeats = 0;
  for (Case& c : cases) c.count = sized(c, options.sample_ms * 1e6);
  for (int round = 0; round < options.rounds; ++round) {
    for (const Case& c : cases) {
      const double value = c.figure(c.count, measure(c, repeats));
      std::printf(R"({"peer":"%s","job":"%s","unit":"%s","at":%u,"round":%d,"value":%.4f})"
                  "\n",
                  c.peer, c.job, c.unit, c.at, round, value);
    }
  }
  std::printf(R"({"repeats":%llu})"
              "\n",
              static_cast<unsigned long long>(repeats));
  return 0;
}

}  // namespace ringback::bench
