// A guest's own view of one of its rings: what it has pushed, and so how much a back end may answer.
#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "fuzz/check.h"
#include "ring/shared_ring.h"

namespace ringback::fuzz {

// Around each call of the back end: begin(), the call, end().
template <class R>
class RingWatch {
 public:
  // A ring that a back end is about to connect to: it takes what is there for pushed.
  explicit RingWatch(std::span<std::byte> memory) noexcept
      : memory_(memory),
        entries_(ring_entries<R>(memory.size())),
        slots_end_(kRingHeaderBytes + entries_ * kSlotBytes<R>),
        answered_(header().rsp_prod),
        pushed_(header().req_prod - answered_ <= entries_ ? header().req_prod : answered_),
        rsp_prod_(answered_) {}

  [[nodiscard]] std::span<std::byte> memory() const noexcept { return memory_; }
  [[nodiscard]] abi::sring_header& header() const noexcept {
    return *reinterpret_cast<abi::sring_header*>(memory_.data());
  }
  [[nodiscard]] std::uint32_t entries() const noexcept { return entries_; }
  [[nodiscard]] std::byte* slot(abi::RING_IDX index) const noexcept {
    return memory_.data() + kRingHeaderBytes + (index & (entries_ - 1)) * kSlotBytes<R>;
  }

  // Slots that a guest that means well may still push.
  [[nodiscard]] std::uint32_t room() const noexcept {
    const std::uint32_t used = header().req_prod - answered_;
    return used > entries_ ? 0 : entries_ - used;
  }

  // Also puts a producer that no back end can mean into the header, so that end() sees whether it was written.
  void begin() noexcept {
    const abi::RING_IDX produced = header().req_prod;
    if (produced - pushed_ <= entries_) pushed_ = produced;  // a back end that has answered what it knew may take it
    rsp_prod_ = header().rsp_prod;
    header().rsp_prod = answered_ - 1;
    rest_.assign(memory_.begin() + static_cast<std::ptrdiff_t>(slots_end_), memory_.end());
  }

  // Returns how many responses the call has pushed. A producer that was not written is what it was before.
  std::uint32_t end() noexcept {
    FUZZ_CHECK(std::memcmp(rest_.data(), memory_.data() + slots_end_, rest_.size()) == 0);  // no slot behind the last
    const abi::RING_IDX produced = header().rsp_prod;
    if (produced == answered_ - 1) {
      header().rsp_prod = rsp_prod_;
      return 0;
    }
    const std::uint32_t count = produced - answered_;
    FUZZ_CHECK(count <= pushed_ - answered_);  // nobody answers what was not asked
    answered_ = produced;
    return count;
  }

  // Instead of end(), where the call may have written the ring as if it were a page.
  void end_anyhow() noexcept {
    if (header().rsp_prod == answered_ - 1) header().rsp_prod = rsp_prod_;
    answered_ = pushed_ = header().rsp_prod;
  }

  // Whether there is something that was pushed and not answered.
  [[nodiscard]] bool owes() const noexcept { return answered_ != pushed_; }

  // One behind the newest response's index.
  [[nodiscard]] abi::RING_IDX answered() const noexcept { return answered_; }
  [[nodiscard]] typename R::Response response(abi::RING_IDX index) const noexcept {
    typename R::Response response;
    std::memcpy(&response, slot(index), sizeof response);
    return response;
  }

 private:
  std::span<std::byte> memory_;
  std::uint32_t entries_;
  std::size_t slots_end_;
  std::vector<std::byte> rest_;  // of the pages, behind the slots
  abi::RING_IDX answered_;
  abi::RING_IDX pushed_;
  abi::RING_IDX rsp_prod_;
};

}  // namespace ringback::fuzz
