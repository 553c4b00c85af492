// A few objects of one owner, whose addresses stay.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/assert.h"

namespace ringback {

// At most N. The pointers lie in the owner itself: one memory access fewer on the way to an object.
template <class T, std::size_t N>
class OwnedList {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // Requires: index < size().
  [[nodiscard]] T& operator[](std::size_t index) const noexcept {
    RB_ASSERT(index < size_);
    return *items_[index];
  }

  // Requires: size() < N.
  template <class... Arguments>
  void emplace(Arguments&&... arguments) {
    RB_ASSERT(size_ < N);
    items_[size_] = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    ++size_;
  }
  void clear() noexcept {
    while (size_ > 0) items_[--size_].reset();
  }

  [[nodiscard]] const std::unique_ptr<T>* begin() const noexcept { return items_.data(); }
  [[nodiscard]] const std::unique_ptr<T>* end() const noexcept { return items_.data() + size_; }

 private:
  std::array<std::unique_ptr<T>, N> items_;
  std::size_t size_ = 0;
};

}  // namespace ringback
