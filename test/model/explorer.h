// Visits every state that threads can reach in the memory model, breadth first, so that a counterexample is a short
// one.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "model/automaton.h"
#include "model/view_memory.h"

namespace ringback::model {

enum class Verdict : std::uint8_t {
  kLostWakeup,       // all sleep, and somebody should have ended
  kStaleSlot,        // a slot is read, and nothing orders that after its write
  kOverwrittenSlot,  // a slot is written, and nothing orders that after what others did to it
  kWrongContent,     // a slot does not hold what the reader was promised
  kBrokenClaim,      // a claim of the thread's does not hold
};
inline constexpr std::size_t kVerdicts = 5;
[[nodiscard]] const char* name(Verdict verdict);

struct Result {
  std::size_t states = 0;
  std::size_t transitions = 0;
  // The first counterexample of each kind, readable.
  std::array<std::optional<std::string>, kVerdicts> found;
  // Of each way in which everything can end, what each thread remembers.
  std::vector<std::vector<std::span<const std::byte>>> ends;
  bool mutated = false;  // each mutation changed some step

  [[nodiscard]] bool has(Verdict verdict) const { return found[static_cast<std::size_t>(verdict)].has_value(); }
  [[nodiscard]] std::string verdicts() const;  // "lost wake-up, stale slot", or "none"
  [[nodiscard]] std::string traces() const;
};

// A step, and whatever slots were copied before it, is one transition: no other thread can tell, because races are
// found whatever the interleaving was.
//
// Requires: at most kMaxThreads threads; no two of them store to one word.
class Explorer {
 public:
  enum class Stores : std::uint8_t {
    // A thread that is about to store does so at once, and no other thread moves before it. This loses nothing: others
    // may still read what was there before, and whatever they do does not touch what the store says.
    kAtOnce,
    kAnyTime,
  };

  Explorer(const Shared& shared, std::vector<std::unique_ptr<Thread>> threads, std::span<const Mutation> mutations = {},
           Stores stores = Stores::kAtOnce);
  Explorer(const Explorer&) = delete;
  Explorer& operator=(const Explorer&) = delete;

  // Call it once. Slots' races do not end a path: later findings may be others.
  //
  // Errors: std::logic_error when the program is outside of what the model can say.
  [[nodiscard]] Result explore();

 private:
  struct State {
    std::array<Automaton::Node, kMaxThreads> node{};
    Memory memory;
  };
  struct Move {
    std::uint8_t thread = 0;
    std::uint8_t choice = 0;
  };
  struct Reached {
    const std::string* state;  // encoded
    std::uint32_t from;
    Move move;
  };

  [[nodiscard]] std::uint32_t choices(const State& state, std::size_t thread) const;
  [[nodiscard]] bool goes_alone(const State& state, std::size_t thread) const;
  void visit(std::uint32_t index);
  void take(std::uint32_t index, const State& from, Move move);
  void apply(State& state, Move move, std::string* trace);
  void apply_before(State& state, std::size_t thread, std::string* trace);
  [[nodiscard]] std::uint32_t answer(State& state, Move move);
  void own(std::uint8_t word, std::uint8_t owner);
  void finish(std::uint32_t index, const State& state);

  void find(Verdict verdict, const std::string& what);
  [[nodiscard]] std::string trace(std::uint32_t index, std::optional<Move> last);
  [[nodiscard]] std::string describe(const char* thread, const Step& step, std::uint32_t answer,
                                     std::uint32_t newest) const;

  [[nodiscard]] std::string encode(State& state) const;
  [[nodiscard]] State decode(const std::string& bytes) const;

  const Shared& shared_;
  std::vector<std::unique_ptr<Thread>> threads_;
  Stepper stepper_;
  Stores stores_;
  std::deque<Automaton> automata_;
  Memory initial_;
  std::array<std::uint8_t, kMaxWords> owners_;
  std::unordered_set<std::string> known_;
  std::vector<Reached> reached_;
  // The findings of the move that is applied just now.
  std::vector<std::pair<Verdict, std::string>> pending_;
  Result result_;
};

}  // namespace ringback::model
