// The guest's side of a ring: puts requests, takes responses. Mirrors back_ring.h.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

#include "ring/shared_ring.h"

namespace ringback {

// Threads: one thread at a time; the back end may be another one.
//
// Invariants, all modulo 2^32:
// 1. rsp_cons <= seen_rsp_prod <= req_prod_published <= req_prod_pvt: nobody answers what was not asked.
// 2. req_prod_pvt - rsp_cons <= entries.
// 3. What decides anything is private; the shared page is only written, or read once and checked.
template <class R>
class alignas(kCacheLineBytes) FrontRing {
 public:
  using Request = typename R::Request;
  using Response = typename R::Response;

  // Units:    `start` is the index of the next request and of the next response.
  // Requires: is_ring_memory(memory), initialised, and it outlives this.
  // Source:   xen/io/ring.h FRONT_RING_INIT, and FRONT_RING_ATTACH with a start
  explicit FrontRing(std::span<std::byte> memory, abi::RING_IDX start = 0) noexcept
      : shared_(memory), req_prod_pvt_(start), req_prod_published_(start), rsp_cons_(start), seen_rsp_prod_(start) {}

  [[nodiscard]] std::uint32_t entries() const noexcept { return shared_.entries(); }

  [[nodiscard]] std::uint32_t free_requests() const noexcept { return entries() - (req_prod_pvt_ - rsp_cons_); }

  // Requires: free_requests() > 0.
  void put_request(const Request& request) noexcept {
    RB_ASSERT(free_requests() > 0);
    shared_.write(req_prod_pvt_++, &request, 1);
  }

  // Puts as many as fit, from the first on, and returns how many.
  std::uint32_t put_requests(std::span<const Request> requests) noexcept {
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(requests.size(), free_requests()));
    shared_.write(req_prod_pvt_, requests.data(), count);
    req_prod_pvt_ += count;
    return count;
  }

  [[nodiscard]] bool has_unpublished_requests() const noexcept { return req_prod_pvt_ != req_prod_published_; }

  // Publishes what was put, for a back end that polls.
  //
  // Ordering: release store of req_prod.
  void push_requests() noexcept {
    store_release(shared_.header().req_prod, req_prod_pvt_);
    req_prod_published_ = req_prod_pvt_;
  }

  // Publishes what was put; returns whether the back end must be notified.
  //
  // Ordering: release store of req_prod, then a full fence, then load req_event.
  // Errors:   none; a req_event far away only means that the back end sleeps on.
  // Source:   xen/io/ring.h RING_PUSH_REQUESTS_AND_CHECK_NOTIFY
  [[nodiscard]] bool push_requests_and_check_notify() noexcept {
    const abi::RING_IDX previous = req_prod_published_;
    push_requests();
    full_fence();
    return passes_event(req_prod_pvt_, previous, load_relaxed(shared_.header().req_event));
  }

  // Whether the back end has asked to be notified of any of the next entries() requests.
  [[nodiscard]] bool is_notification_wanted() const noexcept {
    return passes_event(req_prod_published_ + entries(), req_prod_published_, load_relaxed(shared_.header().req_event));
  }

  // Whether the shared producer is impossible: beyond the requests that were published, or behind what was consumed.
  // So it is whenever RING_RESPONSE_PROD_OVERFLOW holds, and also when requests are answered that nobody made.
  [[nodiscard]] bool has_overflow() const noexcept { return overflows(load_relaxed(shared_.header().rsp_prod)); }

  // Takes up to out.size() responses. Reads the shared producer only if fewer are known to be there.
  //
  // Ordering: acquire load of rsp_prod, then the slots.
  // Errors:   overflow, the back end is broken: see has_overflow().
  [[nodiscard]] Taken consume_responses(std::span<Response> out) noexcept {
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(out.size(), entries()));
    if (seen_rsp_prod_ - rsp_cons_ < wanted) {
      const abi::RING_IDX produced = load_acquire(shared_.header().rsp_prod);
      if (overflows(produced)) return {0, true};
      seen_rsp_prod_ = produced;
    }
    const std::uint32_t count = std::min(wanted, seen_rsp_prod_ - rsp_cons_);
    shared_.read(rsp_cons_, out.data(), count);
    rsp_cons_ += count;
    return {count, false};
  }

  // Responses that wait, as the shared page says: more than entries() when the back end is broken.
  //
  // Source: xen/io/ring.h XEN_RING_NR_UNCONSUMED_RESPONSES
  [[nodiscard]] std::uint32_t unconsumed_responses() const noexcept {
    return load_acquire(shared_.header().rsp_prod) - rsp_cons_;
  }

  [[nodiscard]] bool has_unconsumed_responses() const noexcept { return unconsumed_responses() != 0; }

  // Before sleeping: asks to be notified of the next response and looks once more. True: there is work, don't sleep.
  //
  // Ordering: store rsp_event, then a full fence, then load rsp_prod.
  // Source:   xen/io/ring.h RING_FINAL_CHECK_FOR_RESPONSES
  [[nodiscard]] bool final_check_for_responses() noexcept {
    if (has_unconsumed_responses()) return true;
    store_relaxed(shared_.header().rsp_event, rsp_cons_ + 1);
    full_fence();
    return has_unconsumed_responses();
  }

  [[nodiscard]] abi::RING_IDX req_prod_pvt() const noexcept { return req_prod_pvt_; }
  [[nodiscard]] abi::RING_IDX rsp_cons() const noexcept { return rsp_cons_; }

 private:
  [[nodiscard]] bool overflows(abi::RING_IDX produced) const noexcept {
    return produced - rsp_cons_ > req_prod_published_ - rsp_cons_;
  }

  SharedRing<R> shared_;
  abi::RING_IDX req_prod_pvt_;
  abi::RING_IDX req_prod_published_;
  abi::RING_IDX rsp_cons_;
  abi::RING_IDX seen_rsp_prod_;
};

}  // namespace ringback
