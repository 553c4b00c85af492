// What the inputs led to: a fuzzer that reaches nothing finds nothing, and nobody would see it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "vif/fault.h"

namespace ringback::fuzz {

enum class Outcome : std::uint8_t {
  kCopiesDone,        // grant copies that succeeded
  kCopiesFailed,      // and that did not
  kTxFrames,          // frames that a guest sent and the wire got
  kTxDropped,         // frames that the back end refused
  kTxResponses,       // TX slots answered
  kTxErrors,          // with ERROR
  kTxNulls,           // with NULL
  kCreditWaits,       // polls that ended for want of credit
  kRxQueued,          // frames that a queue to the guest took
  kRxFull,            // and did not, as too much waits
  kRxFiltered,        // or as it is not for this guest
  kRxNoCarrier,       // or as it is dead or stalled
  kRxPlaced,          // frames in a guest's pages
  kRxExpired,         // frames that waited too long
  kRxGrant,           // frames that a page of the guest's lost
  kRxDisabled,        // frames that died with their vif
  kStalls,            // runs that left a queue stalled
  kControlAnswers,    // control requests answered
  kReattached,        // connected to rings that were used before
  kHonestFrames,      // frames of the honest neighbour's that came through
  kFrontTransmitted,  // frames that a front end sent
  kFrontErrors,       // its slots that were answered with an error
  kFrontReceived,     // frames that its consumer got
  kFrontErrorFrames,  // frames that were lost on the way to it
  kFrontAnswers,      // answers of the control ring that it took
  kFrontPins,         // pages that the back end kept using
  kEnd,
};
inline constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::kEnd);
inline constexpr std::array<const char*, kOutcomes> kOutcomeNames = {
    "copies",        "copies failed", "tx frames",  "tx dropped",   "tx responses",   "tx errors",
    "tx nulls",      "credit waits",  "rx queued",  "rx full",      "rx filtered",    "rx no carrier",
    "rx placed",     "rx expired",    "rx grant",   "rx disabled",  "stalls",         "ctrl answers",
    "reattached",    "honest frames", "front sent", "front errors", "front received", "front error frames",
    "front answers", "front pins"};

inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::kBadAttach) + 1;

// Plain numbers: they are counted in memory that two processes share.
struct Outcomes {
  std::uint64_t lists = 0;
  std::uint64_t operations = 0;
  std::array<std::uint64_t, 32> kinds{};
  std::array<std::uint64_t, kFaults> faults{};
  std::array<std::uint64_t, kOutcomes> counts{};

  void count(Outcome outcome, std::uint64_t times = 1) noexcept { counts[static_cast<std::size_t>(outcome)] += times; }
  [[nodiscard]] std::uint64_t of(Outcome outcome) const noexcept { return counts[static_cast<std::size_t>(outcome)]; }
  void count(Fault fault) noexcept { ++faults[static_cast<std::size_t>(fault)]; }
  [[nodiscard]] std::uint64_t of(Fault fault) const noexcept { return faults[static_cast<std::size_t>(fault)]; }
};

}  // namespace ringback::fuzz
