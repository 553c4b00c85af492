// The options of a call, an object's fields by name, so that a message can say which one is wrong.
#pragma once
#include <napi.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "addon/arguments.h"

namespace ringback::addon {

// Each of these throws ERR_INVALID_ARGUMENT or ERR_OUT_OF_RANGE with the field's whole name: "options.vifs[3].nic ...".
class Fields {
 public:
  Fields(Napi::Value value, std::string path) : object_(to_object(value, path)), path_(std::move(path)) {}

  [[nodiscard]] std::uint64_t integer(const char* key, std::uint64_t least, std::uint64_t most) const;
  [[nodiscard]] std::uint32_t integer32(const char* key, std::uint64_t least, std::uint32_t most) const;
  [[nodiscard]] std::vector<std::uint32_t> integers32(const char* key, std::uint32_t most) const;
  // The number of one of `count` things.
  [[nodiscard]] std::uint32_t index(const char* key, std::size_t count) const;
  // The same, or nothing at -1.
  [[nodiscard]] std::optional<std::uint32_t> optional_index(const char* key, std::size_t count) const;
  [[nodiscard]] std::string text(const char* key) const;
  // Which of these words it is.
  [[nodiscard]] std::uint32_t choice(const char* key, std::span<const char* const> words) const;
  [[nodiscard]] bool boolean(const char* key) const;
  [[nodiscard]] Napi::Value value(const char* key) const { return object_.Get(key); }
  [[nodiscard]] Fields fields(const char* key) const { return {object_.Get(key), name(key)}; }

  [[nodiscard]] Napi::Error error(const char* key, const std::string& problem) const;
  [[nodiscard]] std::string name(const char* key) const { return path_ + "." + key; }

  // Calls each(Fields) for each element of an array of objects.
  template <class Each>
  void for_each(const char* key, std::uint32_t most, Each&& each) const {
    const Napi::Array array = list(key, most);
    for (std::uint32_t i = 0; i < array.Length(); ++i) each(Fields(array.Get(i), element(key, i)));
  }

 private:
  [[nodiscard]] Napi::Array list(const char* key, std::uint32_t most) const;
  [[nodiscard]] std::string element(const char* key, std::uint32_t index) const;

  Napi::Object object_;
  std::string path_;
};

}  // namespace ringback::addon
