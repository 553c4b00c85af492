// Xen's own headers, executed. The only file of the tests that sees their macros.
#include <cstddef>
#include <cstdint>
#include <cstring>

#define __XEN_INTERFACE_VERSION__ 0x00040400
#define xen_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define XEN_NETIF_DEFINE_TOEPLITZ
extern "C" {
#include <xen/xen.h>
// The others need xen.h first.
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>
#include <xen/io/ring.h>
}

#include "conformance/abi_facts.h"
#include "conformance/hash_oracle.h"
#include "conformance/ring_sides.h"

// Xen's macros are C: their casts and their mixing of widths are not ours to mend.
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"

namespace ringback::conformance {
namespace {

struct Tx {
  using Request = netif_tx_request;
  using Response = netif_tx_response;
  using Shared = netif_tx_sring;
  using Front = netif_tx_front_ring;
  using Back = netif_tx_back_ring;
};

struct Rx {
  using Request = netif_rx_request;
  using Response = netif_rx_response;
  using Shared = netif_rx_sring;
  using Front = netif_rx_front_ring;
  using Back = netif_rx_back_ring;
};

struct Ctrl {
  using Request = xen_netif_ctrl_request;
  using Response = xen_netif_ctrl_response;
  using Shared = xen_netif_ctrl_sring;
  using Front = xen_netif_ctrl_front_ring;
  using Back = xen_netif_ctrl_back_ring;
};

template <class R>
class XenFront : public FrontSide {
 public:
  XenFront(std::span<std::byte> memory, RING_IDX start) {
    auto* shared = reinterpret_cast<typename R::Shared*>(memory.data());
    FRONT_RING_ATTACH(&ring_, shared, start, memory.size());
  }

  std::uint32_t entries() const override { return RING_SIZE(&ring_); }
  std::uint32_t free_requests() const override { return RING_FREE_REQUESTS(&ring_); }

  void put_request(const std::byte* request) override {
    std::memcpy(RING_GET_REQUEST(&ring_, ring_.req_prod_pvt), request, sizeof(typename R::Request));
    ++ring_.req_prod_pvt;
  }

  void push_requests() override { RING_PUSH_REQUESTS(&ring_); }

  bool push_requests_and_check_notify() override {
    bool notify = false;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ring_, notify);
    return notify;
  }

  std::uint32_t unconsumed_responses() override { return XEN_RING_NR_UNCONSUMED_RESPONSES(&ring_); }

  bool has_overflow() const override { return RING_RESPONSE_PROD_OVERFLOW(&ring_, ring_.sring->rsp_prod); }

  std::uint32_t consume_responses(std::byte* out, std::uint32_t most) override {
    std::uint32_t count = ring_.sring->rsp_prod - ring_.rsp_cons;
    xen_rmb();
    if (count > most) count = most;
    for (std::uint32_t i = 0; i < count; ++i, out += sizeof(typename R::Response)) {
      typename R::Response response;
      RING_COPY_RESPONSE(&ring_, ring_.rsp_cons++, &response);
      std::memcpy(out, &response, sizeof response);
    }
    return count;
  }

  bool final_check_for_responses() override {
    bool work = false;
    RING_FINAL_CHECK_FOR_RESPONSES(&ring_, work);
    return work;
  }

  std::uint32_t req_prod_pvt() const override { return ring_.req_prod_pvt; }
  std::uint32_t rsp_cons() const override { return ring_.rsp_cons; }

 private:
  typename R::Front ring_;
};

template <class R>
class XenBack : public BackSide {
 public:
  XenBack(std::span<std::byte> memory, RING_IDX start) {
    auto* shared = reinterpret_cast<typename R::Shared*>(memory.data());
    BACK_RING_ATTACH(&ring_, shared, start, memory.size());
  }

  std::uint32_t entries() const override { return RING_SIZE(&ring_); }
  std::uint32_t unconsumed_requests() override { return XEN_RING_NR_UNCONSUMED_REQUESTS(&ring_); }

