// The explorer on the classic litmus programs: what the memory model allows and what it forbids.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <set>

#include "model/explorer.h"

using namespace ringback::model;

namespace {

using Registers = std::array<std::uint32_t, 2>;

std::uint32_t x = 0;
std::uint32_t y = 0;
std::array<std::byte, 4> slot;

class Litmus : public Thread {
 public:
  explicit Litmus(std::function<void(Registers&)> body) : body_(std::move(body)) {}
  [[nodiscard]] const char* name() const override { return "thread"; }
  [[nodiscard]] std::span<std::byte> state() override { return std::as_writable_bytes(std::span(registers_)); }
  [[nodiscard]] bool phase() override {
    body_(registers_);
    return false;
  }

 private:
  std::function<void(Registers&)> body_;
  Registers registers_{};
};

struct Outcome {
  Result result;
  std::set<std::vector<std::uint32_t>> ends;  // each thread's registers, one after the other
  [[nodiscard]] bool allows(const std::vector<std::uint32_t>& registers) const { return ends.contains(registers); }
};

Outcome explore_as(const std::vector<std::function<void(Registers&)>>& bodies, Explorer::Stores stores) {
  const Shared shared{{{&x, "x"}, {&y, "y"}}, {slot}, 0};
  std::vector<std::unique_ptr<Thread>> threads;
  for (const auto& body : bodies) threads.push_back(std::make_unique<Litmus>(body));
  Explorer explorer(shared, std::move(threads), {}, stores);
  Outcome outcome{explorer.explore(), {}};
  for (const auto& end : outcome.result.ends) {
    std::vector<std::uint32_t> all;
    for (const auto state : end) {
      Registers registers;
      std::memcpy(&registers, state.data(), sizeof registers);
      all.insert(all.end(), registers.begin(), registers.end());
    }
    outcome.ends.insert(std::move(all));
  }
  return outcome;
}

bool has_race(const Result& result) { return result.has(Verdict::kStaleSlot) || result.has(Verdict::kOverwrittenSlot); }

// Both ways of taking stores must come to the same ends. A race's name depends on which access came first.
Outcome explore(const std::vector<std::function<void(Registers&)>>& bodies) {
  const Outcome all = explore_as(bodies, Explorer::Stores::kAnyTime);
  Outcome fewer = explore_as(bodies, Explorer::Stores::kAtOnce);
  CHECK(fewer.ends == all.ends);
  CHECK(has_race(fewer.result) == has_race(all.result));
  if (!has_race(all.result)) CHECK(fewer.result.verdicts() == all.result.verdicts());
  CHECK(fewer.result.states <= all.result.states);
  return fewer;
}

void fence_if(bool fenced, Order order = Order::kSeqCst) {
  if (fenced) fence(order);
}

void write_slot() { slot.fill(std::byte{7}); }
void read_slot() {
  static std::array<std::byte, 4> buffer;
  expect_read(buffer, 7);
  buffer = slot;
}

}  // namespace

TEST_CASE("store buffering: both may miss the other's store unless both have a full fence") {
  for (const auto& [first, second, order] : {std::tuple{false, false, Order::kSeqCst},
                                             {true, false, Order::kSeqCst},
                                             {false, true, Order::kSeqCst},
                                             {true, true, Order::kAcqRel},
                                             {true, true, Order::kSeqCst}}) {
    CAPTURE(first);
    CAPTURE(second);
    const Outcome outcome = explore({[=](Registers& r) {
                                       store(x, 1, Order::kRelease);
                                       fence_if(first, order);
                                       r[0] = load(y, Order::kAcquire);
                                     },
                                     [=](Registers& r) {
                                       store(y, 1, Order::kRelease);
                                       fence_if(second, order);
                                       r[0] = load(x, Order::kAcquire);
                                     }});
    CHECK(outcome.allows({0, 0, 0, 0}) == !(first && second && order == Order::kSeqCst));
    CHECK(outcome.allows({1, 0, 1, 0}));
  }
}

