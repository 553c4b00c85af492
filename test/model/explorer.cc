#include "model/explorer.h"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace ringback::model {
namespace {

constexpr std::uint8_t kNobody = 0xff;
constexpr std::uint8_t kExchangers = 0xfe;

bool is_read(Kind kind) { return kind == Kind::kLoad || kind == Kind::kExchange || kind == Kind::kAwait; }

}  // namespace

const char* name(Verdict verdict) {
  constexpr std::array<const char*, kVerdicts> names{"lost wake-up", "stale slot", "overwritten slot", "wrong content",
                                                     "broken claim"};
  return names[static_cast<std::size_t>(verdict)];
}

std::string Result::verdicts() const {
  std::string all;
  for (std::size_t i = 0; i < kVerdicts; ++i)
    if (found[i]) all += (all.empty() ? "" : ", ") + std::string(name(static_cast<Verdict>(i)));
  return all.empty() ? "none" : all;
}

std::string Result::traces() const {
  std::string all;
  for (const auto& trace : found) all += trace.value_or("");
  return all;
}

Explorer::Explorer(const Shared& shared, std::vector<std::unique_ptr<Thread>> threads,
                   std::span<const Mutation> mutations, Stores stores)
    : shared_(shared), threads_(std::move(threads)), stepper_(shared, mutations), stores_(stores), initial_(shared) {
  if (threads_.size() > kMaxThreads) throw std::logic_error("too many threads");
  owners_.fill(kNobody);
  for (const auto& thread : threads_) automata_.emplace_back(*thread, stepper_);
}

Result Explorer::explore() {
  State start{{}, initial_};
  for (std::size_t i = 0; i < automata_.size(); ++i) start.node[i] = automata_[i].start();
  reached_.push_back({&*known_.insert(encode(start)).first, 0, {}});
  for (std::uint32_t i = 0; i < reached_.size(); ++i) visit(i);
  result_.states = reached_.size();
  result_.mutated = stepper_.has_mutated();
  return result_;
}

// How many ways the thread's next step can go: 0 when it sleeps or has ended.
std::uint32_t Explorer::choices(const State& state, std::size_t thread) const {
  const Automaton& automaton = automata_[thread];
  if (automaton.has_ended(state.node[thread])) return 0;
  const Step& step = automaton.action(state.node[thread]).step;
  switch (step.kind) {
    case Kind::kLoad:
      return state.memory.readable(thread, step.place);
    case Kind::kAwait:
      return state.memory.newest(step.place) != 0 ? 1 : 0;
    case Kind::kChoose:
      return step.value;
    default:
      return 1;
  }
}

bool Explorer::goes_alone(const State& state, std::size_t thread) const {
  const Automaton& automaton = automata_[thread];
  if (stores_ == Stores::kAnyTime || automaton.has_ended(state.node[thread])) return false;
  const Kind kind = automaton.action(state.node[thread]).step.kind;
  return kind == Kind::kStore || kind == Kind::kChoose || kind == Kind::kEnd;
}

void Explorer::visit(std::uint32_t index) {
  const State state = decode(*reached_[index].state);
  std::size_t first = 0;
  std::size_t last = automata_.size();
  for (std::size_t i = 0; i < automata_.size() && last - first > 1; ++i)
    if (goes_alone(state, i)) first = i, last = i + 1;
  bool moved = false;
  for (std::size_t i = first; i < last; ++i) {
    const std::uint32_t ways = choices(state, i);
    for (std::uint32_t way = 0; way < ways; ++way)
      take(index, state, {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(way)});
    moved = moved || ways > 0;
  }
  if (!moved) finish(index, state);
}

void Explorer::take(std::uint32_t index, const State& from, Move move) {
  ++result_.transitions;
  State to = from;
  apply(to, move, nullptr);
  for (const auto& [verdict, what] : std::exchange(pending_, {})) {
    auto& found = result_.found[static_cast<std::size_t>(verdict)];
    if (!found) found = std::string(name(verdict)) + ": " + what + '\n' + trace(index, move);
  }
  const auto [entry, is_new] = known_.insert(encode(to));
  if (is_new) reached_.push_back({&*entry, index, move});
}

void Explorer::finish(std::uint32_t index, const State& state) {
  std::string sleepers;
  std::vector<std::span<const std::byte>> end;
  for (std::size_t i = 0; i < automata_.size(); ++i) {
    const bool fine = automata_[i].has_ended(state.node[i]) || automata_[i].is_daemon();
    if (!fine) sleepers += std::string(" ") + automata_[i].name();
    end.push_back(automata_[i].state(state.node[i]));
  }
  auto& lost = result_.found[static_cast<std::size_t>(Verdict::kLostWakeup)];
  if (sleepers.empty())
    result_.ends.push_back(std::move(end));
  else if (!lost)
    lost = std::string(name(Verdict::kLostWakeup)) + ": all sleep, with work left for" + sleepers + '\n' +
           trace(index, std::nullopt);
}

