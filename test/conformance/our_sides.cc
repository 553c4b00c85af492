#include <algorithm>
#include <cstring>
#include <vector>

#include "conformance/ring_sides.h"
#include "ring/back_ring.h"
#include "ring/front_ring.h"

namespace ringback::conformance {
namespace {

template <class R>
class OurFront : public FrontSide {
 public:
  OurFront(std::span<std::byte> memory, std::uint32_t start) : ring_(memory, start) {}

  std::uint32_t entries() const override { return ring_.entries(); }
  std::uint32_t free_requests() const override { return ring_.free_requests(); }

  // One by one and in runs by turns: both ways of putting are under test.
  void put_request(const std::byte* request) override {
    typename R::Request copy;
    std::memcpy(&copy, request, sizeof copy);
    if (ring_.req_prod_pvt() % 2 == 0)
      ring_.put_request(copy);
    else
      ring_.put_requests({&copy, 1});
  }

  void push_requests() override { ring_.push_requests(); }
  bool push_requests_and_check_notify() override { return ring_.push_requests_and_check_notify(); }
  std::uint32_t unconsumed_responses() override { return ring_.unconsumed_responses(); }
  bool has_overflow() const override { return ring_.has_overflow(); }

  std::uint32_t consume_responses(std::byte* out, std::uint32_t most) override {
    std::vector<typename R::Response> responses(most);
    const Taken taken = ring_.consume_responses(responses);
    std::ranges::copy(std::as_bytes(std::span(responses).first(taken.count)), out);
    return taken.count;
  }

  bool final_check_for_responses() override { return ring_.final_check_for_responses(); }
  std::uint32_t req_prod_pvt() const override { return ring_.req_prod_pvt(); }
  std::uint32_t rsp_cons() const override { return ring_.rsp_cons(); }

 private:
  FrontRing<R> ring_;
};

template <class R>
class OurBack : public BackSide {
 public:
  explicit OurBack(std::span<std::byte> memory) : ring_(BackRing<R>::attach(memory).value()) {}

  std::uint32_t entries() const override { return ring_.entries(); }
  std::uint32_t unconsumed_requests() override { return ring_.unconsumed_requests(); }
  bool has_overflow() const override { return ring_.has_overflow(); }

  // Taking at once, and peeking first, by turns.
  std::uint32_t consume_requests(std::byte* out, std::uint32_t most) override {
    std::vector<typename R::Request> requests(most);
    const bool peek = ring_.req_cons() % 2 == 0;
    const Taken taken = peek ? ring_.peek_requests(requests) : ring_.consume_requests(requests);
    if (peek) ring_.advance(taken.count);
    std::ranges::copy(std::as_bytes(std::span(requests).first(taken.count)), out);
    return taken.count;
  }

  void put_response(const std::byte* response) override {
    typename R::Response copy;
    std::memcpy(&copy, response, sizeof copy);
    if (ring_.rsp_prod_pvt() % 2 == 0)
      ring_.put_response(copy);
    else
      ring_.put_responses({&copy, 1});
  }

  void push_responses() override { ring_.push_responses(); }
  bool push_responses_and_check_notify() override { return ring_.push_responses_and_check_notify(); }
  bool final_check_for_requests() override { return ring_.final_check_for_requests(); }
  std::uint32_t req_cons() const override { return ring_.req_cons(); }
  std::uint32_t rsp_prod_pvt() const override { return ring_.rsp_prod_pvt(); }

 private:
  BackRing<R> ring_;
};

}  // namespace

std::unique_ptr<FrontSide> our_front(Kind kind, std::span<std::byte> memory, std::uint32_t start) {
  if (kind == Kind::tx) return std::make_unique<OurFront<TxRing>>(memory, start);
  if (kind == Kind::rx) return std::make_unique<OurFront<RxRing>>(memory, start);
  return std::make_unique<OurFront<CtrlRing>>(memory, start);
}

std::unique_ptr<BackSide> our_back(Kind kind, std::span<std::byte> memory) {
  if (kind == Kind::tx) return std::make_unique<OurBack<TxRing>>(memory);
  if (kind == Kind::rx) return std::make_unique<OurBack<RxRing>>(memory);
  return std::make_unique<OurBack<CtrlRing>>(memory);
}

std::size_t request_bytes(Kind kind) {
  if (kind == Kind::tx) return sizeof(TxRing::Request);
  return kind == Kind::rx ? sizeof(RxRing::Request) : sizeof(CtrlRing::Request);
}

std::size_t response_bytes(Kind kind) {
  if (kind == Kind::tx) return sizeof(TxRing::Response);
  return kind == Kind::rx ? sizeof(RxRing::Response) : sizeof(CtrlRing::Response);
}

}  // namespace ringback::conformance
