#include "addon/arguments.h"

#include <cmath>

#include "addon/environment.h"

namespace ringback::addon {
namespace {

template <class T>
std::span<T> to_typed_array(Napi::Value value, const std::string& name, napi_typedarray_type wanted,
                            const char* wanted_name) {
  // The C call takes views of SharedArrayBuffers too, which Napi::TypedArray would not.
  napi_typedarray_type type{};
  std::size_t length = 0;
  void* data = nullptr;
  if (!value.IsTypedArray() ||
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != wanted)
    throw make_error(value.Env(), kInvalidArgument, name + " must be a " + wanted_name);
  return {static_cast<T*>(data), length};
}

}  // namespace

std::uint64_t to_integer(Napi::Value value, const std::string& name, std::uint64_t least, std::uint64_t most) {
  const auto range = [&] { return " from " + std::to_string(least) + " to " + std::to_string(most); };
  if (!value.IsNumber()) throw make_error(value.Env(), kInvalidArgument, name + " must be an integer" + range());
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) || number != std::floor(number))
    throw make_error(value.Env(), kOutOfRange, name + " must be an integer" + range());
  return static_cast<std::uint64_t>(number);
}

bool to_boolean(Napi::Value value, const std::string& name) {
  if (!value.IsBoolean()) throw make_error(value.Env(), kInvalidArgument, name + " must be a boolean");
  return value.As<Napi::Boolean>().Value();
}

std::span<std::byte> to_bytes(Napi::Value value, const std::string& name) {
  return to_typed_array<std::byte>(value, name, napi_uint8_array, "Uint8Array");
}

std::span<std::uint32_t> to_uint32_array(Napi::Value value, const std::string& name) {
  return to_typed_array<std::uint32_t>(value, name, napi_uint32_array, "Uint32Array");
}

std::span<std::int64_t> to_bigint64_array(Napi::Value value, const std::string& name) {
  return to_typed_array<std::int64_t>(value, name, napi_bigint64_array, "BigInt64Array");
}

Napi::Object to_object(Napi::Value value, const std::string& name) {
  if (!value.IsObject()) throw make_error(value.Env(), kInvalidArgument, name + " must be an object");
  return value.As<Napi::Object>();
}

}  // namespace ringback::addon
