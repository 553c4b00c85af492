// What is counted of one direction of a vif: every frame that comes in goes out somewhere.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "sim/trace.h"

namespace ringback {

// Packets and bytes, together.
struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;

  void add(std::uint32_t size_bytes) noexcept {
    ++packets;
    bytes += size_bytes;
  }
  void remove(std::uint32_t size_bytes) noexcept {
    --packets;
    bytes -= size_bytes;
  }
  Tally& operator+=(const Tally& other) noexcept {
    packets += other.packets;
    bytes += other.bytes;
    return *this;
  }
};

// Why a frame is lost. The first three have been traced from the beginning: their numbers stay.
enum class Cause : std::uint8_t {
  kBacklog,       // the guest's own queue was full
  kError,         // the back end refused it, or the guest has forged what was to come of it
  kNic,           // a NIC's queue was full, at this end of the wire or at the other
  kBridge,        // a bridge had no port for it
  kNoPages,       // the driver domain had no page for it
  kCarrier,       // the vif had no carrier
  kFiltered,      // to a group address that the guest did not ask for
  kQueue,         // the back end's queue to the guest was full
  kExpired,       // it waited too long for a page of the guest's
  kGrant,         // a page that the guest posted could not be written
  kDisconnected,  // it was under way when the vif was disabled or disconnected
  kLink,          // a NIC had no link
  kBond,          // no NIC of a bond could take it, or it came in on one where the bond does not listen
};
inline constexpr std::size_t kCauses = 13;
inline constexpr std::array<const char*, kCauses> kCauseNames = {
    "Backlog", "Error",   "Nic",   "Bridge",       "NoBuffer", "Carrier", "Filtered",
    "Queue",   "Expired", "Grant", "Disconnected", "Link",     "Bond",
};

// Invariant: offered + arrived + copied = delivered + forwarded + all drops + what is queued.
struct Account {
  Tally offered;    // by the vif's own sources
  Tally arrived;    // brought by a bridge from elsewhere
  Tally copied;     // made by flooding, beyond the first
  Tally delivered;  // behind the wire, or in the guest's hands
  Tally forwarded;  // handed to another vif, where it has arrived
  std::array<Tally, kCauses> drops;
  TraceHash drops_trace;

  void drop(TimeNs now, Cause cause, std::uint32_t size_bytes) noexcept {
    drops[static_cast<std::size_t>(cause)].add(size_bytes);
    drops_trace.fold(now);
    drops_trace.fold(std::uint64_t{size_bytes} << 8 | static_cast<std::uint64_t>(cause));
  }
};

}  // namespace ringback
