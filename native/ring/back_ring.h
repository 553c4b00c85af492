// The driver domain's side of a ring: takes requests, puts responses. Mirrors front_ring.h.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "ring/shared_ring.h"

namespace ringback {

// Threads: one thread at a time; the front end may be another one.
//
// Invariants, all modulo 2^32:
// 1. rsp_prod_published <= rsp_prod_pvt <= req_cons <= seen_req_prod <= rsp_prod_pvt + entries. So there is always room
//    for a response: it takes the place of a request that was consumed.
// 2. What decides anything is private; the shared page is only written, or read once and checked.
template <class R>
class alignas(kCacheLineBytes) BackRing {
 public:
  using Request = typename R::Request;
  using Response = typename R::Response;

  // Connects to a ring, new or left by another back end, and goes on at its rsp_prod.
  //
  // Requires: is_ring_memory(memory), and it outlives this.
  // Errors:   nothing when req_prod - rsp_prod > entries: that page cannot be a ring.
  // Source:   Linux xen-netback, BACK_RING_ATTACH at rsp_prod
  [[nodiscard]] static std::optional<BackRing> attach(std::span<std::byte> memory) noexcept {
    const SharedRing<R> shared(memory);
    const abi::RING_IDX answered = load_relaxed(shared.header().rsp_prod);
    const abi::RING_IDX produced = load_acquire(shared.header().req_prod);
    if (produced - answered > shared.entries()) return std::nullopt;
    return BackRing(shared, answered, produced);
  }

  [[nodiscard]] std::uint32_t entries() const noexcept { return shared_.entries(); }

  // Requests consumed and not answered yet: so many responses may be put.
  [[nodiscard]] std::uint32_t unanswered_requests() const noexcept { return req_cons_ - rsp_prod_pvt_; }

  // Requests that wait, never more than could be answered, whatever the producer says.
  //
  // Ordering: acquire load of req_prod.
  // Source:   xen/io/ring.h XEN_RING_NR_UNCONSUMED_REQUESTS
  [[nodiscard]] std::uint32_t unconsumed_requests() noexcept {
    const abi::RING_IDX produced = load_acquire(shared_.header().req_prod);
    if (!overflows(produced)) seen_req_prod_ = produced;
    return std::min(produced - req_cons_, room());
  }

  // Whether the shared producer is impossible: too far ahead of the answers, or behind what was consumed. A back end
  // that only peeks asks this before it believes unconsumed_requests().
  //
  // Source: xen/io/ring.h RING_REQUEST_PROD_OVERFLOW, and netback's check of req_prod - req_cons
  [[nodiscard]] bool has_overflow() const noexcept { return overflows(load_relaxed(shared_.header().req_prod)); }

  // Copies up to out.size() requests, from `ahead` slots after the next one on, without consuming them; advance() does.
  // Reads the shared producer only if fewer are known to be there. A request that is peeked at twice may differ: act on
  // the copy that is then consumed.
  //
  // Requires: ahead <= the count that was peeked at since the last advance().
  // Ordering: acquire load of req_prod, then the slots, each once.
  // Errors:   overflow, FATAL for the vif: see has_overflow().
  [[nodiscard]] Taken peek_requests(std::span<Request> out, std::uint32_t ahead = 0) noexcept {
    RB_ASSERT(ahead <= seen_req_prod_ - req_cons_);
    if (!look_for(ahead + out.size(), ahead)) [[unlikely]]
      return {0, true};
    const auto count =
        static_cast<std::uint32_t>(std::min<std::size_t>(out.size(), seen_req_prod_ - req_cons_ - ahead));
    shared_.read(req_cons_ + ahead, out.data(), count);
    return {count, false};
  }

  // Copies one request, `ahead` slots after the next one, without consuming it.
  //
  // Requires: ahead < the count that unconsumed_requests() or peek_requests() has returned since the last advance().
  [[nodiscard]] Request copy_request(std::uint32_t ahead) const noexcept {
    RB_ASSERT(ahead < seen_req_prod_ - req_cons_);
    Request request;
    shared_.read(req_cons_ + ahead, &request, 1);
    return request;
  }

  // Consumes requests that were peeked at.
  //
  // Requires: as copy_request(), for each of them.
  void advance(std::uint32_t count) noexcept {
    RB_ASSERT(count <= seen_req_prod_ - req_cons_);
    req_cons_ += count;
  }

  // Takes up to out.size() requests: peek_requests() and advance().
  [[nodiscard]] Taken consume_requests(std::span<Request> out) noexcept {
    if (!look_for(out.size())) [[unlikely]]
      return {0, true};
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(out.size(), seen_req_prod_ - req_cons_));
    shared_.read(req_cons_, out.data(), count);
    req_cons_ += count;
    return {count, false};
  }

  // Requires: unanswered_requests() > 0.
  void put_response(const Response& response) noexcept {
    RB_ASSERT(unanswered_requests() > 0);
    shared_.write(rsp_prod_pvt_++, &response, 1);
  }

