// A thread's code as a graph: nodes are what it may know while it waits for an answer, edges are answers.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/stepper.h"

namespace ringback::model {

// Built while it is walked: the code runs once for each edge, however often the explorer comes by.
class Automaton {
 public:
  using Node = std::uint16_t;

  struct Action {
    std::vector<Step> before;  // slots and broken claims, which come together with the step
    Step step;
  };

  // Requires: thread and stepper outlive this.
  Automaton(Thread& thread, Stepper& stepper);

  [[nodiscard]] Node start() const noexcept { return 0; }
  [[nodiscard]] Node next(Node node, std::uint32_t answer);
  [[nodiscard]] const Action& action(Node node) const { return places_[node].action; }
  // Whether the thread took its last step, which is of kind kEnd.
  [[nodiscard]] bool has_ended(Node node) const { return places_[node].ended; }
  // What the thread remembers at the start of the phase that it is in; after the end, what it remembered last.
  [[nodiscard]] std::span<const std::byte> state(Node node) const { return places_[node].state; }

  [[nodiscard]] const char* name() const { return thread_.name(); }
  [[nodiscard]] bool is_daemon() const { return thread_.is_daemon(); }
  [[nodiscard]] std::size_t nodes() const noexcept { return places_.size(); }

 private:
  struct Place {
    std::vector<std::byte> state;
    std::vector<std::uint32_t> answers;
    Action action;
    bool ended = false;
    std::map<std::uint32_t, Node> next;
  };

  [[nodiscard]] Node settle(Place place);
  [[nodiscard]] Node intern(Place place);

  Thread& thread_;
  Stepper& stepper_;
  std::vector<Place> places_;
  std::unordered_map<std::string, Node> known_;
};

}  // namespace ringback::model
