// What a C++ programmer would take instead: two boost::lockfree queues, one each way. No notifications, no checks.
#pragma once
#include <boost/lockfree/spsc_queue.hpp>
#include <cstdint>
#include <cstdlib>

#include "ring/layout.h"

namespace ringback::bench {

class BoostRing {
 public:
  using Request = TxRing::Request;
  using Response = TxRing::Response;
  static constexpr const char* kName = "boost spsc_queue";

  std::uint32_t push_requests(const Request* requests, std::uint32_t count) {
    return static_cast<std::uint32_t>(requests_.push(requests, count));
  }

  std::uint32_t take_requests(Request* out, std::uint32_t most) {
    return static_cast<std::uint32_t>(requests_.pop(out, most));
  }

  // There is room: whoever drives keeps no more requests open than the queue holds.
  void push_responses(const Response* responses, std::uint32_t count) {
    if (responses_.push(responses, count) != count) std::abort();
  }

  std::uint32_t take_responses(Response* out, std::uint32_t most) {
    return static_cast<std::uint32_t>(responses_.pop(out, most));
  }

 private:
  static constexpr std::size_t kQueueSlots = 256;

  alignas(128) boost::lockfree::spsc_queue<Request, boost::lockfree::capacity<kQueueSlots>> requests_;
  alignas(128) boost::lockfree::spsc_queue<Response, boost::lockfree::capacity<kQueueSlots>> responses_;
};

}  // namespace ringback::bench
