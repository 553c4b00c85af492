// The cores that a benchmark's threads run on, and what the scheduler did to them meanwhile.
#pragma once
#include <sched.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>

namespace ringback::bench {

// A loop that polls tells the core so.
inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Nanoseconds of a monotonic clock.
[[nodiscard]] inline std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Ties the calling thread to the nth core that this process may use; false where there is no such core.
[[nodiscard]] inline bool pin_to_core(int nth) noexcept {
  static const cpu_set_t kAllowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &kAllowed) || nth-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
  }
  return false;
}

// How often the scheduler took the core from the calling thread.
[[nodiscard]] inline long preemptions() noexcept {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

}  // namespace ringback::bench
