// What each verb of native/ring does to shared memory, step by step: the orderings, and where slots are copied between
// them. Whoever moves, adds or removes a step finds it here, also one that the explorer can do without.
#include <doctest/doctest.h>

#include <functional>
#include <new>

#include "model/ring_threads.h"
#include "model/stepper.h"

using namespace ringback;
using namespace ringback::model;

namespace {

constexpr abi::RING_IDX kStart = 0xffff'fffe;

using Ring = TinyRing<2>;
using Lines = std::vector<std::string>;

class Once : public Thread {
 public:
  explicit Once(const std::function<void()>& body) : body_(body) {}
  [[nodiscard]] const char* name() const override { return ""; }
  [[nodiscard]] std::span<std::byte> state() override { return {}; }
  [[nodiscard]] bool phase() override {
    body_();
    return false;
  }

 private:
  const std::function<void()>& body_;
};

// Runs `body` with what memory answers: for a load the distance from the ring's start, for anything else what it likes.
class Recorder {
 public:
  explicit Recorder(RingWorld<2>& world) : shared_(world.shared), stepper_(shared_) {}

  Lines operator()(const std::vector<std::uint32_t>& loads, const std::function<void()>& body) {
    Once once(body);
    std::vector<std::uint32_t> answers;
    std::size_t next = 0;
    for (;;) {  // as many answers as there are steps that want one
      const Stepper::Run run = stepper_.run(once, answers);
      if (run.over) {
        CHECK(next == loads.size());
        return lines(run.steps);
      }
      const bool is_load = run.steps.back().kind == Kind::kLoad;
      REQUIRE((!is_load || next < loads.size()));
      answers.push_back(is_load ? shared_.start + loads[next++] : 0);
    }
  }

 private:
  [[nodiscard]] Lines lines(const std::vector<Step>& steps) const {
    Lines all;
    for (const Step& step : steps) all.push_back(shared_.show(step));
    return all;
  }

  const Shared& shared_;
  Stepper stepper_;
};

// Both ends of a ring, each with its own record. A body is run again with each answer, so it works on a copy.
struct Fixture {
  explicit Fixture(abi::RING_IDX start = kStart) : world(start), front(world.page(), start) {}

  RingWorld<2> world;
  Recorder record{world};
  FrontRing<Ring> front;
  BackRing<Ring> back = BackRing<Ring>::attach(world.page()).value();
  std::array<Ring::Message, 2> out;

  // `verb` gets a copy of the ring; the one that came to the end replaces it.
  template <class Side, class Verb>
  Lines steps(Side& side, const std::vector<std::uint32_t>& loads, Verb verb) {
    Side copy = side;
    const Lines lines = record(loads, [&] {
      copy = side;
      for (Ring::Message& message : out) expect_read(message.bytes, 1);
      verb(copy);
    });
    side = copy;
    return lines;
  }
};

const auto kMessage = Ring::message(1);

}  // namespace

TEST_CASE("front end: puts slots, then publishes them") {
  Fixture f;
  CHECK(f.steps(f.front, {}, [](auto& ring) { ring.put_request(kMessage); }) == Lines{"write slot 0"});
  CHECK(f.steps(f.front, {}, [](auto& ring) { ring.push_requests(); }) == Lines{"store_release req_prod = start+1"});
  bool notify = false;
  const auto push = [&](auto& ring) {
    ring.put_request(kMessage);
    notify = ring.push_requests_and_check_notify();
  };
  const Lines pushed{"write slot 1", "store_release req_prod = start+2", "fence_seq_cst", "load_relaxed req_event"};
  FrontRing<Ring> other = f.front;
  CHECK(f.steps(f.front, {2}, push) == pushed);
  CHECK(notify);
  CHECK(f.steps(other, {1}, push) == pushed);
  CHECK(!notify);
}

TEST_CASE("front end: a batch is put before anything is published") {
  Fixture f;
  const std::array<Ring::Request, 2> batch{kMessage, kMessage};
  CHECK(f.steps(f.front, {1},
                [&](auto& ring) {
                  static_cast<void>(ring.put_requests(batch));
                  static_cast<void>(ring.push_requests_and_check_notify());
                }) == Lines{"write slot 0", "write slot 1", "store_release req_prod = start+2", "fence_seq_cst",
                            "load_relaxed req_event"});
}

