// Asks for memory before it is needed.
#pragma once
#include <cstddef>

namespace ringback {

inline constexpr std::size_t kCacheLineBytes = 64;

// Every line of `bytes` bytes from `start` on, which need not be valid memory: a hint never faults.
inline void prefetch(const void* start, std::size_t bytes = 1) noexcept {
  const char* line = static_cast<const char*>(start);
  for (std::size_t done = 0; done < bytes; done += kCacheLineBytes) __builtin_prefetch(line + done, 1);
}

}  // namespace ringback
