// Runs inputs in child processes: an input that kills its process is one that failed, and the parent goes on.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "fuzz/outcomes.h"

namespace ringback::fuzz {

struct Target {
  const char* name;
  void (*run)(std::span<const std::uint8_t> input, Outcomes& outcomes);
  std::span<const char* const> kinds;
};

// What a child writes and its parent reads.
struct Progress {
  Outcomes outcomes;
  std::uint64_t seed = 0;  // of the input under way
};

// Memory that this process shares with its children; it is there until the process ends.
[[nodiscard]] Progress& shared_progress();

// An input that takes longer has got stuck.
inline constexpr unsigned kInputSeconds = 60;
// To be called in a child as each input begins.
void watch_input();

// The child does `work` and ends; `quiet`: without a word.
[[nodiscard]] pid_t start_child(const std::function<void()>& work, bool quiet);
// Whether it came to the end of its work.
[[nodiscard]] bool wait_for(pid_t child);

[[nodiscard]] bool survives(const Target& target, std::span<const std::uint8_t> input, bool quiet);

// A shorter input that fails too: leaves out operations, long runs of them first, as long as that goes.
[[nodiscard]] std::vector<std::uint8_t> shrink(const Target& target, std::vector<std::uint8_t> input);

}  // namespace ringback::fuzz
