// A front end and a back end that use a tiny ring as vif/ does, phase by phase, for the explorer.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "model/step.h"
#include "ring/back_ring.h"
#include "ring/front_ring.h"

namespace ringback::model {

// A ring of so many slots, which are so large that no more fit into a page.
template <std::uint32_t kSlots>
struct TinyRing {
  struct Message {
    std::array<std::byte, (abi::XEN_PAGE_SIZE - kRingHeaderBytes) / kSlots> bytes;
  };
  using Request = Message;
  using Response = Message;

  [[nodiscard]] static Message message(std::uint8_t content) {
    Message made;
    made.bytes.fill(std::byte{content});
    return made;
  }
};

[[nodiscard]] constexpr std::uint8_t request_content(std::uint32_t n) { return static_cast<std::uint8_t>(0x10 + n); }
[[nodiscard]] constexpr std::uint8_t response_content(std::uint32_t n) { return static_cast<std::uint8_t>(0x50 + n); }

enum Place : std::uint8_t { kReqProd, kReqEvent, kRspProd, kRspEvent, kFrontPending, kBackPending };

// The page, and the pending bits of the two ends of an event channel. event/port_table.h sets and clears them with
// seq_cst read-modify-writes; here they only acquire and release, which promises less.
template <std::uint32_t kSlots>
class RingWorld {
 public:
  // Units: `start` is the ring's first index.
  explicit RingWorld(abi::RING_IDX start) {
    init_shared_ring(page_, start);
    auto& header = *reinterpret_cast<abi::sring_header*>(page_.data());
    shared.words = {{&header.req_prod, "req_prod", true},    {&header.req_event, "req_event", true},
                    {&header.rsp_prod, "rsp_prod", true},    {&header.rsp_event, "rsp_event", true},
                    {&front_pending, "front's pending bit"}, {&back_pending, "back's pending bit"}};
    for (std::uint32_t i = 0; i < kSlots; ++i)
      shared.slots.push_back(page().subspan(kRingHeaderBytes + i * kSlotBytes<TinyRing<kSlots>>).first(kBytes));
    shared.start = start;
  }
  RingWorld(const RingWorld&) = delete;
  RingWorld& operator=(const RingWorld&) = delete;

  [[nodiscard]] std::span<std::byte> page() noexcept { return page_; }

  Shared shared;
  std::uint32_t front_pending = 0;
  std::uint32_t back_pending = 0;

 private:
  static_assert(ring_entries<TinyRing<kSlots>>(abi::XEN_PAGE_SIZE) == kSlots);
  static constexpr std::size_t kBytes = sizeof(typename TinyRing<kSlots>::Message);
  alignas(abi::XEN_PAGE_SIZE) std::array<std::byte, abi::XEN_PAGE_SIZE> page_;
};

struct Traffic {
  std::uint32_t requests;
  // Whether a side that wakes looks for work before it clears its pending bit: a mistake.
  bool front_clears_late = false;
  bool back_clears_late = false;
};

// What both sides do about their own pending bit.
class Sleeper {
 public:
  Sleeper(std::uint32_t& pending, bool clears_late) : pending_(pending), clears_late_(clears_late) {}

  void sleep() const {
    enter("sleep");
    await(pending_, clears_late_ ? 1 : 0, Order::kAcqRel);
  }
  // Before sleeping again.
  void settle() const {
    enter("settle");
    if (clears_late_) exchange(pending_, 0, Order::kAcqRel);
  }

 private:
  std::uint32_t& pending_;
  bool clears_late_;
};

inline void notify(std::uint32_t& pending) {
  enter("notify");
  exchange(pending, 1, Order::kAcqRel);
}

// Threads' states are compared as bytes. A compiler that cannot do this explores some states twice.
template <class State>
void clear_padding([[maybe_unused]] State& state) noexcept {
#if __has_builtin(__builtin_clear_padding)
  __builtin_clear_padding(&state);
#endif
}

// Puts requests while there is room and publishes after each or after some; on an event takes responses in runs of any
// size until there are none, looks once more, and sends on: vif/front_end.cc and sim/guest.h. It may also send on as
// soon as it has taken one. Ends when everything was answered.
template <std::uint32_t kSlots>
class FrontThread : public Thread {
 public:
  FrontThread(RingWorld<kSlots>& world, const Traffic& traffic)
      : state_{FrontRing<Ring>(world.page(), world.shared.start), At::kPut, 0, 0, 0, 1},
        sleeper_(world.front_pending, traffic.front_clears_late),
        back_pending_(world.back_pending),
        requests_(traffic.requests) {
    clear_padding(state_);
  }

