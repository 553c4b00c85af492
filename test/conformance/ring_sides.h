// The two ends of a ring as the conformance tests drive them: ours and Xen's behind one face. Messages are bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace ringback::conformance {

enum class Kind { tx, rx, ctrl };

class FrontSide {
 public:
  virtual ~FrontSide() = default;
  virtual std::uint32_t entries() const = 0;
  virtual std::uint32_t free_requests() const = 0;
  virtual void put_request(const std::byte* request) = 0;
  virtual void push_requests() = 0;
  virtual bool push_requests_and_check_notify() = 0;
  virtual std::uint32_t unconsumed_responses() = 0;
  virtual bool has_overflow() const = 0;
  virtual std::uint32_t consume_responses(std::byte* out, std::uint32_t most) = 0;
  virtual bool final_check_for_responses() = 0;
  virtual std::uint32_t req_prod_pvt() const = 0;
  virtual std::uint32_t rsp_cons() const = 0;
};

class BackSide {
 public:
  virtual ~BackSide() = default;
  virtual std::uint32_t entries() const = 0;
  virtual std::uint32_t unconsumed_requests() = 0;
  virtual bool has_overflow() const = 0;
  virtual std::uint32_t consume_requests(std::byte* out, std::uint32_t most) = 0;
  virtual void put_response(const std::byte* response) = 0;
  virtual void push_responses() = 0;
  virtual bool push_responses_and_check_notify() = 0;
  virtual bool final_check_for_requests() = 0;
  virtual std::uint32_t req_cons() const = 0;
  virtual std::uint32_t rsp_prod_pvt() const = 0;
};

// Xen's macros (xen_oracle.cc). The back end attaches at `start`.
void xen_init_shared_ring(Kind kind, std::span<std::byte> memory);
[[nodiscard]] std::unique_ptr<FrontSide> xen_front(Kind kind, std::span<std::byte> memory, std::uint32_t start);
[[nodiscard]] std::unique_ptr<BackSide> xen_back(Kind kind, std::span<std::byte> memory, std::uint32_t start);

// Ours (our_sides.cc).
[[nodiscard]] std::unique_ptr<FrontSide> our_front(Kind kind, std::span<std::byte> memory, std::uint32_t start);
[[nodiscard]] std::unique_ptr<BackSide> our_back(Kind kind, std::span<std::byte> memory);

// Bytes.
[[nodiscard]] std::size_t request_bytes(Kind kind);
[[nodiscard]] std::size_t response_bytes(Kind kind);

}  // namespace ringback::conformance
