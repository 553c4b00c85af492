// A queue in one power-of-two array that grows when it is full and never shrinks.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace ringback {

template <class T>
class Fifo {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
  [[nodiscard]] std::size_t size() const noexcept { return tail_ - head_; }

  [[nodiscard]] const T& front() const noexcept {
    RB_ASSERT(!empty());
    return items_[head_ & (items_.size() - 1)];
  }
  // The item that is `ahead` behind the first. Requires: ahead < size().
  [[nodiscard]] const T& at(std::size_t ahead) const noexcept {
    RB_ASSERT(ahead < size());
    return items_[(head_ + ahead) & (items_.size() - 1)];
  }
  [[nodiscard]] T& at(std::size_t ahead) noexcept {
    RB_ASSERT(ahead < size());
    return items_[(head_ + ahead) & (items_.size() - 1)];
  }
  void pop() noexcept {
    RB_ASSERT(!empty());
    ++head_;
  }
  void push(const T& item) {
    if (size() == items_.size()) grow();
    items_[tail_++ & (items_.size() - 1)] = item;
  }

 private:
  void grow() {
    std::vector<T> larger(items_.empty() ? 16 : items_.size() * 2);
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) larger[i] = items_[(head_ + i) & (items_.size() - 1)];
    items_ = std::move(larger);
    head_ = 0;
    tail_ = count;
  }

  std::vector<T> items_;
  std::size_t head_ = 0;  // free-running
  std::size_t tail_ = 0;
};

}  // namespace ringback
