// Fuzz input: a list of operations, each a record of so many bytes. Every byte string is a valid list.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace ringback::fuzz {

// Records of one size: taking some out, as a shrinker and a fuzzer do, leaves the meaning of the others as it was.
inline constexpr std::size_t kOperationBytes = 16;
// A longer input is cut off here.
inline constexpr std::size_t kMaxOperations = 2048;

class Operation {
 public:
  using Bytes = std::array<std::uint8_t, kOperationBytes>;

  explicit Operation(const Bytes& bytes) noexcept : bytes_(bytes) {}

  // Byte 0 is the kind, the others mean what the kind says.
  [[nodiscard]] std::uint32_t u8(std::size_t at) const noexcept { return bytes_[at]; }
  [[nodiscard]] std::uint16_t u16(std::size_t at) const noexcept {
    return static_cast<std::uint16_t>(bytes_[at] | bytes_[at + 1] << 8);
  }
  [[nodiscard]] std::uint32_t u32(std::size_t at) const noexcept {
    return u16(at) | static_cast<std::uint32_t>(u16(at + 2)) << 16;
  }
  // True for so many values of the byte out of 256.
  [[nodiscard]] bool chance(std::size_t at, std::uint32_t of_256) const noexcept { return u8(at) < of_256; }
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t from) const noexcept {
    return std::span(bytes_).subspan(from);
  }

 private:
  Bytes bytes_;
};

// The records of an input; a last one that is cut short is filled up with zeros.
[[nodiscard]] std::vector<Operation> decode(std::span<const std::uint8_t> input);

// An input of random bytes, a function of the seed.
[[nodiscard]] std::vector<std::uint8_t> random_input(std::uint64_t seed);

// What a hostile guest does, and what happens to its back end meanwhile.
enum class GuestKind : std::uint8_t {
  kPacket,            // writes a packet's slots, well-formed but for one mutation, and pushes
  kRingBytes,         // any bytes anywhere in the rings
  kHeaderWord,        // a producer or an event index: near, far or wild
  kPush,              // moves a producer over whatever the slots hold
  kGrantEntry,        // rewrites an entry of the grant table
  kPageBytes,         // writes a data page
  kPostRx,            // posts pages, good and bad ones
  kControl,           // a control request
  kReceive,           // frames for the guest arrive
  kPollTx,            // one poll of one queue
  kPollAll,           // every queue until it has nothing to do
  kRunRx,             // one run of one queue
  kPollControl,       // one poll of the control ring
  kCreditTimer,       // the shaper's timer fires if it is due, or time goes on until it does
  kTime,              // time passes: microseconds up to more than a minute
  kConnect,           // disconnects and connects, to new rings or to tampered ones
  kDisconnect,        // disconnects
  kMulticastControl,  // turned on or off
  kHonest,            // the honest neighbour sends and receives a frame
  kReleaseFrames,     // the wire is done with some frames
  kShortOfPages,      // a poll while the driver domain has hardly a page
  kSetCredit,         // a live change of the credit
  kPeek,              // has_new_requests, carrier, timers
  kEnd,
};
inline constexpr std::size_t kGuestKinds = static_cast<std::size_t>(GuestKind::kEnd);
inline constexpr std::array<const char*, kGuestKinds> kGuestKindNames = {
    "packet",     "ring-bytes", "header-word", "push",    "grant-entry",    "page-bytes",   "post-rx", "control",
    "receive",    "poll-tx",    "poll-all",    "run-rx",  "poll-ctrl",      "credit-timer", "time",    "connect",
    "disconnect", "mcast",      "honest",      "release", "short-of-pages", "set-credit",   "peek"};
[[nodiscard]] GuestKind guest_kind(const Operation& operation) noexcept;

// What a front end is made to do, and what a hostile back end does to it.
enum class BackEndKind : std::uint8_t {
  kTransmit,   // (front) puts a frame and pushes
  kMulticast,  // (front) asks for a group address
  kReap,       // (front) takes TX responses
  kPost,       // (front) posts pages
  kReceive,    // (front) takes frames
  kAsk,        // (front) a control request
  kPollControl,
  kRingBytes,      // any bytes anywhere in the rings
  kHeaderWord,     // a producer or an event index
  kAnswerTx,       // answers requests, but for one mutation as it should be
  kDeliver,        // places a frame, but for one mutation as it should be
  kAnswerControl,  // likewise
  kPushResponses,  // moves a producer over whatever the slots hold
  kPin,            // starts to use a page that it was granted
  kUnpin,
  kWritePages,  // writes what it is granted, through grant copy
  kRecreate,    // the guest closes the device and opens it again
  kEnd,
};
inline constexpr std::size_t kBackEndKinds = static_cast<std::size_t>(BackEndKind::kEnd);
inline constexpr std::array<const char*, kBackEndKinds> kBackEndKindNames = {
    "transmit",       "mcast",      "reap",        "post",        "receive", "ask",
    "poll-ctrl",      "ring-bytes", "header-word", "answer-tx",   "deliver", "answer-ctrl",
    "push-responses", "pin",        "unpin",       "write-pages", "recreate"};
[[nodiscard]] BackEndKind back_end_kind(const Operation& operation) noexcept;

}  // namespace ringback::fuzz