TEST_CASE("runs go on at the first slot, in both directions") {
  Fixture f(kStart + 1);
  const std::array<Ring::Message, 2> batch{kMessage, kMessage};
  CHECK(f.steps(f.front, {}, [&](auto& ring) { static_cast<void>(ring.put_requests(batch)); }) ==
        Lines{"write slot 0", "write slot 1"});
  CHECK(f.steps(f.back, {2}, [&](auto& ring) { static_cast<void>(ring.consume_requests(f.out)); }) ==
        Lines{"load_acquire req_prod", "read slot 1", "read slot 0", "compiler_barrier"});
  CHECK(f.steps(f.back, {}, [&](auto& ring) { ring.put_responses(batch); }) == Lines{"write slot 0", "write slot 1"});
  CHECK(f.steps(f.front, {}, [](auto& ring) { ring.push_requests(); }) == Lines{"store_release req_prod = start+2"});
  CHECK(f.steps(f.front, {2}, [&](auto& ring) { static_cast<void>(ring.consume_responses(f.out)); }) ==
        Lines{"load_acquire rsp_prod", "read slot 1", "read slot 0", "compiler_barrier"});
}

TEST_CASE("front end: takes responses after it has loaded their producer, once for a run") {
  Fixture f;
  static_cast<void>(f.steps(f.front, {}, [](auto& ring) {
    static_cast<void>(ring.put_requests(std::array{kMessage, kMessage}));
    ring.push_requests();
  }));
  const auto take = [&](std::size_t count) {
    return [&, count](auto& ring) { static_cast<void>(ring.consume_responses(std::span(f.out).first(count))); };
  };
  FrontRing<Ring> fresh = f.front;
  CHECK(f.steps(fresh, {0}, take(1)) == Lines{"load_acquire rsp_prod", "compiler_barrier"});
  CHECK(f.steps(fresh, {3}, take(1)) == Lines{"load_acquire rsp_prod"});  // an overflow: no slot is read
  CHECK(f.steps(fresh, {2}, take(2)) ==
        Lines{"load_acquire rsp_prod", "read slot 0", "read slot 1", "compiler_barrier"});
  CHECK(f.steps(f.front, {2}, take(1)) == Lines{"load_acquire rsp_prod", "read slot 0", "compiler_barrier"});
  CHECK(f.steps(f.front, {}, take(1)) == Lines{"read slot 1", "compiler_barrier"});
  CHECK(f.steps(f.front, {}, [](auto& ring) { CHECK(ring.free_requests() == 2); }) == Lines{});
}

TEST_CASE("front end: asks for an event before it looks for the last time") {
  Fixture f;
  bool work = false;
  const auto check = [&](auto& ring) { work = ring.final_check_for_responses(); };
  CHECK(f.steps(f.front, {1}, check) == Lines{"load_acquire rsp_prod"});
  CHECK(work);
  const Lines twice{"load_acquire rsp_prod", "store_relaxed rsp_event = start+1", "fence_seq_cst",
                    "load_acquire rsp_prod"};
  CHECK(f.steps(f.front, {0, 0}, check) == twice);
  CHECK(!work);
  CHECK(f.steps(f.front, {0, 1}, check) == twice);
  CHECK(work);
}

TEST_CASE("front end: looks without taking") {
  Fixture f;
  CHECK(f.steps(f.front, {1}, [](auto& ring) { static_cast<void>(ring.has_unconsumed_responses()); }) ==
        Lines{"load_acquire rsp_prod"});
  CHECK(f.steps(f.front, {1}, [](auto& ring) { static_cast<void>(ring.has_overflow()); }) ==
        Lines{"load_relaxed rsp_prod"});
}

TEST_CASE("back end: attaches at the responses' producer") {
  Fixture f;
  CHECK(f.record({0, 2}, [&] { f.back = BackRing<Ring>::attach(f.world.page()).value_or(f.back); }) ==
        Lines{"load_relaxed rsp_prod", "load_acquire req_prod"});
  // What it saw then it need not load again.
  CHECK(f.steps(f.back, {}, [&](auto& ring) { static_cast<void>(ring.consume_requests(f.out)); }) ==
        Lines{"read slot 0", "read slot 1", "compiler_barrier"});
}

