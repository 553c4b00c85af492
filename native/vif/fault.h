// Why a vif was disabled: what a front end did that cannot be valid.
#pragma once
#include <cstdint>

namespace ringback {

enum class Fault : std::uint8_t {
  kNone,
  kRingOverflow,      // the producer claims more than the ring holds, or went backwards
  kMissingExtra,      // an announced extra-info slot was not pushed
  kUnknownExtra,      // extra-info type 0 or beyond the known ones
  kMissingSlot,       // a packet's chain runs past the producer
  kTooManySlots,      // 22 or more data slots
  kCrossesPage,       // a fragment's offset + size > 4096
  kBadGso,            // segment size 0, or a type other than TCPv4 and TCPv6
  kBadResponse,       // (front end) an id that was not outstanding
  kResponseOverflow,  // (front end) more responses than requests
  kGrantInUse,        // (front end) a slot was answered while its page is still being used
  kBadAttach,         // a ring whose indices cannot be a ring's when the back end connected
};

[[nodiscard]] constexpr const char* fault_name(Fault fault) noexcept {
  switch (fault) {
    case Fault::kNone:
      return "none";
    case Fault::kRingOverflow:
      return "ring-overflow";
    case Fault::kMissingExtra:
      return "missing-extra";
    case Fault::kUnknownExtra:
      return "unknown-extra";
    case Fault::kMissingSlot:
      return "missing-slot";
    case Fault::kTooManySlots:
      return "too-many-slots";
    case Fault::kCrossesPage:
      return "crosses-page";
    case Fault::kBadGso:
      return "bad-gso";
    case Fault::kBadResponse:
      return "bad-response";
    case Fault::kResponseOverflow:
      return "response-overflow";
    case Fault::kGrantInUse:
      return "grant-in-use";
    case Fault::kBadAttach:
      return "bad-attach";
  }
  return "unknown";
}

}  // namespace ringback