  // The macro, and netback's own check, which also catches a producer that goes backwards.
  bool has_overflow() const override {
    const RING_IDX produced = ring_.sring->req_prod;
    return RING_REQUEST_PROD_OVERFLOW(&ring_, produced) || produced - ring_.req_cons > RING_SIZE(&ring_);
  }

  std::uint32_t consume_requests(std::byte* out, std::uint32_t most) override {
    std::uint32_t count = XEN_RING_NR_UNCONSUMED_REQUESTS(&ring_);
    xen_rmb();
    if (count > most) count = most;
    for (std::uint32_t i = 0; i < count; ++i, out += sizeof(typename R::Request)) {
      typename R::Request request;
      RING_COPY_REQUEST(&ring_, ring_.req_cons++, &request);
      std::memcpy(out, &request, sizeof request);
    }
    return count;
  }

  void put_response(const std::byte* response) override {
    std::memcpy(RING_GET_RESPONSE(&ring_, ring_.rsp_prod_pvt), response, sizeof(typename R::Response));
    ++ring_.rsp_prod_pvt;
  }

  void push_responses() override { RING_PUSH_RESPONSES(&ring_); }

  bool push_responses_and_check_notify() override {
    bool notify = false;
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&ring_, notify);
    return notify;
  }

  bool final_check_for_requests() override {
    bool work = false;
    RING_FINAL_CHECK_FOR_REQUESTS(&ring_, work);
    return work;
  }

  std::uint32_t req_cons() const override { return ring_.req_cons; }
  std::uint32_t rsp_prod_pvt() const override { return ring_.rsp_prod_pvt; }

 private:
  typename R::Back ring_;
};

template <class R>
void init(std::span<std::byte> memory) {
  auto* shared = reinterpret_cast<typename R::Shared*>(memory.data());
  SHARED_RING_INIT(shared);
}

}  // namespace

void xen_init_shared_ring(Kind kind, std::span<std::byte> memory) {
  if (kind == Kind::tx) return init<Tx>(memory);
  if (kind == Kind::rx) return init<Rx>(memory);
  return init<Ctrl>(memory);
}

std::unique_ptr<FrontSide> xen_front(Kind kind, std::span<std::byte> memory, std::uint32_t start) {
  if (kind == Kind::tx) return std::make_unique<XenFront<Tx>>(memory, start);
  if (kind == Kind::rx) return std::make_unique<XenFront<Rx>>(memory, start);
  return std::make_unique<XenFront<Ctrl>>(memory, start);
}

std::unique_ptr<BackSide> xen_back(Kind kind, std::span<std::byte> memory, std::uint32_t start) {
  if (kind == Kind::tx) return std::make_unique<XenBack<Tx>>(memory, start);
  if (kind == Kind::rx) return std::make_unique<XenBack<Rx>>(memory, start);
  return std::make_unique<XenBack<Ctrl>>(memory, start);
}

std::uint32_t xen_toeplitz_hash(std::span<const std::byte> key, std::span<const std::byte> input) {
  return xen_netif_toeplitz_hash(reinterpret_cast<const std::uint8_t*>(key.data()), static_cast<unsigned>(key.size()),
                                 reinterpret_cast<const std::uint8_t*>(input.data()),
                                 static_cast<unsigned>(input.size()));
}

std::vector<Fact> facts_of_xen() {
  std::vector<Fact> facts;
#define SIZE(ours, xens) facts.push_back({"sizeof " #ours, static_cast<std::int64_t>(sizeof(xens))});
#define OFFSET(ours, xens, field) facts.push_back({#ours "." #field, static_cast<std::int64_t>(offsetof(xens, field))});
#define VALUE(ours, xens) facts.push_back({#ours, static_cast<std::int64_t>(xens)});
  RINGBACK_ABI_TYPES(SIZE)
  RINGBACK_ABI_FIELDS(OFFSET)
  RINGBACK_ABI_CONSTANTS(VALUE)
#undef SIZE
#undef OFFSET
#undef VALUE
  facts.push_back({"sizeof sring_header", static_cast<std::int64_t>(offsetof(netif_tx_sring, ring))});
  return facts;
}

}  // namespace ringback::conformance
