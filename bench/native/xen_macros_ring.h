// The peer to beat: Xen's own ring macros (libxen-dev) on one page, used as its drivers use them.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>

// x86-64 as libxenctrl has it; elsewhere the compiler's fences.
#define __XEN_INTERFACE_VERSION__ 0x00040400
#if defined(__x86_64__)
#define xen_mb() asm volatile("lock addl $0, -32(%%rsp)" ::: "memory")
#define xen_rmb() asm volatile("" ::: "memory")
#define xen_wmb() asm volatile("" ::: "memory")
#else
#define xen_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#endif
extern "C" {
#include <xen/xen.h>
// netif.h needs xen.h first.
#include <xen/io/netif.h>
}

namespace ringback::bench {

class XenMacrosRing {
 public:
  using Request = netif_tx_request;
  using Response = netif_tx_response;
  static constexpr const char* kName = "Xen ring.h";

  XenMacrosRing() {
    std::memset(page_, 0, sizeof page_);
    auto* shared = reinterpret_cast<netif_tx_sring*>(page_);
    SHARED_RING_INIT(shared);
    FRONT_RING_INIT(&front_, shared, sizeof page_);
    BACK_RING_INIT(&back_, shared, sizeof page_);
  }

  std::uint32_t push_requests(const Request* requests, std::uint32_t count) {
    const RING_IDX room = RING_FREE_REQUESTS(&front_);
    if (count > room) count = room;
    if (count == 0) return 0;
    RING_IDX index = front_.req_prod_pvt;
    for (std::uint32_t i = 0; i < count; ++i) *RING_GET_REQUEST(&front_, index++) = requests[i];
    front_.req_prod_pvt = index;
    bool notify = false;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front_, notify);
    front_notifies_ += notify ? 1 : 0;
    return count;
  }

  std::uint32_t take_requests(Request* out, std::uint32_t most) {
    RING_IDX index = back_.req_cons;
    const RING_IDX produced = back_.sring->req_prod;
    xen_rmb();
    if (RING_REQUEST_PROD_OVERFLOW(&back_, produced)) std::abort();
    std::uint32_t count = produced - index;
    if (count > most) count = most;
    for (std::uint32_t i = 0; i < count; ++i) RING_COPY_REQUEST(&back_, index++, &out[i]);
    back_.req_cons = index;
    return count;
  }

  void push_responses(const Response* responses, std::uint32_t count) {
    RING_IDX index = back_.rsp_prod_pvt;
    for (std::uint32_t i = 0; i < count; ++i) *RING_GET_RESPONSE(&back_, index++) = responses[i];
    back_.rsp_prod_pvt = index;
    bool notify = false;
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back_, notify);
    back_notifies_ += notify ? 1 : 0;
  }

  std::uint32_t take_responses(Response* out, std::uint32_t most) {
    RING_IDX index = front_.rsp_cons;
    const RING_IDX produced = front_.sring->rsp_prod;
    xen_rmb();
    if (RING_RESPONSE_PROD_OVERFLOW(&front_, produced)) std::abort();
    std::uint32_t count = produced - index;
    if (count > most) count = most;
    for (std::uint32_t i = 0; i < count; ++i) RING_COPY_RESPONSE(&front_, index++, &out[i]);
    front_.rsp_cons = index;
    return count;
  }

 private:
  alignas(4096) unsigned char page_[4096];
  alignas(64) netif_tx_front_ring front_;
  std::uint64_t front_notifies_ = 0;
  alignas(64) netif_tx_back_ring back_;
  std::uint64_t back_notifies_ = 0;
};

}  // namespace ringback::bench
