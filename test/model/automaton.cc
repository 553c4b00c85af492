#include "model/automaton.h"

#include <algorithm>
#include <stdexcept>

namespace ringback::model {
namespace {

constexpr std::size_t kMaxNodes = 0xffff;

// Appends what came after the last answer.
void append_rest(std::vector<Step>& before, const std::vector<Step>& steps, std::size_t answers) {
  for (const Step& step : steps) {
    if (step.is_answered() && answers > 0)
      --answers;
    else if (answers == 0 && !step.is_answered() && step.kind != Kind::kCompilerBarrier)
      before.push_back(step);
  }
}

void append(std::string& key, const void* bytes, std::size_t size) {
  key.append(static_cast<const char*>(bytes), size);
}

}  // namespace

Automaton::Automaton(Thread& thread, Stepper& stepper) : thread_(thread), stepper_(stepper) {
  const auto state = thread.state();
  static_cast<void>(settle({{state.begin(), state.end()}, {}, {}, false, {}}));
}

Automaton::Node Automaton::next(Node node, std::uint32_t answer) {
  const auto found = places_[node].next.find(answer);
  if (found != places_[node].next.end()) return found->second;
  Place place{places_[node].state, places_[node].answers, {}, false, {}};
  Node to = 0;
  if (places_[node].action.step.kind == Kind::kEnd) {
    place.ended = true;
    to = intern(std::move(place));
  } else {
    place.answers.push_back(answer);
    to = settle(std::move(place));
  }
  places_[node].next.emplace(answer, to);
  return to;
}

// Runs phases until one waits. Different ways to one place are one node.
Automaton::Node Automaton::settle(Place place) {
  for (bool waits = false; !waits;) {
    std::ranges::copy(place.state, thread_.state().begin());
    const Stepper::Run run = stepper_.run(thread_, place.answers);
    append_rest(place.action.before, run.steps, place.answers.size());
    if (run.over) {
      place.state.assign(thread_.state().begin(), thread_.state().end());
      place.answers.clear();
    }
    if (run.ended) place.action.step = {};
    if (!run.over) place.action.step = run.steps.back();
    waits = !run.over || run.ended;
  }
  return intern(std::move(place));
}

Automaton::Node Automaton::intern(Place place) {
  std::string key(1, place.ended ? 'e' : static_cast<char>('0' + static_cast<int>(place.action.step.kind)));
  append(key, place.state.data(), place.state.size());
  append(key, place.answers.data(), place.answers.size() * sizeof(std::uint32_t));
  for (const Step& step : place.action.before)
    key += {static_cast<char>(step.kind), static_cast<char>(step.place), static_cast<char>(step.value)};
  const auto [entry, is_new] = known_.try_emplace(std::move(key), static_cast<Node>(places_.size()));
  if (is_new) places_.push_back(std::move(place));
  if (places_.size() > kMaxNodes) throw std::logic_error("a thread with too many states");
  return entry->second;
}

}  // namespace ringback::model
