// Our rings and Xen's macros in lock step on memories of their own, and across from each other on one memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "base/random.h"
#include "conformance/ring_sides.h"
#include "native/ring/ring_fixture.h"

using namespace ringback;
using namespace ringback::conformance;

namespace {

constexpr std::array kKinds{Kind::tx, Kind::rx, Kind::ctrl};
constexpr std::uint32_t kMostBatch = 48;
using Bytes = std::array<std::byte, kMostBatch * 16>;

void fill(Random& random, std::span<std::byte> bytes) {
  for (std::byte& b : bytes) b = static_cast<std::byte>(random.below(256));
}

// Within a few slots of 2^32, below or above.
std::uint32_t near_wrap(Random& random) { return static_cast<std::uint32_t>(random.below(600)) - 300; }

// One ring of ours and one of Xen's that get the same operations. Everything visible must be equal after each.
class LockStep {
 public:
  LockStep(Kind kind, std::uint32_t order, std::uint64_t seed)
      : random_(seed), ours_(order), xens_(order), start_(near_wrap(random_)) {
    xen_init_shared_ring(kind, xens_.bytes());
    set_both(&abi::sring_header::req_prod, start_);
    set_both(&abi::sring_header::rsp_prod, start_);
    published_ = start_;
    our_front_ = our_front(kind, ours_.bytes(), start_);
    our_back_ = our_back(kind, ours_.bytes());
    xen_front_ = xen_front(kind, xens_.bytes(), start_);
    xen_back_ = xen_back(kind, xens_.bytes(), start_);
  }

  [[nodiscard]] bool step() {
    switch (random_.below(9)) {
      case 0:
      case 1:
        return put_requests() && push_requests() && agree();
      case 2:
        return consume_requests() && agree();
      case 3:
        return put_responses() && push_responses() && agree();
      case 4:
        return consume_responses() && agree();
      case 5:
        return our_front_->final_check_for_responses() == xen_front_->final_check_for_responses() && agree();
      case 6:
        return our_back_->final_check_for_requests() == xen_back_->final_check_for_requests() && agree();
      case 7:
        move_event();
        return agree();
      default:
        return judge_producers() && agree();
    }
  }

  std::uint64_t notifications() const { return notifications_; }

 private:
  void set_both(abi::RING_IDX abi::sring_header::* index, abi::RING_IDX value) {
    ours_.header().*index = value;
    xens_.header().*index = value;
  }

  bool put_requests() {
    const auto count = std::min<std::uint32_t>(batch(), our_front_->free_requests());
    for (std::uint32_t i = 0; i < count; ++i) {
      std::array<std::byte, 16> request;
      fill(random_, request);
      our_front_->put_request(request.data());
      xen_front_->put_request(request.data());
    }
    return true;
  }

  bool push_requests() {
    bool same = true;
    if (random_.below(4) == 0) {
      our_front_->push_requests();
      xen_front_->push_requests();
    } else {
      const bool notify = our_front_->push_requests_and_check_notify();
      notifications_ += notify ? 1 : 0;
      same = notify == xen_front_->push_requests_and_check_notify();
    }
    published_ = xens_.header().req_prod;
    return same;
  }

  bool consume_requests() {
    Bytes our_bytes{};
    Bytes xen_bytes{};
    const std::uint32_t most = batch();
    return our_back_->consume_requests(our_bytes.data(), most) == xen_back_->consume_requests(xen_bytes.data(), most) &&
           our_bytes == xen_bytes;
  }

  bool put_responses() {
    const auto count = std::min<std::uint32_t>(batch(), our_back_->req_cons() - our_back_->rsp_prod_pvt());
    for (std::uint32_t i = 0; i < count; ++i) {
      std::array<std::byte, 16> response;
      fill(random_, response);
      our_back_->put_response(response.data());
      xen_back_->put_response(response.data());
    }
    return true;
  }

  bool push_responses() {
    if (random_.below(4) == 0) {
      our_back_->push_responses();
      xen_back_->push_responses();
      return true;
    }
    const bool notify = our_back_->push_responses_and_check_notify();
    notifications_ += notify ? 1 : 0;
    return notify == xen_back_->push_responses_and_check_notify();
  }

  bool consume_responses() {
    Bytes our_bytes{};
    Bytes xen_bytes{};
    const std::uint32_t most = batch();
    return our_front_->consume_responses(our_bytes.data(), most) ==
               xen_front_->consume_responses(xen_bytes.data(), most) &&
           our_bytes == xen_bytes;
  }

