// Reads JavaScript values with type and range checks; every message names the argument.
#pragma once
#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ringback::addon {

inline constexpr std::uint64_t kMaxSafeInteger = (std::uint64_t{1} << 53) - 1;

// An integer in [least, most]; most <= kMaxSafeInteger. Throws ERR_INVALID_ARGUMENT or ERR_OUT_OF_RANGE.
[[nodiscard]] std::uint64_t to_integer(Napi::Value value, const std::string& name, std::uint64_t least,
                                       std::uint64_t most);

[[nodiscard]] bool to_boolean(Napi::Value value, const std::string& name);

// The bytes under a Uint8Array, over an ArrayBuffer or a SharedArrayBuffer. Valid while the value is alive and its
// buffer is not detached: whoever keeps the span keeps a reference to the value too.
[[nodiscard]] std::span<std::byte> to_bytes(Napi::Value value, const std::string& name);

// Elements of a typed array of exactly this kind.
[[nodiscard]] std::span<std::uint32_t> to_uint32_array(Napi::Value value, const std::string& name);
[[nodiscard]] std::span<std::int64_t> to_bigint64_array(Napi::Value value, const std::string& name);

[[nodiscard]] Napi::Object to_object(Napi::Value value, const std::string& name);

}  // namespace ringback::addon