TEST_CASE("message passing: needs a release and an acquire, or fences in their places") {
  struct Case {
    Order store_order, load_order;
    bool store_fence, load_fence, safe;
  };
  for (const Case& c : {Case{Order::kRelease, Order::kAcquire, false, false, true},
                        {Order::kRelaxed, Order::kAcquire, false, false, false},
                        {Order::kRelease, Order::kRelaxed, false, false, false},
                        {Order::kRelaxed, Order::kRelaxed, true, true, true},
                        {Order::kRelaxed, Order::kRelaxed, true, false, false},
                        {Order::kRelease, Order::kRelaxed, false, true, true},
                        {Order::kRelaxed, Order::kAcquire, true, false, true}}) {
    CAPTURE(c.store_order);
    CAPTURE(c.load_order);
    const Outcome outcome = explore({[&](Registers&) {
                                       store(x, 1, Order::kRelaxed);
                                       fence_if(c.store_fence, Order::kAcqRel);
                                       store(y, 1, c.store_order);
                                     },
                                     [&](Registers& r) {
                                       r[0] = load(y, c.load_order);
                                       fence_if(c.load_fence, Order::kAcqRel);
                                       r[1] = load(x, Order::kRelaxed);
                                     }});
    CHECK(outcome.allows({0, 0, 1, 0}) == !c.safe);
    CHECK(outcome.allows({0, 0, 1, 1}));
    CHECK(outcome.allows({0, 0, 0, 1}));
  }
}

TEST_CASE("a slot's message passing: a race is found in whatever order it comes") {
  for (const auto& [store_order, load_order] : {std::pair{Order::kRelease, Order::kAcquire},
                                                {Order::kRelaxed, Order::kAcquire},
                                                {Order::kRelease, Order::kRelaxed}}) {
    CAPTURE(store_order);
    CAPTURE(load_order);
    const Outcome outcome = explore({[=](Registers&) {
                                       write_slot();
                                       store(y, 1, store_order);
                                     },
                                     [=](Registers&) {
                                       if (load(y, load_order) == 1) read_slot();
                                     }});
    CHECK(outcome.result.has(Verdict::kStaleSlot) == (store_order == Order::kRelaxed || load_order == Order::kRelaxed));
    CHECK(!outcome.result.has(Verdict::kWrongContent));
  }
}

TEST_CASE("a slot is overwritten when nothing says that its reader is done") {
  for (const Order order : {Order::kRelaxed, Order::kRelease}) {
    CAPTURE(order);
    const Outcome outcome = explore({[=](Registers&) {
                                       read_slot();
                                       store(y, 1, order);
                                     },
                                     [=](Registers&) {
                                       if (load(y, Order::kAcquire) == 1) write_slot();
                                     }});
    CHECK(outcome.result.has(Verdict::kOverwrittenSlot) == (order == Order::kRelaxed));
    CHECK(outcome.result.has(Verdict::kWrongContent));  // nobody wrote what the reader expects
  }
}

TEST_CASE("two accesses of a slot with no order race, two reads do not") {
  const auto write = [](Registers&) { write_slot(); };
  const auto read = [](Registers&) { read_slot(); };
  CHECK(has_race(explore({write, write}).result));
  CHECK(has_race(explore({write, read}).result));
  CHECK(!has_race(explore({read, read}).result));
}

TEST_CASE("one word's stores are seen in one order by everybody") {
  const Outcome outcome = explore({[](Registers&) {
                                     store(x, 1, Order::kRelaxed);
                                     store(x, 2, Order::kRelaxed);
                                   },
                                   [](Registers& r) {
                                     r[0] = load(x, Order::kRelaxed);
                                     r[1] = load(x, Order::kRelaxed);
                                   }});
  CHECK(outcome.ends.size() == 6);  // 00 01 02 11 12 22
  CHECK(!outcome.allows({0, 0, 2, 1}));
  CHECK(!outcome.allows({0, 0, 1, 0}));
  CHECK(outcome.allows({0, 0, 0, 2}));
}

