// A learning bridge's forwarding database, as Linux's: which frame goes to which port. It has no clock, no buffers, and
// does not know what a port is: a NIC, a bond, a vif.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"

namespace ringback {

struct BridgeConfig {
  std::uint32_t ports = 0;                // 1 .. Bridge::kMaxPorts
  TimeNs ageing_ns = 300 * kNsPerSecond;  // Linux's ageing_time; 0: nothing is learned, every frame is flooded
  std::uint64_t hash_seed = 0;            // secret from the guests, see Bridge::hash()
};

// One VLAN, no spanning tree, no address of its own: nothing is delivered to the host.
//
// Ports:    0 .. ports - 1. A frame's bytes are hostile, its port is the caller's word.
// Requires: time never goes backwards.
// Cost:     a frame looks at two buckets for each of its addresses, whatever the guests do; nothing is allocated after
//           the constructor; a port costs 64 to 128 KiB.
//
// Invariants:
// 1. A port has taught at most kMaxAddressesPerPort addresses. Beyond them only its own aged ones make room: a flood of
//    source addresses from one port takes nothing from what other ports have taught.
// 2. A port's addresses are linked in the order in which they were last heard, so the first one is the first to age.
// 3. An address lies in one of its two buckets or nowhere.
//
// Source:   Linux br_input.c br_handle_frame, br_handle_frame_finish; br_fdb.c br_fdb_update, has_expired;
//           br_forward.c should_deliver
class Bridge {
 public:
  static constexpr std::uint32_t kMaxPorts = 1024;  // Linux's BR_MAX_PORTS
  // A guest has an address a vif, a few dozen with containers or a bridge of its own; a segment behind a NIC is seldom
  // larger than a /22 network. Beyond this frames are flooded, which is slow and still right.
  static constexpr std::uint32_t kMaxAddressesPerPort = 1024;
  static constexpr std::uint32_t kBucketSlots = 8;

  struct Decision {
    enum class Kind : std::uint8_t {
      kPort,   // to `port`
      kFlood,  // to every port but the one it came from
      kDrop,   // nowhere
    };
    Kind kind = Kind::kDrop;
    std::uint32_t port = 0;

    bool operator==(const Decision&) const = default;
  };

  explicit Bridge(const BridgeConfig& config);

  // Learns a frame's source and looks up its destination.
  //
  // These go nowhere:
  // - frames shorter than 14 bytes, and pause frames (to 01:80:c2:00:00:01): they teach nothing either;
  // - frames from a group address or from zeros, as Linux's is_valid_ether_addr: they teach nothing either;
  // - frames to the reserved addresses 01:80:c2:00:00:00 .. 0f, which IEEE 802.1Q keeps on their link (Linux floods :00
  //   while spanning tree is off);
  // - frames to a station on the port that they came from.
  //
  // A station that is heard on another port is followed at once, as Linux does: a guest can steal another's address, as
  // long as its port is not full. A full port learns neither a new nor a moved station.
  //
  // Units:    `header` is the frame's start; only its first 14 bytes are read.
  // Requires: in_port < ports.
  [[nodiscard]] Decision forward(TimeNs now, std::uint32_t in_port, std::span<const std::byte> header) noexcept;

  // The port's link went down: what it has taught is forgotten.
  // Source: Linux br_fdb.c br_fdb_delete_by_port
  void forget_port(std::uint32_t port) noexcept;

  // Addresses that are held, and those that have aged and were not cleared away yet.
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t learned() const noexcept { return learned_; }
  [[nodiscard]] std::uint64_t moved() const noexcept { return moved_; }
  // Frames whose source could not be learned: the port was full, or both of the address's buckets were.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

  // Which two buckets an address may lie in: the low and the high half, modulo the number of buckets.
  //
  // At least half of all slots are free, and an address takes the emptier of its buckets: honest ones find a slot. The
  // hash is no cryptographic one. At worst, a guest that knows the seed fills a pair of buckets with 16 addresses of
  // its own. Stations of which both buckets are full are not learned until those addresses age: frames to them are
  // flooded, and the attacker sees them. Whoever colludes, at most half of the buckets can be full. No frame takes
  // longer by that, and a station that was learned before and goes on sending stays.
  [[nodiscard]] static std::uint64_t hash(std::uint64_t seed, std::uint64_t address) noexcept;

 private:
  using Address = std::uint64_t;  // the 48 bits as they are read; 0, which nobody can teach, is a free slot
  using Slot = std::uint32_t;     // bucket * kBucketSlots + position
  static constexpr Slot kNone = ~Slot{0};

  struct alignas(64) Bucket {  // a cache line
    std::array<Address, kBucketSlots> addresses{};
  };
  struct Station {
    TimeNs heard_ns = 0;
    std::uint32_t port = 0;
    Slot older = kNone;
    Slot newer = kNone;
  };
  struct Port {
    Slot oldest = kNone;
    Slot newest = kNone;
    std::uint32_t addresses = 0;
  };

  [[nodiscard]] std::array<std::uint32_t, 2> buckets_of(Address address) const noexcept;
  [[nodiscard]] bool has_aged(TimeNs now, Slot slot) const noexcept {
    return now - stations_[slot].heard_ns >= ageing_ns_;
  }
  [[nodiscard]] Slot find(Address address) const noexcept;
  void learn(TimeNs now, std::uint32_t in_port, Address source) noexcept;
  [[nodiscard]] bool make_room(TimeNs now, std::uint32_t port) noexcept;
  [[nodiscard]] Slot claim_slot(TimeNs now, Address address) noexcept;
  [[nodiscard]] Slot free_slot(std::uint32_t bucket) const noexcept;
  [[nodiscard]] Slot aged_slot(TimeNs now, std::uint32_t bucket) const noexcept;
  void remove(Slot slot) noexcept;
  void link(TimeNs now, std::uint32_t port, Slot slot) noexcept;
  void unlink(Slot slot) noexcept;

  TimeNs ageing_ns_;
  std::uint64_t hash_seed_;
  std::vector<Bucket> buckets_;    // a power of two of them
  std::vector<Station> stations_;  // by slot
  std::vector<Port> ports_;
  std::uint32_t size_ = 0;
  std::uint64_t learned_ = 0;
  std::uint64_t moved_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace ringback