  // Where a peer asks to be woken: soon, in the past, or anywhere.
  void move_event() {
    const auto index = random_.below(2) == 0 ? &abi::sring_header::req_event : &abi::sring_header::rsp_event;
    const abi::RING_IDX soon = published_ + static_cast<std::uint32_t>(random_.below(40)) - 10;
    set_both(index, random_.below(8) == 0 ? static_cast<std::uint32_t>(random_.next()) : soon);
  }

  // What a peer that lies about its producer is told; the truth is put back afterwards.
  bool judge_producers() {
    const auto truth = std::pair(ours_.header().req_prod, ours_.header().rsp_prod);
    const std::uint32_t n = our_front_->entries();
    const std::uint32_t about = random_.below(2) == 0 ? 0 : n;
    const auto lie = random_.below(8) == 0
                         ? static_cast<std::uint32_t>(random_.next())
                         : truth.second + about + static_cast<std::uint32_t>(random_.below(2 * n)) - n;
    set_both(&abi::sring_header::req_prod, lie);
    set_both(&abi::sring_header::rsp_prod, lie);
    const std::uint32_t cons = xen_front_->rsp_cons();
    const bool unasked = lie - cons > published_ - cons;  // stricter than the macro, never laxer
    const bool same = our_back_->has_overflow() == xen_back_->has_overflow() &&
                      our_front_->has_overflow() == (xen_front_->has_overflow() || unasked) &&
                      our_back_->unconsumed_requests() == xen_back_->unconsumed_requests() &&
                      our_front_->unconsumed_responses() == xen_front_->unconsumed_responses();
    set_both(&abi::sring_header::req_prod, truth.first);
    set_both(&abi::sring_header::rsp_prod, truth.second);
    // Believed or not, a lie that was possible may have been remembered: look again now that it is undone.
    return our_back_->unconsumed_requests() == xen_back_->unconsumed_requests() && same;
  }

  bool agree() {
    ++steps_;
    const auto our_bytes = ours_.bytes();
    const bool all = steps_ % 16 == 0 || our_bytes.size() == abi::XEN_PAGE_SIZE;
    const std::size_t bytes = all ? our_bytes.size() : sizeof(abi::sring_header);
    return std::memcmp(our_bytes.data(), xens_.bytes().data(), bytes) == 0 &&
           our_front_->free_requests() == xen_front_->free_requests() &&
           our_front_->req_prod_pvt() == xen_front_->req_prod_pvt() &&
           our_front_->rsp_cons() == xen_front_->rsp_cons() &&
           our_front_->unconsumed_responses() == xen_front_->unconsumed_responses() &&
           our_front_->has_overflow() == xen_front_->has_overflow() && our_back_->req_cons() == xen_back_->req_cons() &&
           our_back_->rsp_prod_pvt() == xen_back_->rsp_prod_pvt() &&
           our_back_->unconsumed_requests() == xen_back_->unconsumed_requests() &&
           our_back_->has_overflow() == xen_back_->has_overflow();
  }

  std::uint32_t batch() { return static_cast<std::uint32_t>(random_.below(kMostBatch + 1)); }

  Random random_;
  test::RingMemory ours_;
  test::RingMemory xens_;
  abi::RING_IDX start_;
  abi::RING_IDX published_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t notifications_ = 0;
  std::unique_ptr<FrontSide> our_front_;
  std::unique_ptr<FrontSide> xen_front_;
  std::unique_ptr<BackSide> our_back_;
  std::unique_ptr<BackSide> xen_back_;
};

// One memory, one side of it ours and the other Xen's. What goes in must come out, in order, and a side that went to
// sleep after its final check must be notified of the next message.
class CrossTalk {
 public:
  CrossTalk(Kind kind, bool our_side_is_front, std::uint64_t seed) : kind_(kind), random_(seed), memory_(1) {
    const std::uint32_t start = near_wrap(random_);
    init_shared_ring(memory_.bytes(), start);
    front_ = our_side_is_front ? our_front(kind, memory_.bytes(), start) : xen_front(kind, memory_.bytes(), start);
    back_ = our_side_is_front ? xen_back(kind, memory_.bytes(), start) : our_back(kind, memory_.bytes());
  }

  [[nodiscard]] bool step() {
    switch (random_.below(6)) {
      case 0:
        return send_requests();
      case 1:
        return take_requests();
      case 2:
        return send_responses();
      case 3:
        return take_responses();
      case 4:
        front_asleep_ = !front_->final_check_for_responses();
        return front_asleep_ == responses_.empty();
      default:
        back_asleep_ = !back_->final_check_for_requests();
        return back_asleep_ == requests_.empty();
    }
  }

  std::uint64_t taken() const { return taken_; }

 private:
  using Message = std::array<std::byte, 16>;

