#include "model/step.h"

#include <array>

namespace ringback::model {
namespace {

std::string suffix(Order order) {
  constexpr std::array<const char*, 5> names{"relaxed", "acquire", "release", "acq_rel", "seq_cst"};
  return std::string("_") + names[static_cast<std::size_t>(order)];
}

}  // namespace

std::string Shared::show_value(std::uint8_t word, std::uint32_t value) const {
  if (!words[word].is_index) return std::to_string(value);
  const auto distance = static_cast<std::int32_t>(value - start);
  return distance < 0 ? "start" + std::to_string(distance) : "start+" + std::to_string(distance);
}

std::string Shared::show(const Step& step) const {
  const auto word = [&] { return std::string(words[step.place].name); };
  switch (step.kind) {
    case Kind::kLoad:
      return "load" + suffix(step.order) + ' ' + word();
    case Kind::kStore:
      return "store" + suffix(step.order) + ' ' + word() + " = " + show_value(step.place, step.value);
    case Kind::kExchange:
      return "exchange" + suffix(step.order) + ' ' + word() + " = " + show_value(step.place, step.value);
    case Kind::kAwait:
      return "woken, exchange" + suffix(step.order) + ' ' + word() + " = " + show_value(step.place, step.value);
    case Kind::kFence:
      return "fence" + suffix(step.order);
    case Kind::kSlotRead:
      return "read slot " + std::to_string(step.place);
    case Kind::kSlotWrite:
      return "write slot " + std::to_string(step.place);
    case Kind::kCompilerBarrier:
      return "compiler_barrier";
    case Kind::kChoose:
      return "choose";
    case Kind::kEnd:
      return "end";
    case Kind::kBroken:
      return "does not hold";
  }
  return "";
}

}  // namespace ringback::model
