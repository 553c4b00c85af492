// Runs a thread's own code up to the next step that needs an answer from memory.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/step.h"

namespace ringback::model {

// A phase is run from its start each time, with the answers that it has got so far. The step after the last answer is
// the one it waits for: from there on every word returns 0 and nothing counts, and the phase will be run again.
//
// Slots are copied by plain code that calls nothing here. Before a phase each slot is filled with a byte of its own,
// and each buffer that expects a slot with another one: at each step it shows which slots were read or written since,
// in the order of slots and buffers: between two steps no other order can be told.
//
// Threads: one Stepper runs at a time.
class Stepper {
 public:
  // Requires: `shared` outlives this.
  explicit Stepper(const Shared& shared, std::span<const Mutation> mutations = {}) : shared_(shared) {
    for (const Mutation& mutation : mutations) mutations_.push_back({mutation, 0, false});
  }

  struct Run {
    std::vector<Step> steps;  // in program order; the last one waits for an answer unless the phase is over
    bool over = false;
    bool ended = false;  // and so is the thread
  };
  // Errors: std::logic_error when a slot was copied in part or with other bytes.
  [[nodiscard]] Run run(Thread& thread, std::span<const std::uint32_t> answers);

  // Whether each mutation changed something so far.
  [[nodiscard]] bool has_mutated() const noexcept;

  // For the words in step.h: the run that goes on, or nothing.
  [[nodiscard]] static Stepper* running() noexcept { return running_; }
  [[nodiscard]] std::uint32_t take(Step step) noexcept;
  [[nodiscard]] std::uint8_t word_number(const std::uint32_t& word) noexcept;
  void enter(const char* verb) noexcept { verb_ = verb; }
  void expect_read(std::span<std::byte> buffer, std::uint8_t content) noexcept;
  void claim(bool holds, const char* what) noexcept;

 private:
  struct Buffer {
    std::span<std::byte> bytes;
    std::uint8_t content;
    bool filled;
  };
  struct Planned {
    Mutation mutation;
    std::uint32_t seen;  // steps of this run that it is about
    bool done;
  };

  [[nodiscard]] std::optional<Mutation::Change> change_of(const Step& step) noexcept;
  [[nodiscard]] std::uint32_t answer(const Step& step) noexcept;
  void note_slots() noexcept;
  void note_slot(std::uint8_t slot) noexcept;
  void note_buffer(Buffer& buffer) noexcept;

  static inline Stepper* running_ = nullptr;

  const Shared& shared_;
  std::vector<Planned> mutations_;
  // Of the current run.
  Run run_;
  std::span<const std::uint32_t> answers_;
  std::size_t answered_ = 0;
  bool abandoned_ = false;
  const char* verb_ = "";
  const char* error_ = nullptr;
  std::uint32_t last_loaded_ = 0;
  std::optional<Step> deferred_;
  std::vector<Buffer> buffers_;
};

}  // namespace ringback::model
