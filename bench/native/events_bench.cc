// The simulator's event queue beside others, in the hold model: one event is popped, one is pushed at a random later
// time, and as many stay pending. Nanoseconds for such a pair; on average an event comes every microsecond.
//
//   events_bench --rounds 5 --ms 1 --at 16,256,4096,65536     at: pending events
#include <memory>
#include <vector>

#include "base/random.h"
#include "event_peers.h"
#include "options.h"
#include "program.h"
#include "sim/event_queue.h"

namespace ringback::bench {
namespace {

constexpr std::uint64_t kMeanGapNs = 1000;

class RingbackQueue : public EventQueue {
 public:
  static constexpr const char* kName = "ringback";
};

// Returns whether time never ran backwards. A function of its own, so that the compiler treats each peer's alike.
template <class Queue>
[[gnu::noinline]] bool hold(Queue& queue, std::uint64_t count, std::uint64_t longest_ns, Random& random) {
  TimeNs now = 0;
  bool ordered = true;
  for (std::uint64_t i = 0; i < count; ++i) {
    Event event = queue.pop();
    ordered = ordered && event.time_ns >= now;
    now = event.time_ns;
    event.time_ns += 1 + random.below(longest_ns);
    queue.push(event);
  }
  return ordered;
}

template <class Queue>
void add(std::vector<Case>& cases, std::uint32_t pending) {
  const auto run = [pending](std::uint64_t count, bool& correct) {
    const std::uint64_t longest_ns = 2 * kMeanGapNs * pending;
    Random random(pending);
    const auto queue = std::make_unique<Queue>();
    for (std::uint32_t i = 0; i < pending; ++i) queue->push({1 + random.below(longest_ns), Event::Kind::kSource, i});
    static_cast<void>(hold(*queue, pending, longest_ns, random));  // pending times are now as they stay
    bool ordered = false;
    const Sample sample = run_one([&] { ordered = hold(*queue, count, longest_ns, random); });
    std::uint64_t targets = 0;  // each event that went in is still there
    for (std::uint32_t i = 0; i < pending; ++i) targets += queue->pop().target;
    correct = correct && ordered && targets == std::uint64_t{pending} * (pending - 1) / 2;
    return sample;
  };
  cases.push_back({Queue::kName, "hold", "ns", pending, run, ns_each});
}

}  // namespace
}  // namespace ringback::bench

int main(int argc, char** argv) {
  using namespace ringback::bench;
  const Options options = parse(argc, argv, {"pending events", {16, 256, 4096, 65536}, 1 << 20});
  std::vector<Case> cases;
  for (const std::uint32_t pending : options.at) {
    add<RingbackQueue>(cases, pending);
    add<StandardHeap>(cases, pending);
    add<Calendar>(cases, pending);
  }
  return run_program(std::move(cases), options);
}