// Applies a move. With `trace`, also appends a line for each thing that was done.
void Explorer::apply(State& state, Move move, std::string* trace) {
  apply_before(state, move.thread, trace);
  Automaton& automaton = automata_[move.thread];
  Automaton::Node& node = state.node[move.thread];
  const Step& step = automaton.action(node).step;
  const std::uint32_t newest = is_read(step.kind) ? state.memory.newest(step.place) : 0;
  const std::uint32_t value = answer(state, move);
  if (trace != nullptr) *trace += describe(automaton.name(), step, value, newest);
  node = automaton.next(node, value);
  unsigned live = 0;
  for (std::size_t i = 0; i < automata_.size(); ++i)
    if (!automata_[i].has_ended(state.node[i])) live |= 1u << i;
  state.memory.forget(live, automata_.size());
}

void Explorer::apply_before(State& state, std::size_t thread, std::string* trace) {
  const auto& before = automata_[thread].action(state.node[thread]).before;
  if (!before.empty()) state.memory.tick(thread);
  for (const Step& step : before) {
    const auto slot = step.place;
    const auto content = static_cast<std::uint8_t>(step.value);
    const std::string where = "slot " + std::to_string(slot);
    if (trace != nullptr) *trace += describe(automata_[thread].name(), step, 0, 0);
    if (step.kind == Kind::kBroken) {
      pending_.emplace_back(Verdict::kBrokenClaim, step.verb);
    } else if (step.kind == Kind::kSlotWrite) {
      if (!state.memory.write_slot(thread, slot, content)) pending_.emplace_back(Verdict::kOverwrittenSlot, where);
    } else if (!state.memory.read_slot(thread, slot)) {
      pending_.emplace_back(Verdict::kStaleSlot, where);
    } else if (state.memory.content(slot) != content) {
      pending_.emplace_back(Verdict::kWrongContent, where);
    }
  }
}

std::uint32_t Explorer::answer(State& state, Move move) {
  const Step& step = automata_[move.thread].action(state.node[move.thread]).step;
  switch (step.kind) {
    case Kind::kLoad:
      return state.memory.load(move.thread, step.place, move.choice, step.order);
    case Kind::kStore:
      own(step.place, move.thread);
      state.memory.store(move.thread, step.place, step.value, step.order);
      return 0;
    case Kind::kExchange:
    case Kind::kAwait:
      own(step.place, kExchangers);
      return state.memory.exchange(move.thread, step.place, step.value, step.order);
    case Kind::kFence:
      state.memory.fence(move.thread, step.order);
      return 0;
    default:
      return move.choice;
  }
}

void Explorer::own(std::uint8_t word, std::uint8_t owner) {
  if (owners_[word] != kNobody && owners_[word] != owner) throw std::logic_error("a word that two threads store to");
  owners_[word] = owner;
}

std::string Explorer::trace(std::uint32_t index, std::optional<Move> last) {
  std::vector<std::uint32_t> path;
  for (std::uint32_t i = index; i != 0; i = reached_[i].from) path.push_back(i);
  std::string lines;
  for (auto i = path.rbegin(); i != path.rend(); ++i) {
    State state = decode(*reached_[reached_[*i].from].state);
    apply(state, reached_[*i].move, &lines);
  }
  if (last) {
    State state = decode(*reached_[index].state);
    apply(state, *last, &lines);
  }
  pending_.clear();
  return lines;
}

// One line of a trace; `newest` is what a read would give without delay.
std::string Explorer::describe(const char* thread, const Step& step, std::uint32_t answer, std::uint32_t newest) const {
  if (step.kind == Kind::kChoose) return "";
  std::string line = "  " + std::string(thread) + "  " + step.verb + ": " + shared_.show(step);
  if (is_read(step.kind)) line += " -> " + shared_.show_value(step.place, answer);
  if (is_read(step.kind) && newest != answer)
    line += "  (old: " + shared_.show_value(step.place, newest) + " is there)";
  return line + '\n';
}

std::string Explorer::encode(State& state) const {
  std::string bytes;
  bytes.reserve(256);
  bytes.append(reinterpret_cast<const char*>(state.node.data()), automata_.size() * sizeof state.node[0]);
  state.memory.encode(bytes, automata_.size());
  return bytes;
}

Explorer::State Explorer::decode(const std::string& bytes) const {
  State state{{}, initial_};
  const std::size_t nodes = automata_.size() * sizeof state.node[0];
  std::memcpy(state.node.data(), bytes.data(), nodes);
  state.memory.decode(std::string_view(bytes).substr(nodes), automata_.size());
  return state;
}

}  // namespace ringback::model