  [[nodiscard]] const char* name() const override { return "front"; }
  [[nodiscard]] std::span<std::byte> state() override { return std::as_writable_bytes(std::span(&state_, 1)); }

  [[nodiscard]] bool phase() override {
    switch (state_.at) {
      case At::kPut:
        put();
        break;
      case At::kPush:
        push();
        break;
      case At::kNotify:
        notify(back_pending_);
        state_.at = At::kSleep;
        break;
      case At::kSleep:
        return sleep();
      case At::kReap:
        reap();
        break;
      case At::kFinalCheck:
        final_check();
        break;
      case At::kSettle:
        sleeper_.settle();
        state_.at = At::kPut;
        break;
    }
    check();
    return true;
  }

 private:
  using Ring = TinyRing<kSlots>;
  enum class At : std::uint32_t { kPut, kPush, kNotify, kSleep, kReap, kFinalCheck, kSettle };
  struct State {
    FrontRing<Ring> ring;
    At at;
    std::uint32_t put;
    std::uint32_t published;
    std::uint32_t taken;
    std::uint32_t may_sleep;  // the last final check found nothing, or no response came yet
  };

  [[nodiscard]] bool can_put() const { return state_.put < requests_ && state_.ring.free_requests() > 0; }

  void put() {
    enter("put_request");
    State& s = state_;
    if (can_put()) {
      s.ring.put_request(Ring::message(request_content(s.put)));
      ++s.put;
      s.at = can_put() && choose(2) == 1 ? At::kPut : At::kPush;
    } else {
      s.at = At::kSleep;
    }
  }

  void push() {
    enter("push_requests_and_check_notify");
    state_.at = state_.ring.push_requests_and_check_notify() ? At::kNotify : At::kSleep;
    state_.published = state_.put;
  }

  [[nodiscard]] bool sleep() {
    if (state_.taken == requests_) return false;
    if (state_.may_sleep != 0) sleeper_.sleep();
    state_.may_sleep = 0;
    state_.at = At::kReap;
    return true;
  }

  void reap() {
    enter("consume_responses");
    for (std::uint32_t i = 0; i < kSlots; ++i) expect_read(out_[i].bytes, response_content(state_.taken + i));
    const Taken taken = state_.ring.consume_responses(std::span(out_).first(1 + choose(kSlots)));
    claim(!taken.overflow, "consume_responses: no overflow");
    state_.taken += taken.count;
    if (taken.count == 0)
      state_.at = At::kFinalCheck;
    else
      state_.at = can_put() && choose(2) == 1 ? At::kPut : At::kReap;
  }

  void final_check() {
    enter("final_check_for_responses");
    const bool work = state_.ring.final_check_for_responses();
    state_.may_sleep = work ? 0 : 1;
    state_.at = work ? At::kReap : At::kSettle;
  }

  // Invariants 1 and 2 of front_ring.h, as far as they show.
  void check() const {
    const std::uint32_t on_ring = state_.ring.req_prod_pvt() - state_.ring.rsp_cons();
    claim(on_ring == state_.put - state_.taken, "front: indices and messages agree");
    claim(on_ring <= kSlots, "front: req_prod_pvt - rsp_cons <= entries");
    claim(state_.taken <= state_.published && state_.published <= state_.put,
          "front: rsp_cons <= req_prod_published <= req_prod_pvt");
  }

  State state_;
  Sleeper sleeper_;
  std::uint32_t& back_pending_;
  std::uint32_t requests_;
  std::array<typename Ring::Response, kSlots> out_;
};

// Attaches, then takes requests in runs of any size, answers all or some, publishes after each or after some, and takes
// again or looks once more before it sleeps: vif/back_end.cc and what JavaScript can do through addon/ring_back.cc.
template <std::uint32_t kSlots>
class BackThread : public Thread {
 public:
  BackThread(RingWorld<kSlots>& world, const Traffic& traffic)
      : state_{BackRing<Ring>::attach(world.page()).value(), At::kAttach, 0, 0, 0},
        sleeper_(world.back_pending, traffic.back_clears_late),
        page_(world.page()),
        front_pending_(world.front_pending) {
    clear_padding(state_);
  }

