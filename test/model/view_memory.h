// The memory model: C++20's release, acquire, relaxed and seq_cst fences as views, and races on plain slots.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/step.h"

namespace ringback::model {

inline constexpr std::size_t kMaxWords = 8;
inline constexpr std::size_t kMaxThreads = 4;
inline constexpr std::size_t kMaxMessages = 12;

// What is known: of each word the newest message, of each thread how many of its slot accesses happened before.
struct View {
  std::array<std::uint8_t, kMaxWords> word{};
  std::array<std::uint8_t, kMaxThreads> clock{};

  void join(const View& other) noexcept;
  // Counts from `base` on; what is older becomes 0.
  void forget(const View& base) noexcept;
};

// A store to a word is a message, in a list that is the word's modification order. A thread may read any message that
// is not older than the newest that it knows: that is how stores wait in a buffer, and how loads come early. A release
// store gives its message all that the thread knows, and an acquire load takes it. A relaxed load keeps it for the
// next fence. A seq_cst fence takes all that earlier seq_cst fences knew and leaves its own.
//
// A slot is plain memory. A read must know the last write, a write must know the last write and all reads: otherwise
// nothing orders the two, and the copy may be torn, old or too new.
//
// Requires: a word has one storing thread, or is only exchanged. So a new message is always the newest, and the lists
//           need no gaps. (Explorer checks it.)
// Source:   Kang et al., "A Promising Semantics for Relaxed-Memory Concurrency" (2017), without promises; C++20
//           [atomics.order] and [intro.races]; slots as vector clocks.
class Memory {
 public:
  explicit Memory(const Shared& shared);

  // How many messages a load may return: `choice` 0 is the oldest of them.
  [[nodiscard]] std::uint32_t readable(std::size_t thread, std::uint8_t word) const noexcept {
    return words_[word].count - threads_[thread].current.word[word];
  }
  [[nodiscard]] std::uint32_t newest(std::uint8_t word) const noexcept {
    return words_[word].messages[words_[word].count - 1].value;
  }

  [[nodiscard]] std::uint32_t load(std::size_t thread, std::uint8_t word, std::uint32_t choice, Order order) noexcept;
  void store(std::size_t thread, std::uint8_t word, std::uint32_t value, Order order);
  [[nodiscard]] std::uint32_t exchange(std::size_t thread, std::uint8_t word, std::uint32_t value, Order order);
  void fence(std::size_t thread, Order order) noexcept;

  // Before the slot accesses that come with one step.
  void tick(std::size_t thread) noexcept;
  // Each returns whether the access is ordered after those before it that it conflicts with.
  [[nodiscard]] bool read_slot(std::size_t thread, std::uint8_t slot) noexcept;
  [[nodiscard]] bool write_slot(std::size_t thread, std::uint8_t slot, std::uint8_t content) noexcept;
  [[nodiscard]] std::uint8_t content(std::uint8_t slot) const noexcept { return slots_[slot].content; }

  // Forgets what every thread of `live` knows, so that states that differ only in the past are one.
  void forget(unsigned live, std::size_t threads) noexcept;

  void encode(std::string& out, std::size_t threads);
  void decode(std::string_view in, std::size_t threads) noexcept;

 private:
  struct Message {
    std::uint32_t value = 0;
    View view;
  };
  struct Word {
    std::uint8_t count = 0;
    std::array<Message, kMaxMessages> messages;
  };
  struct Slot {
    std::uint8_t content = 0;
    std::uint8_t writer = 0;
    std::uint8_t written = 0;                      // the writer's clock, 0 when all know of it
    std::array<std::uint8_t, kMaxThreads> read{};  // the readers' clocks, likewise
  };
  struct Knowledge {
    View current;
    View acquired;  // and what relaxed loads would add at a fence
    View released;  // at the last release fence: what a relaxed store passes on
  };

  void append(std::size_t thread, std::uint8_t word, std::uint32_t value, const View& view);
  template <class Visit>
  void each_part(std::size_t threads, Visit visit);

  std::size_t word_count_;
  std::size_t slot_count_;
  std::array<Word, kMaxWords> words_;
  std::array<Slot, Shared::kMaxSlots> slots_{};
  std::array<Knowledge, kMaxThreads> threads_;
  View fences_;
};

}  // namespace ringback::model
