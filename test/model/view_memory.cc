#include "model/view_memory.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace ringback::model {
namespace {

bool acquires(Order order) { return order == Order::kAcquire || order == Order::kAcqRel || order == Order::kSeqCst; }
bool releases(Order order) { return order == Order::kRelease || order == Order::kAcqRel || order == Order::kSeqCst; }

void take_base(std::uint8_t& value, std::uint8_t base) {
  value = value > base ? static_cast<std::uint8_t>(value - base) : std::uint8_t{0};
}

}  // namespace

void View::join(const View& other) noexcept {
  for (std::size_t i = 0; i < kMaxWords; ++i) word[i] = std::max(word[i], other.word[i]);
  for (std::size_t i = 0; i < kMaxThreads; ++i) clock[i] = std::max(clock[i], other.clock[i]);
}

void View::forget(const View& base) noexcept {
  for (std::size_t i = 0; i < kMaxWords; ++i) take_base(word[i], base.word[i]);
  for (std::size_t i = 0; i < kMaxThreads; ++i) take_base(clock[i], base.clock[i]);
}

Memory::Memory(const Shared& shared) : word_count_(shared.words.size()), slot_count_(shared.slots.size()) {
  if (word_count_ > kMaxWords || slot_count_ > Shared::kMaxSlots) throw std::logic_error("too much memory");
  for (std::size_t i = 0; i < word_count_; ++i) {
    words_[i].count = 1;
    words_[i].messages[0].value = *shared.words[i].at;
  }
}

std::uint32_t Memory::load(std::size_t thread, std::uint8_t word, std::uint32_t choice, Order order) noexcept {
  Knowledge& self = threads_[thread];
  const auto time = static_cast<std::uint8_t>(self.current.word[word] + choice);
  const Message& message = words_[word].messages[time];
  self.current.word[word] = time;
  self.acquired.join(message.view);
  if (acquires(order)) self.current.join(message.view);
  return message.value;
}

void Memory::store(std::size_t thread, std::uint8_t word, std::uint32_t value, Order order) {
  append(thread, word, value, releases(order) ? threads_[thread].current : threads_[thread].released);
}

// It reads the newest message, for nothing may come between an exchange and what it read. What that one passed on goes
// on with it: a release sequence.
std::uint32_t Memory::exchange(std::size_t thread, std::uint8_t word, std::uint32_t value, Order order) {
  const std::uint32_t old = load(thread, word, readable(thread, word) - 1, order);
  View view = words_[word].messages[words_[word].count - 1u].view;
  view.join(releases(order) ? threads_[thread].current : threads_[thread].released);
  append(thread, word, value, view);
  return old;
}

void Memory::append(std::size_t thread, std::uint8_t word, std::uint32_t value, const View& view) {
  Word& to = words_[word];
  if (to.count == kMaxMessages) throw std::logic_error("more messages than the model holds");
  Message& message = to.messages[to.count];
  message = {value, view};
  message.view.word[word] = to.count;
  threads_[thread].current.word[word] = threads_[thread].acquired.word[word] = to.count;
  ++to.count;
}

// Each order of fences is also the weaker ones.
void Memory::fence(std::size_t thread, Order order) noexcept {
  Knowledge& self = threads_[thread];
  self.current = self.acquired;
  if (order == Order::kSeqCst) {
    self.current.join(fences_);
    fences_ = self.acquired = self.current;
  }
  self.released = self.current;
}

void Memory::tick(std::size_t thread) noexcept {
  Knowledge& self = threads_[thread];
  self.acquired.clock[thread] = ++self.current.clock[thread];
}

bool Memory::read_slot(std::size_t thread, std::uint8_t slot) noexcept {
  Slot& at = slots_[slot];
  const View& known = threads_[thread].current;
  at.read[thread] = known.clock[thread];
  return at.written <= known.clock[at.writer];
}

bool Memory::write_slot(std::size_t thread, std::uint8_t slot, std::uint8_t content) noexcept {
  Slot& at = slots_[slot];
  const View& known = threads_[thread].current;
  bool ordered = at.written <= known.clock[at.writer];
  for (std::size_t i = 0; i < kMaxThreads; ++i) ordered = ordered && at.read[i] <= known.clock[i];
  at = {content, static_cast<std::uint8_t>(thread), known.clock[thread], {}};
  return ordered;
}

void Memory::forget(unsigned live, std::size_t threads) noexcept {
  View base;
  base.word.fill(0xff);
  base.clock.fill(0xff);
  for (std::size_t i = 0; i < threads; ++i) {
    if ((live >> i & 1) == 0) continue;
    for (std::size_t w = 0; w < word_count_; ++w) base.word[w] = std::min(base.word[w], threads_[i].current.word[w]);
    for (std::size_t t = 0; t < threads; ++t) base.clock[t] = std::min(base.clock[t], threads_[i].current.clock[t]);
  }
  for (std::size_t w = 0; w < word_count_; ++w) {
    Word& word = words_[w];
    base.word[w] = std::min(base.word[w], static_cast<std::uint8_t>(word.count - 1));
    if (base.word[w] == 0) continue;
    std::copy(word.messages.begin() + base.word[w], word.messages.begin() + word.count, word.messages.begin());
    word.count = static_cast<std::uint8_t>(word.count - base.word[w]);
  }
  for (std::size_t w = 0; w < word_count_; ++w)
    for (std::size_t m = 0; m < words_[w].count; ++m) words_[w].messages[m].view.forget(base);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_[i].current.forget(base);
    threads_[i].acquired.forget(base);
    threads_[i].released.forget(base);
  }
  fences_.forget(base);
  for (std::size_t s = 0; s < slot_count_; ++s) {
    Slot& slot = slots_[s];
    take_base(slot.written, base.clock[slot.writer]);
    if (slot.written == 0) slot.writer = 0;
    for (std::size_t t = 0; t < threads; ++t) take_base(slot.read[t], base.clock[t]);
  }
}

// Calls visit(value) for all that makes up a state, the lists' lengths before the lists.
template <class Visit>
void Memory::each_part(std::size_t threads, Visit visit) {
  for (std::size_t w = 0; w < word_count_; ++w) {
    visit(words_[w].count);
    for (std::size_t m = 0; m < words_[w].count; ++m) visit(words_[w].messages[m]);
  }
  for (std::size_t i = 0; i < threads; ++i) visit(threads_[i]);
  for (std::size_t s = 0; s < slot_count_; ++s) visit(slots_[s]);
  visit(fences_);
}

void Memory::encode(std::string& out, std::size_t threads) {
  each_part(threads, [&out]<class Part>(const Part& part) {
    static_assert(std::has_unique_object_representations_v<Part>);
    out.append(reinterpret_cast<const char*>(&part), sizeof part);
  });
}

void Memory::decode(std::string_view in, std::size_t threads) noexcept {
  each_part(threads, [&in]<class Part>(Part& part) {
    std::memcpy(&part, in.data(), sizeof part);
    in.remove_prefix(sizeof part);
  });
}

}  // namespace ringback::model