  [[nodiscard]] const char* name() const override { return "back "; }
  [[nodiscard]] std::span<std::byte> state() override { return std::as_writable_bytes(std::span(&state_, 1)); }
  [[nodiscard]] bool is_daemon() const override { return true; }

  [[nodiscard]] bool phase() override {
    switch (state_.at) {
      case At::kAttach:
        attach();
        break;
      case At::kTake:
        take();
        break;
      case At::kAnswer:
        answer();
        break;
      case At::kPush:
        push();
        break;
      case At::kNotify:
        notify(front_pending_);
        state_.at = At::kPushed;
        break;
      case At::kPushed:
        enter("");
        state_.at = state_.answered < state_.taken ? At::kAnswer : choose(2) == 1 ? At::kTake : At::kFinalCheck;
        break;
      case At::kFinalCheck:
        enter("final_check_for_requests");
        state_.at = state_.ring.final_check_for_requests() ? At::kTake : At::kSettle;
        break;
      case At::kSettle:
        sleeper_.settle();
        state_.at = At::kSleep;
        break;
      case At::kSleep:
        sleeper_.sleep();
        state_.at = At::kTake;
        break;
    }
    check();
    return true;
  }

 private:
  using Ring = TinyRing<kSlots>;
  enum class At : std::uint32_t { kAttach, kTake, kAnswer, kPush, kNotify, kPushed, kFinalCheck, kSettle, kSleep };
  struct State {
    BackRing<Ring> ring;
    At at;
    std::uint32_t taken;
    std::uint32_t answered;
    std::uint32_t published;
  };

  void attach() {
    enter("attach");
    const auto ring = BackRing<Ring>::attach(page_);
    claim(ring.has_value(), "attach: the ring is one");
    if (ring) state_.ring = *ring;
    clear_padding(state_.ring);
    state_.at = At::kTake;
  }

  void take() {
    enter("consume_requests");
    State& s = state_;
    for (std::uint32_t i = 0; i < kSlots; ++i) expect_read(out_[i].bytes, request_content(s.taken + i));
    const Taken taken = s.ring.consume_requests(std::span(out_).first(1 + choose(kSlots)));
    claim(!taken.overflow, "consume_requests: no overflow");
    s.taken += taken.count;
    if (s.answered == s.taken)
      s.at = At::kFinalCheck;
    else
      s.at = taken.count > 0 && s.taken - s.answered < kSlots && choose(2) == 1 ? At::kTake : At::kAnswer;
  }

  void answer() {
    enter("put_response");
    State& s = state_;
    s.ring.put_response(Ring::message(response_content(s.answered)));
    ++s.answered;
    s.at = s.answered < s.taken && choose(2) == 1 ? At::kAnswer : At::kPush;
  }

  void push() {
    enter("push_responses_and_check_notify");
    state_.at = state_.ring.push_responses_and_check_notify() ? At::kNotify : At::kPushed;
    state_.published = state_.answered;
  }

  // Invariant 1 of back_ring.h, as far as it shows.
  void check() const {
    const std::uint32_t unanswered = state_.ring.req_cons() - state_.ring.rsp_prod_pvt();
    claim(unanswered == state_.taken - state_.answered, "back: indices and messages agree");
    claim(unanswered <= kSlots, "back: req_cons - rsp_prod_pvt <= entries");
    claim(state_.published <= state_.answered && state_.answered <= state_.taken,
          "back: rsp_prod_published <= rsp_prod_pvt <= req_cons");
  }

  State state_;
  Sleeper sleeper_;
  std::span<std::byte> page_;
  std::uint32_t& front_pending_;
  std::array<typename Ring::Request, kSlots> out_;
};

template <std::uint32_t kSlots>
[[nodiscard]] std::vector<std::unique_ptr<Thread>> ring_threads(RingWorld<kSlots>& world, const Traffic& traffic) {
  std::vector<std::unique_ptr<Thread>> threads;
  threads.push_back(std::make_unique<FrontThread<kSlots>>(world, traffic));
  threads.push_back(std::make_unique<BackThread<kSlots>>(world, traffic));
  return threads;
}

}  // namespace ringback::model
