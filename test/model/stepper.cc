#include "model/stepper.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace ringback::model {
namespace {

constexpr std::byte kEmptyBuffer{0xee};
constexpr std::byte slot_filler(std::size_t slot) { return static_cast<std::byte>(0xa0 + slot); }

bool is_all(std::span<const std::byte> bytes, std::byte value) {
  return bytes[0] == value && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

Stepper::Run Stepper::run(Thread& thread, std::span<const std::uint32_t> answers) {
  for (std::size_t i = 0; i < shared_.slots.size(); ++i) std::ranges::fill(shared_.slots[i], slot_filler(i));
  run_ = {};
  answers_ = answers;
  answered_ = 0;
  abandoned_ = false;
  verb_ = "";
  error_ = nullptr;
  for (Planned& planned : mutations_) planned.seen = 0;
  last_loaded_ = 0;
  deferred_.reset();
  buffers_.clear();

  running_ = this;
  const bool more = thread.phase();
  if (!abandoned_) note_slots();
  if (!abandoned_ && deferred_) static_cast<void>(answer(*deferred_));
  running_ = nullptr;

  if (error_ != nullptr) throw std::logic_error(error_);
  run_.over = !abandoned_;
  run_.ended = run_.over && !more;
  return std::move(run_);
}

std::uint32_t Stepper::take(Step step) noexcept {
  if (abandoned_) return 0;
  step.verb = verb_;
  note_slots();
  const auto change = change_of(step);
  if (change == Mutation::Change::kRemove) return last_loaded_;
  if (change == Mutation::Change::kRelax) step.order = Order::kRelaxed;
  if (change == Mutation::Change::kWeaken) step.order = Order::kAcqRel;
  if (change == Mutation::Change::kDefer) {
    deferred_ = step;
    return 0;
  }
  return answer(step);
}

std::optional<Mutation::Change> Stepper::change_of(const Step& step) noexcept {
  std::optional<Mutation::Change> change;
  for (auto& [mutation, seen, done] : mutations_) {
    const bool is_it = std::string_view(mutation.verb) == step.verb && mutation.kind == step.kind &&
                       (step.kind == Kind::kFence || mutation.place == step.place);
    if (!is_it || seen++ != mutation.nth) continue;
    done = true;
    change = mutation.change;
  }
  return change;
}

bool Stepper::has_mutated() const noexcept { return std::ranges::all_of(mutations_, &Planned::done); }

std::uint32_t Stepper::answer(const Step& step) noexcept {
  run_.steps.push_back(step);
  if (!step.is_answered()) return 0;
  if (answered_ == answers_.size()) {
    abandoned_ = true;
    return 0;
  }
  const std::uint32_t value = answers_[answered_++];
  if (step.kind == Kind::kLoad) last_loaded_ = value;
  return value;
}

std::uint8_t Stepper::word_number(const std::uint32_t& word) noexcept {
  const auto found = std::ranges::find(shared_.words, &word, &Shared::Word::at);
  if (found == shared_.words.end()) error_ = "a word that is not shared";
  return static_cast<std::uint8_t>(found - shared_.words.begin());
}

void Stepper::expect_read(std::span<std::byte> buffer, std::uint8_t content) noexcept {
  std::ranges::fill(buffer, kEmptyBuffer);
  if (!abandoned_) buffers_.push_back({buffer, content, false});
}

void Stepper::claim(bool holds, const char* what) noexcept {
  if (!abandoned_ && !holds) run_.steps.push_back({Kind::kBroken, Order::kRelaxed, 0, 0, what});
}

void Stepper::note_slots() noexcept {
  for (std::uint8_t i = 0; i < shared_.slots.size(); ++i) note_slot(i);
  for (Buffer& buffer : buffers_)
    if (!buffer.filled) note_buffer(buffer);
}

void Stepper::note_slot(std::uint8_t slot) noexcept {
  const auto bytes = shared_.slots[slot];
  if (is_all(bytes, slot_filler(slot))) return;
  if (!is_all(bytes, bytes[0])) error_ = "a slot was written in part";
  run_.steps.push_back({Kind::kSlotWrite, Order::kRelaxed, slot, std::to_integer<std::uint32_t>(bytes[0]), verb_});
  std::ranges::fill(bytes, slot_filler(slot));
}

void Stepper::note_buffer(Buffer& buffer) noexcept {
  if (is_all(buffer.bytes, kEmptyBuffer)) return;
  buffer.filled = true;
  for (std::uint8_t i = 0; i < shared_.slots.size(); ++i) {
    if (!is_all(buffer.bytes, slot_filler(i))) continue;
    run_.steps.push_back({Kind::kSlotRead, Order::kRelaxed, i, buffer.content, verb_});
    return;
  }
  error_ = "a slot was read in part";
}

// The words of step.h.

std::uint32_t load(std::uint32_t& word, Order order) noexcept {
  Stepper* stepper = Stepper::running();
  return stepper ? stepper->take({Kind::kLoad, order, stepper->word_number(word)}) : word;
}

void store(std::uint32_t& word, std::uint32_t value, Order order) noexcept {
  if (Stepper* stepper = Stepper::running())
    static_cast<void>(stepper->take({Kind::kStore, order, stepper->word_number(word), value}));
  else
    word = value;
}

std::uint32_t exchange(std::uint32_t& word, std::uint32_t value, Order order) noexcept {
  Stepper* stepper = Stepper::running();
  return stepper->take({Kind::kExchange, order, stepper->word_number(word), value});
}

void await(std::uint32_t& word, std::uint32_t value, Order order) noexcept {
  Stepper* stepper = Stepper::running();
  static_cast<void>(stepper->take({Kind::kAwait, order, stepper->word_number(word), value}));
}

void fence(Order order) noexcept {
  if (Stepper* stepper = Stepper::running()) static_cast<void>(stepper->take({Kind::kFence, order}));
}

void compiler_barrier() noexcept {
  if (Stepper* stepper = Stepper::running()) static_cast<void>(stepper->take({Kind::kCompilerBarrier}));
}

std::uint32_t choose(std::uint32_t ways) noexcept {
  return Stepper::running()->take({Kind::kChoose, Order::kRelaxed, 0, ways});
}

void enter(const char* verb) noexcept { Stepper::running()->enter(verb); }

void expect_read(std::span<std::byte> buffer, std::uint8_t content) noexcept {
  Stepper::running()->expect_read(buffer, content);
}

void claim(bool holds, const char* what) noexcept { Stepper::running()->claim(holds, what); }

}  // namespace ringback::model
