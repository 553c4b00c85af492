#include "addon/fields.h"

#include "addon/environment.h"

namespace ringback::addon {

std::uint64_t Fields::integer(const char* key, std::uint64_t least, std::uint64_t most) const {
  return to_integer(object_.Get(key), name(key), least, most);
}

std::uint32_t Fields::integer32(const char* key, std::uint64_t least, std::uint32_t most) const {
  return static_cast<std::uint32_t>(integer(key, least, most));
}

std::vector<std::uint32_t> Fields::integers32(const char* key, std::uint32_t most) const {
  const Napi::Array array = list(key, most);
  std::vector<std::uint32_t> values;
  for (std::uint32_t i = 0; i < array.Length(); ++i)
    values.push_back(static_cast<std::uint32_t>(to_integer(array.Get(i), element(key, i), 0, UINT32_MAX)));
  return values;
}

std::uint32_t Fields::index(const char* key, std::size_t count) const {
  if (count == 0) throw error(key, "cannot name anything: there is none");
  return integer32(key, 0, static_cast<std::uint32_t>(count - 1));
}

std::optional<std::uint32_t> Fields::optional_index(const char* key, std::size_t count) const {
  const Napi::Value value = object_.Get(key);
  if (value.IsNumber() && value.As<Napi::Number>().DoubleValue() == -1) return std::nullopt;
  return index(key, count);
}

std::uint32_t Fields::choice(const char* key, std::span<const char* const> words) const {
  const std::string given = text(key);
  std::string all;
  for (std::uint32_t i = 0; i < words.size(); ++i) {
    if (given == words[i]) return i;
    if (i > 0) all += i + 1 == words.size() ? " or " : ", ";
    all += std::string("'") + words[i] + "'";
  }
  throw error(key, "must be " + all);
}

std::string Fields::text(const char* key) const {
  const Napi::Value value = object_.Get(key);
  if (!value.IsString()) throw error(key, "must be a string");
  return value.As<Napi::String>().Utf8Value();
}

bool Fields::boolean(const char* key) const {
  const Napi::Value value = object_.Get(key);
  if (!value.IsBoolean()) throw error(key, "must be true or false");
  return value.As<Napi::Boolean>().Value();
}

Napi::Error Fields::error(const char* key, const std::string& problem) const {
  return make_error(object_.Env(), kInvalidArgument, name(key) + " " + problem);
}

Napi::Array Fields::list(const char* key, std::uint32_t most) const {
  const Napi::Value value = object_.Get(key);
  if (!value.IsArray()) throw error(key, "must be an array");
  const auto array = value.As<Napi::Array>();
  if (array.Length() > most) throw error(key, "must have at most " + std::to_string(most) + " elements");
  return array;
}

std::string Fields::element(const char* key, std::uint32_t index) const {
  return name(key) + "[" + std::to_string(index) + "]";
}

}  // namespace ringback::addon