TEST_CASE("back end: takes requests after it has loaded their producer, once for a run") {
  Fixture f;
  const auto take = [&](std::size_t count) {
    return [&, count](auto& ring) { static_cast<void>(ring.consume_requests(std::span(f.out).first(count))); };
  };
  BackRing<Ring> fresh = f.back;
  CHECK(f.steps(fresh, {0}, take(2)) == Lines{"load_acquire req_prod", "compiler_barrier"});
  CHECK(f.steps(fresh, {3}, take(2)) == Lines{"load_acquire req_prod"});  // an overflow: no slot is read
  CHECK(f.steps(fresh, {2}, take(2)) ==
        Lines{"load_acquire req_prod", "read slot 0", "read slot 1", "compiler_barrier"});
  CHECK(f.steps(f.back, {2}, take(1)) == Lines{"load_acquire req_prod", "read slot 0", "compiler_barrier"});
  CHECK(f.steps(f.back, {}, take(1)) == Lines{"read slot 1", "compiler_barrier"});
}

TEST_CASE("back end: peeks, copies and advances") {
  Fixture f;
  CHECK(f.steps(f.back, {2}, [&](auto& ring) { static_cast<void>(ring.peek_requests(std::span(f.out).first(1))); }) ==
        Lines{"load_acquire req_prod", "read slot 0", "compiler_barrier"});
  CHECK(f.steps(f.back, {}, [&](auto& ring) { new (&f.out[0]) Ring::Message(ring.copy_request(1)); }) ==
        Lines{"read slot 1", "compiler_barrier"});
  CHECK(f.steps(f.back, {}, [](auto& ring) { ring.advance(2); }) == Lines{});
  CHECK(f.steps(f.back, {2}, [](auto& ring) { static_cast<void>(ring.has_overflow()); }) ==
        Lines{"load_relaxed req_prod"});
}

TEST_CASE("back end: puts slots, then publishes them") {
  Fixture f;
  static_cast<void>(f.steps(f.back, {2}, [&](auto& ring) { static_cast<void>(ring.consume_requests(f.out)); }));
  BackRing<Ring> both = f.back;
  CHECK(f.steps(f.back, {}, [](auto& ring) { ring.put_response(kMessage); }) == Lines{"write slot 0"});
  CHECK(f.steps(f.back, {}, [](auto& ring) { ring.push_responses(); }) == Lines{"store_release rsp_prod = start+1"});
  bool notify = false;
  const Lines pushed{"write slot 1", "store_release rsp_prod = start+2", "fence_seq_cst", "load_relaxed rsp_event"};
  const auto push = [&](auto& ring) {
    ring.put_response(kMessage);
    notify = ring.push_responses_and_check_notify();
  };
  BackRing<Ring> other = f.back;
  CHECK(f.steps(f.back, {2}, push) == pushed);
  CHECK(notify);
  CHECK(f.steps(other, {1}, push) == pushed);
  CHECK(!notify);
  CHECK(f.steps(both, {}, [](auto& ring) {
    ring.put_responses(std::array{kMessage, kMessage});
    ring.push_responses();
  }) == Lines{"write slot 0", "write slot 1", "store_release rsp_prod = start+2"});
}

TEST_CASE("back end: asks for an event before it looks for the last time, and keeps what it saw") {
  Fixture f;
  bool work = false;
  const auto check = [&](auto& ring) { work = ring.final_check_for_requests(); };
  BackRing<Ring> first = f.back;
  CHECK(f.steps(first, {1}, check) == Lines{"load_acquire req_prod"});
  CHECK(work);
  const Lines twice{"load_acquire req_prod", "store_relaxed req_event = start+1", "fence_seq_cst",
                    "load_acquire req_prod"};
  CHECK(f.steps(f.back, {0, 0}, check) == twice);
  CHECK(!work);
  CHECK(f.steps(f.back, {0, 1}, check) == twice);
  CHECK(work);
  CHECK(f.steps(f.back, {}, [&](auto& ring) { static_cast<void>(ring.consume_requests(std::span(f.out).first(1))); }) ==
        Lines{"read slot 0", "compiler_barrier"});
}
