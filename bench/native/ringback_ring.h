// Ours, as a peer of ring_loops.h.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ring/back_ring.h"
#include "ring/front_ring.h"

namespace ringback::bench {

class RingbackRing {
 public:
  using Request = TxRing::Request;
  using Response = TxRing::Response;
  static constexpr const char* kName = "ringback";

  std::uint32_t push_requests(const Request* requests, std::uint32_t count) {
    const std::uint32_t put = front_.put_requests({requests, count});
    if (put > 0) front_notifies_ += front_.push_requests_and_check_notify() ? 1 : 0;
    return put;
  }

  std::uint32_t take_requests(Request* out, std::uint32_t most) {
    const Taken taken = back_.consume_requests({out, most});
    if (taken.overflow) std::abort();
    return taken.count;
  }

  void push_responses(const Response* responses, std::uint32_t count) {
    back_.put_responses({responses, count});
    back_notifies_ += back_.push_responses_and_check_notify() ? 1 : 0;
  }

  std::uint32_t take_responses(Response* out, std::uint32_t most) {
    const Taken taken = front_.consume_responses({out, most});
    if (taken.overflow) std::abort();
    return taken.count;
  }

 private:
  struct alignas(4096) Page {
    Page() { init_shared_ring(bytes); }
    std::byte bytes[4096];
  };

  Page page_;
  FrontRing<TxRing> front_{page_.bytes};
  std::uint64_t front_notifies_ = 0;
  BackRing<TxRing> back_ = BackRing<TxRing>::attach(page_.bytes).value();
  std::uint64_t back_notifies_ = 0;
};

}  // namespace ringback::bench
