// One sample: work on one core, or on two that start together; repeated while the scheduler interferes.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

#include "cores.h"

namespace ringback::bench {

struct Sample {
  std::int64_t elapsed_ns = 0;
  bool disturbed = false;
};

// Runs one side of a sample: waits for the other side, then for its own work to end.
template <class Work>
void run_side(int core, std::atomic<int>& waiting, Work& work, std::int64_t& end_ns, long& lost) {
  const bool pinned = pin_to_core(core);
  waiting.fetch_sub(1);
  while (waiting.load() > 0) pause();
  const long before = preemptions();
  work();
  end_ns = now_ns();
  lost = preemptions() - before + (pinned ? 0 : 1);
}

// Runs `first` and `second` on two cores; they start together and the sample ends with the later one.
template <class First, class Second>
[[nodiscard]] Sample run_two(First first, Second second) {
  std::atomic<int> waiting{2};
  std::int64_t first_end = 0;
  std::int64_t second_end = 0;
  long first_lost = 0;
  long second_lost = 0;
  std::int64_t start = 0;
  auto timed = [&] {
    start = now_ns();
    first();
  };
  std::thread other([&] { run_side(1, waiting, second, second_end, second_lost); });
  std::thread self([&] { run_side(0, waiting, timed, first_end, first_lost); });
  self.join();
  other.join();
  return {std::max(first_end, second_end) - start, first_lost != 0 || second_lost != 0};
}

template <class Work>
[[nodiscard]] Sample run_one(Work work) {
  const bool pinned = pin_to_core(0);
  const long before = preemptions();
  const std::int64_t start = now_ns();
  work();
  return {now_ns() - start, !pinned || preemptions() != before};
}

// Repeats a sample until nothing disturbed it, within reason; returns its nanoseconds.
template <class Measure>
[[nodiscard]] std::int64_t undisturbed_ns(Measure measure, std::uint64_t& repeats) {
  constexpr int kMostRepeats = 10;
  Sample sample = measure();
  for (int i = 0; sample.disturbed && i < kMostRepeats; ++i, ++repeats) sample = measure();
  return std::max<std::int64_t>(sample.elapsed_ns, 1);
}

}  // namespace ringback::bench
