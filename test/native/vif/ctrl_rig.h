// A control ring's back end with a guest that a test plays request by request.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "memory/domain.h"
#include "memory/grant_copy.h"
#include "ring/front_ring.h"
#include "vif/ctrl_back.h"

namespace ringback {

// Counts the operations that reach the hypervisor.
class CountingCopier final : public GrantCopier {
 public:
  explicit CountingCopier(LocalGrantCopier copier) noexcept : copier_(copier) {}
  void copy(std::span<abi::gnttab_copy> operations) override {
    count += operations.size();
    copier_.copy(operations);
  }
  std::size_t count = 0;

 private:
  LocalGrantCopier copier_;
};

class CtrlRig final {
 public:
  static constexpr abi::domid_t kDriverDomain = 0;
  static constexpr abi::domid_t kGuest = 1;
  static constexpr std::uint32_t kGuestPages = 8;
  static constexpr std::uint32_t kScratchFrame = 1;

  explicit CtrlRig(std::uint32_t queues = 4)
      : guest(std::make_shared<Domain>(kGuest, PageArena(kGuestPages), GrantTable(64, Sharing::kOneThread))),
        driver_domain(std::make_shared<Domain>(kDriverDomain, PageArena(3), GrantTable(8, Sharing::kOneThread))),
        copier(LocalGrantCopier(domains_, kDriverDomain, Payload::kCopy)),
        config(queues),
        ring((init_shared_ring(ring_memory_.memory()), ring_memory_.memory())),
        back(*BackRing<CtrlRing>::attach(ring_memory_.memory()), kGuest, copier,
             {kScratchFrame, driver_domain->arena.page(kScratchFrame)}, config) {
    static_cast<void>(domains_.add(guest) && domains_.add(driver_domain));
  }

  [[nodiscard]] std::span<std::byte> ring_bytes() const { return ring_memory_.memory(); }

  void push(std::span<const abi::netif_ctrl_request> requests) {
    static_cast<void>(ring.put_requests(requests));
    static_cast<void>(ring.push_requests_and_check_notify());
  }
  std::vector<abi::netif_ctrl_response> responses() {
    std::vector<abi::netif_ctrl_response> all(ring.entries());
    all.resize(ring.consume_responses(all).count);
    return all;
  }

  // One request and its answer.
  abi::netif_ctrl_response ask(std::uint16_t type, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) {
    push(std::array{abi::netif_ctrl_request{next_id_++, type, {a, b, c}}});
    static_cast<void>(back.poll());
    const auto all = responses();
    return all.size() == 1 ? all[0] : abi::netif_ctrl_response{0xffff, 0xffff, 99, 99};
  }

  // Bytes at the start of a page of the guest's, granted readonly to the driver domain.
  abi::grant_ref_t grant(std::uint32_t frame, std::span<const std::byte> bytes) {
    if (!bytes.empty()) std::memcpy(guest->arena.page(frame).data(), bytes.data(), bytes.size());
    return *guest->grants.grant_foreign_access(kDriverDomain, frame, true);
  }
  abi::grant_ref_t grant(std::uint32_t frame, std::span<const std::uint32_t> entries) {
    return grant(frame, std::as_bytes(entries));
  }

 private:
  PageArena ring_memory_{1};
  DomainTable domains_;
  std::uint16_t next_id_ = 1000;

 public:
  std::shared_ptr<Domain> guest;
  std::shared_ptr<Domain> driver_domain;
  CountingCopier copier;
  HashConfig config;
  FrontRing<CtrlRing> ring;
  CtrlBack back;
};

}  // namespace ringback