  // Requires: responses.size() <= unanswered_requests().
  void put_responses(std::span<const Response> responses) noexcept {
    RB_ASSERT(responses.size() <= unanswered_requests());
    const auto count = static_cast<std::uint32_t>(responses.size());
    shared_.write(rsp_prod_pvt_, responses.data(), count);
    rsp_prod_pvt_ += count;
  }

  [[nodiscard]] bool has_unpublished_responses() const noexcept { return rsp_prod_pvt_ != rsp_prod_published_; }

  // Publishes what was put, for a front end that polls.
  //
  // Ordering: release store of rsp_prod.
  void push_responses() noexcept {
    const abi::RING_IDX produced = rsp_prod_pvt_;
    store_release(shared_.header().rsp_prod, produced);
    rsp_prod_published_ = produced;
  }

  // Publishes what was put; returns whether the front end must be notified.
  //
  // Ordering: release store of rsp_prod, then a full fence, then load rsp_event.
  // Errors:   none; an rsp_event far away only means that the front end sleeps on.
  // Source:   xen/io/ring.h RING_PUSH_RESPONSES_AND_CHECK_NOTIFY
  [[nodiscard]] bool push_responses_and_check_notify() noexcept {
    abi::sring_header& header = shared_.header();
    const abi::RING_IDX previous = rsp_prod_published_;
    const abi::RING_IDX produced = rsp_prod_pvt_;
    if (produced - previous <= kSmallBatch) touch(header.rsp_prod);
    push_responses();
    full_fence();
    return passes_event(produced, previous, load_relaxed(header.rsp_event));
  }

  // Before sleeping: asks to be notified of the next request and looks once more. True: there is work, don't sleep.
  //
  // Ordering: store req_event, then a full fence, then load req_prod.
  // Source:   xen/io/ring.h RING_FINAL_CHECK_FOR_REQUESTS
  [[nodiscard]] bool final_check_for_requests() noexcept {
    if (unconsumed_requests() != 0) return true;
    store_relaxed(shared_.header().req_event, req_cons_ + 1);
    full_fence();
    return unconsumed_requests() != 0;
  }

  // The same for a consumer that needs `wanted` requests at once: asks to be notified of the next request beyond those
  // that wait. True: there are so many, or the producer has just moved: look again, don't sleep.
  //
  // Units:    wanted 1 .. entries().
  // Ordering: acquire load of req_prod; store req_event, then a full fence, then load req_prod.
  // Errors:   none; true when the producer is impossible, see has_overflow().
  // Source:   netback's rx.c xenvif_rx_ring_slots_available, whose loop is left to the caller: a front end that keeps
  //           moving its producer cannot hold up a back end that bounds its own
  [[nodiscard]] bool final_check_for_requests(std::uint32_t wanted) noexcept {
    RB_ASSERT(wanted > 0 && wanted <= entries());
    const abi::RING_IDX produced = load_acquire(shared_.header().req_prod);
    if (overflows(produced) || produced - req_cons_ >= wanted) return true;
    store_relaxed(shared_.header().req_event, produced + 1);
    full_fence();
    return load_relaxed(shared_.header().req_prod) != produced;
  }

  // The next requests are about to be taken.
  void prefetch_requests(std::uint32_t count) const noexcept {
    prefetch(&shared_.header());
    shared_.prefetch_slots(req_cons_, count);
  }

  [[nodiscard]] abi::RING_IDX req_cons() const noexcept { return req_cons_; }
  [[nodiscard]] abi::RING_IDX rsp_prod_pvt() const noexcept { return rsp_prod_pvt_; }

 private:
  BackRing(const SharedRing<R>& shared, abi::RING_IDX answered, abi::RING_IDX produced) noexcept
      : shared_(shared),
        rsp_prod_pvt_(answered),
        rsp_prod_published_(answered),
        req_cons_(answered),
        seen_req_prod_(produced) {}

  // How far req_prod may be ahead of req_cons: a slot is free for a request once its last response was put.
  [[nodiscard]] std::uint32_t room() const noexcept { return entries() - (req_cons_ - rsp_prod_pvt_); }

  [[nodiscard]] bool overflows(abi::RING_IDX produced) const noexcept { return produced - req_cons_ > room(); }

  // Reads the shared producer if fewer than `wanted` requests are known to be there. False: it is impossible.
  [[nodiscard]] bool look_for(std::size_t wanted, std::uint32_t peeked = 0) noexcept {
    if (seen_req_prod_ - req_cons_ >= wanted) return true;
    const abi::RING_IDX produced = load_acquire(shared_.header().req_prod);
    if (overflows(produced)) return false;
    // A producer that went back takes nothing back of what was peeked at and may be consumed.
    seen_req_prod_ = req_cons_ + std::max(produced - req_cons_, peeked);
    return true;
  }

  SharedRing<R> shared_;
  abi::RING_IDX rsp_prod_pvt_;
  abi::RING_IDX rsp_prod_published_;
  abi::RING_IDX req_cons_;
  abi::RING_IDX seen_req_prod_;
};

}  // namespace ringback
