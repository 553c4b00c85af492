// Stands in for native/ring/ordering.h: the same words, but each one is a step that the model takes. So the model runs
// the rings' own code. What each ordering means here is in view_memory.h.
#pragma once
#include <cstdint>

#include "model/step.h"

namespace ringback {

[[nodiscard]] inline std::uint32_t load_acquire(std::uint32_t& shared) noexcept {
  return model::load(shared, model::Order::kAcquire);
}

inline void store_release(std::uint32_t& shared, std::uint32_t value) noexcept {
  model::store(shared, value, model::Order::kRelease);
}

[[nodiscard]] inline std::uint32_t load_relaxed(std::uint32_t& shared) noexcept {
  return model::load(shared, model::Order::kRelaxed);
}

inline void store_relaxed(std::uint32_t& shared, std::uint32_t value) noexcept {
  model::store(shared, value, model::Order::kRelaxed);
}

// No step: what it reads is not used.
inline void touch(std::uint32_t&) noexcept {}

inline void full_fence() noexcept { model::fence(model::Order::kSeqCst); }

inline void compiler_barrier() noexcept { model::compiler_barrier(); }

}  // namespace ringback
