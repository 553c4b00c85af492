// Rings side by side, in one run: ours and, where they are installed, Xen's macros and boost's queues.
//
//   rings_bench --rounds 5 --ms 1 --at 1,8,32,64     at: requests and responses a batch
#include <thread>
#include <vector>

#include "options.h"
#include "program.h"
#include "ring_loops.h"
#include "ringback_ring.h"
#ifdef HAVE_XEN_HEADERS
#include "xen_macros_ring.h"
#endif
#ifdef HAVE_BOOST_LOCKFREE
#include "boost_ring.h"
#endif

namespace ringback::bench {
namespace {

template <class Peer>
void add_batch(std::vector<Case>& cases, std::uint32_t batch) {
  if (std::thread::hardware_concurrency() > 1)
    cases.push_back({Peer::kName, "pairs", "M pairs/s", batch,
                     [batch](auto pairs, bool& ok) { return run_pairs<Peer>(pairs, batch, kSlots, ok); },
                     million_per_second});
  cases.push_back({Peer::kName, "one thread", "ns/pair", batch,
                   [batch](auto pairs, bool& ok) { return run_solo<Peer>(pairs, batch, ok); }, ns_each, batch});
}

template <class Peer>
void add_round_trip(std::vector<Case>& cases) {
  if (std::thread::hardware_concurrency() > 1)
    cases.push_back({Peer::kName, "round trip", "ns", 1,
                     [](auto pairs, bool& ok) { return run_pairs<Peer>(pairs, 1, 1, ok); }, ns_each});
}

// Peers of the same job follow one another: what disturbs the machine for a while disturbs them alike.
template <class... Peers>
std::vector<Case> cases_of(const Options& options) {
  std::vector<Case> cases;
  for (const std::uint32_t batch : options.at) (add_batch<Peers>(cases, batch), ...);
  (add_round_trip<Peers>(cases), ...);
  return cases;
}

std::vector<Case> all_cases(const Options& options) {
  return cases_of<RingbackRing
#ifdef HAVE_XEN_HEADERS
                  ,
                  XenMacrosRing
#endif
#ifdef HAVE_BOOST_LOCKFREE
                  ,
                  BoostRing
#endif
                  >(options);
}

}  // namespace
}  // namespace ringback::bench

int main(int argc, char** argv) {
  using namespace ringback::bench;
  const Options options = parse(argc, argv, {"requests a batch", {1, 8, 32, 64}, kMostBatch});
  return run_program(all_cases(options), options);
}