TEST_CASE("independent readers may disagree on the order of two stores, unless they have full fences") {
  for (const bool fenced : {false, true}) {
    CAPTURE(fenced);
    const Outcome outcome =
        explore({[](Registers&) { store(x, 1, Order::kRelease); }, [](Registers&) { store(y, 1, Order::kRelease); },
                 [=](Registers& r) {
                   r[0] = load(x, Order::kAcquire);
                   fence_if(fenced);
                   r[1] = load(y, Order::kAcquire);
                 },
                 [=](Registers& r) {
                   r[0] = load(y, Order::kAcquire);
                   fence_if(fenced);
                   r[1] = load(x, Order::kAcquire);
                 }});
    CHECK(outcome.allows({0, 0, 0, 0, 1, 0, 1, 0}) == !fenced);
    CHECK(outcome.allows({0, 0, 0, 0, 1, 1, 1, 1}));
  }
}

// Not part of this model, as in RC11: no load sees a store that comes after it. docs/model.md says why it may be so.
TEST_CASE("load buffering: no load returns a store that waits for it") {
  const Outcome outcome = explore({[](Registers& r) {
                                     r[0] = load(x, Order::kRelaxed);
                                     store(y, 1, Order::kRelaxed);
                                   },
                                   [](Registers& r) {
                                     r[0] = load(y, Order::kRelaxed);
                                     store(x, 1, Order::kRelaxed);
                                   }});
  CHECK(!outcome.allows({1, 0, 1, 0}));
  CHECK(outcome.ends.size() == 3);
}

TEST_CASE("an exchange reads the newest message and passes on what that one passed on") {
  for (const auto& [first, last] : {std::pair{Order::kAcqRel, Order::kAcquire},
                                    {Order::kRelaxed, Order::kAcquire},
                                    {Order::kAcqRel, Order::kRelaxed}}) {
    CAPTURE(first);
    CAPTURE(last);
    const Outcome outcome = explore({[=](Registers&) {
                                       store(x, 1, Order::kRelaxed);
                                       exchange(y, 1, first);
                                     },
                                     [](Registers& r) { r[0] = exchange(y, 2, Order::kRelaxed); },
                                     [=](Registers& r) {
                                       r[0] = exchange(y, 3, last);
                                       r[1] = load(x, Order::kRelaxed);
                                     }});
    CHECK(outcome.allows({0, 0, 1, 0, 2, 0}) == (first == Order::kRelaxed || last == Order::kRelaxed));
    CHECK(outcome.allows({0, 0, 1, 0, 2, 1}));
    CHECK(!outcome.allows({0, 0, 0, 0, 0, 0}));
    CHECK(outcome.allows({0, 0, 0, 0, 2, 0}));
  }
}

TEST_CASE("who awaits a word that nobody sets is found asleep") {
  const auto sleeper = [](Registers&) { await(x, 0, Order::kAcquire); };
  const auto waker = [](Registers&) { exchange(x, 1, Order::kRelease); };
  CHECK(explore({sleeper}).result.verdicts() == "lost wake-up");
  CHECK(explore({sleeper, waker}).result.verdicts() == "none");
  CHECK(explore({sleeper, sleeper, waker}).result.verdicts() == "lost wake-up");
}

TEST_CASE("what the model cannot say is refused") {
  const auto writer = [](Registers&) { store(x, 1, Order::kRelaxed); };
  CHECK_THROWS_WITH(static_cast<void>(explore({writer, writer})), "a word that two threads store to");
  const auto torn = [](Registers&) { slot[0] = std::byte{1}; };
  CHECK_THROWS_WITH(static_cast<void>(explore({torn})), "a slot was written in part");
}