  Message make(std::size_t bytes) {
    Message message{};
    fill(random_, std::span(message).first(bytes));
    return message;
  }

  bool send_requests() {
    const auto count = std::min<std::uint32_t>(batch(), front_->free_requests());
    for (std::uint32_t i = 0; i < count; ++i) {
      requests_.push_back(make(request_bytes(kind_)));
      front_->put_request(requests_.back().data());
    }
    return woken(front_->push_requests_and_check_notify(), count, back_asleep_);
  }

  bool send_responses() {
    const std::uint32_t count = std::min(batch(), unanswered_);
    unanswered_ -= count;
    for (std::uint32_t i = 0; i < count; ++i) {
      responses_.push_back(make(response_bytes(kind_)));
      back_->put_response(responses_.back().data());
    }
    return woken(back_->push_responses_and_check_notify(), count, front_asleep_);
  }

  static bool woken(bool notified, std::uint32_t count, bool& asleep) {
    const bool right = !asleep || notified == (count > 0);
    if (count > 0) asleep = false;
    return right;
  }

  bool take_requests() {
    Bytes bytes{};
    const std::uint32_t count = back_->consume_requests(bytes.data(), batch());
    unanswered_ += count;
    return came_out(requests_, bytes, count, request_bytes(kind_));
  }

  bool take_responses() {
    Bytes bytes{};
    const std::uint32_t count = front_->consume_responses(bytes.data(), batch());
    return came_out(responses_, bytes, count, response_bytes(kind_));
  }

  bool came_out(std::deque<Message>& expected, const Bytes& bytes, std::uint32_t count, std::size_t width) {
    if (count > expected.size()) return false;
    for (std::uint32_t i = 0; i < count; ++i, ++taken_) {
      if (std::memcmp(expected.front().data(), bytes.data() + i * width, width) != 0) return false;
      expected.pop_front();
    }
    return true;
  }

  std::uint32_t batch() { return static_cast<std::uint32_t>(random_.below(kMostBatch + 1)); }

  Kind kind_;
  Random random_;
  test::RingMemory memory_;
  std::unique_ptr<FrontSide> front_;
  std::unique_ptr<BackSide> back_;
  std::deque<Message> requests_;
  std::deque<Message> responses_;
  std::uint32_t unanswered_ = 0;
  std::uint64_t taken_ = 0;
  bool front_asleep_ = false;
  bool back_asleep_ = false;
};

// Empty when every step was right, else where it was not.
template <class Test>
std::string first_wrong_step(Test& test, std::uint64_t seed, std::uint32_t steps) {
  for (std::uint32_t i = 0; i < steps; ++i)
    if (!test.step()) return "seed " + std::to_string(seed) + ", step " + std::to_string(i);
  return {};
}

}  // namespace

TEST_CASE("an empty ring is Xen's, byte for byte, with as many entries") {
  for (const Kind kind : kKinds) {
    for (std::uint32_t order = 0; order <= 4; ++order) {
      const test::RingMemory ours(order);
      const test::RingMemory xens(order);
      std::ranges::fill(xens.bytes().first(64), std::byte{0xee});
      xen_init_shared_ring(kind, xens.bytes());
      CHECK(std::memcmp(ours.bytes().data(), xens.bytes().data(), 64) == 0);
      CHECK(our_front(kind, ours.bytes(), 0)->entries() == xen_front(kind, xens.bytes(), 0)->entries());
      CHECK(our_back(kind, ours.bytes())->entries() == xen_back(kind, xens.bytes(), 0)->entries());
    }
  }
}

TEST_CASE("1,200,000 random operations leave our rings and Xen's equal") {
  std::uint64_t notifications = 0;
  std::uint64_t seed = 0;
  for (const Kind kind : kKinds) {
    for (const std::uint32_t order : {0u, 0u, 0u, 1u, 4u}) {
      for (int start = 0; start < 16; ++start, ++seed) {
        LockStep pair(kind, order, seed);
        REQUIRE(first_wrong_step(pair, seed, 5'000) == "");
        notifications += pair.notifications();
      }
    }
  }
  CHECK(seed * 5'000 == 1'200'000);
  CHECK(notifications > 10'000);
}

TEST_CASE("our front end talks to Xen's back end, and Xen's to ours") {
  std::uint64_t seed = 1'000'000;
  for (const Kind kind : kKinds) {
    for (const bool our_side_is_front : {true, false}) {
      for (int start = 0; start < 8; ++start, ++seed) {
        CrossTalk ring(kind, our_side_is_front, seed);
        REQUIRE(first_wrong_step(ring, seed, 10'000) == "");
        CHECK(ring.taken() > 10'000);
      }
    }
  }
}
