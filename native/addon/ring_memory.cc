#include "addon/ring_memory.h"

#include "ring/layout.h"

namespace ringback::addon {

RingKind to_ring_kind(Napi::Value value) {
  const std::string kind = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (kind == "tx") return RingKind::tx;
  if (kind == "rx") return RingKind::rx;
  if (kind == "ctrl") return RingKind::ctrl;
  throw make_error(value.Env(), kInvalidArgument, "kind must be 'tx', 'rx' or 'ctrl'");
}

RingMemory::RingMemory(Napi::Value view) : bytes_(to_bytes(view, "bytes")) {
  if (!is_ring_memory(bytes_))
    throw make_error(view.Env(), kOutOfRange, "bytes must be 1, 2, 4, 8 or 16 pages of 4096 bytes, 4-byte aligned");
  // Asked of the engine: a property `buffer` could be the script's own.
  napi_value buffer = nullptr;
  bool detachable = false;
  if (napi_get_typedarray_info(view.Env(), view, nullptr, nullptr, nullptr, &buffer, nullptr) != napi_ok ||
      napi_is_arraybuffer(view.Env(), buffer, &detachable) != napi_ok)
    throw make_error(view.Env(), kInvalidArgument, "bytes must be a Uint8Array over a buffer");
  view_ = Napi::Persistent(view.As<Napi::Object>());
  shared_ = !detachable;
}

void RingMemory::check(Napi::Env env) const {
  if (view_.IsEmpty()) throw make_error(env, kClosed, "the ring is closed");
  if (shared_) return;
  const auto now = to_bytes(view_.Value(), "bytes");
  if (now.data() != bytes_.data() || now.size() != bytes_.size())
    throw make_error(env, kState, "the ring's memory was detached or resized");
}

void RingMemory::release() noexcept {
  view_.Reset();
  bytes_ = {};
}

}  // namespace ringback::addon
