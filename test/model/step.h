// What a thread does to shared memory, step by step, and the words with which code under the model says so.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringback::model {

enum class Order : std::uint8_t { kRelaxed, kAcquire, kRelease, kAcqRel, kSeqCst };

enum class Kind : std::uint8_t {
  kLoad,
  kStore,
  kExchange,
  kAwait,  // sleeps until the word is not 0, then exchanges it
  kFence,
  kChoose,  // the thread may go on in `value` ways
  kEnd,
  // These need no answer from memory.
  kSlotRead,   // `place` is the slot, `value` what must be in it
  kSlotWrite,  // `place` is the slot, `value` what is put there
  kCompilerBarrier,
  kBroken,  // `verb` says what does not hold
};

struct Step {
  Kind kind = Kind::kEnd;
  Order order = Order::kRelaxed;
  std::uint8_t place = 0;  // a word's or a slot's number
  std::uint32_t value = 0;
  const char* verb = "";  // the ring's function that does it

  [[nodiscard]] bool is_answered() const noexcept { return kind < Kind::kEnd; }
  bool operator==(const Step& other) const noexcept {
    return kind == other.kind && order == other.order && place == other.place && value == other.value &&
           std::string_view(verb) == other.verb;
  }
};

// The memory that threads share. Words are atomic; slots are plain bytes, and at most kMaxSlots.
struct Shared {
  struct Word {
    std::uint32_t* at;
    const char* name;
    bool is_index = false;  // printed as a distance from `start`
  };
  static constexpr std::size_t kMaxSlots = 8;

  std::vector<Word> words;
  std::vector<std::span<std::byte>> slots;
  std::uint32_t start = 0;

  [[nodiscard]] std::string show(const Step& step) const;
  [[nodiscard]] std::string show_value(std::uint8_t word, std::uint32_t value) const;
};

// One thing that is taken out of the protocol, or done worse.
struct Mutation {
  enum class Change : std::uint8_t {
    kRelax,   // the same step without its ordering
    kWeaken,  // a full fence becomes an acquire and release fence
    kRemove,  // not done at all; a load gives what the verb loaded last
    kDefer,   // a store is done when the verb is over
  };
  const char* verb;
  Kind kind;
  std::uint8_t place = 0;  // no matter for fences
  std::uint32_t nth = 0;   // which of the verb's steps of this kind at this place
  Change change = Change::kRelax;
};

// A thread under the model. What it knows between two phases are the bytes of state().
//
// Requires: a phase ends whatever its loads return, and does nothing that lasts but to state() and to shared memory.
class Thread {
 public:
  virtual ~Thread() = default;
  [[nodiscard]] virtual const char* name() const = 0;
  [[nodiscard]] virtual std::span<std::byte> state() = 0;
  // Does a piece of work, one verb at most. False: the thread has ended.
  [[nodiscard]] virtual bool phase() = 0;
  // Whether it may sleep for ever once the others have ended.
  [[nodiscard]] virtual bool is_daemon() const { return false; }
};

// The words. Outside of a Stepper's run loads and stores go straight to memory, for setting up.
[[nodiscard]] std::uint32_t load(std::uint32_t& word, Order order) noexcept;
void store(std::uint32_t& word, std::uint32_t value, Order order) noexcept;
std::uint32_t exchange(std::uint32_t& word, std::uint32_t value, Order order) noexcept;
void await(std::uint32_t& word, std::uint32_t value, Order order) noexcept;
void fence(Order order) noexcept;
void compiler_barrier() noexcept;

// One of 0 to ways-1: the explorer takes each.
[[nodiscard]] std::uint32_t choose(std::uint32_t ways) noexcept;
// Names the verb that the following steps belong to.
void enter(const char* verb) noexcept;
// `buffer` will receive a slot that holds `content`. It must live until the phase is over.
void expect_read(std::span<std::byte> buffer, std::uint8_t content) noexcept;
// States what must hold now. Not looked at in a phase that still waits for an answer.
void claim(bool holds, const char* what) noexcept;

}  // namespace ringback::model
