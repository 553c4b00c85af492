// The memory under a ring that JavaScript handed over, and the messages that cross with it.
#pragma once
#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "addon/arguments.h"
#include "addon/environment.h"

namespace ringback::addon {

enum class RingKind { tx, rx, ctrl };

// 'tx', 'rx' or 'ctrl'.
[[nodiscard]] RingKind to_ring_kind(Napi::Value value);

// Keeps a Uint8Array alive and knows whether its bytes are still where they were. A SharedArrayBuffer cannot be
// detached and never shrinks; an ArrayBuffer can be transferred or resized at any time between two calls.
class RingMemory {
 public:
  // Throws unless the bytes can hold a ring: 4-byte aligned, 1, 2, 4, 8 or 16 pages.
  explicit RingMemory(Napi::Value view);

  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

  // Requires: before each use of the bytes. Throws ERR_CLOSED after release(), ERR_STATE when the bytes are gone.
  void check(Napi::Env env) const;

  // Lets go of the view; may be called again.
  void release() noexcept;

 private:
  Napi::ObjectReference view_;
  std::span<std::byte> bytes_;
  bool shared_ = false;
};

// The first `count` messages in a Uint32Array: arguments 0 and 1 of a call.
template <class Message>
[[nodiscard]] std::span<Message> to_messages(const Napi::CallbackInfo& info, std::span<const std::byte> ring) {
  constexpr std::size_t kWords = sizeof(Message) / sizeof(std::uint32_t);
  static_assert(kWords * sizeof(std::uint32_t) == sizeof(Message) && alignof(Message) <= alignof(std::uint32_t));
  const std::span<std::uint32_t> words = to_uint32_array(info[0], "words");
  const std::uint64_t count = to_integer(info[1], "count", 0, words.size() / kWords);
  const auto bytes = std::as_bytes(words);
  if (bytes.data() < ring.data() + ring.size() && ring.data() < bytes.data() + bytes.size())
    throw make_error(info.Env(), kInvalidArgument, "words must not lie in the ring's own memory");
  return {reinterpret_cast<Message*>(words.data()), static_cast<std::size_t>(count)};
}

}  // namespace ringback::addon
