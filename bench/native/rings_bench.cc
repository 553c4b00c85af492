// Rings side by side, in one run: ours and, where its headers are installed, Xen's macros. Prints a JSON line a sample.
//
//   rings_bench --rounds 5 --at 1,8,32,64 --ms 1
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ring/back_ring.h"
#include "ring/front_ring.h"
#include "ring_loops.h"
#ifdef HAVE_XEN_HEADERS
#include "xen_macros_ring.h"
#endif

namespace ringback::bench {
namespace {

class RingbackRing {
 public:
  using Request = TxRing::Request;
  using Response = TxRing::Response;
  static constexpr const char* kName = "ringback";

  std::uint32_t push_requests(const Request* requests, std::uint32_t count) {
    const std::uint32_t put = front_.put_requests({requests, count});
    if (put > 0) front_notifies_ += front_.push_requests_and_check_notify() ? 1 : 0;
    return put;
  }

  std::uint32_t take_requests(Request* out, std::uint32_t most) {
    const Taken taken = back_.consume_requests({out, most});
    if (taken.overflow) std::abort();
    return taken.count;
  }

  void push_responses(const Response* responses, std::uint32_t count) {
    back_.put_responses({responses, count});
    back_notifies_ += back_.push_responses_and_check_notify() ? 1 : 0;
  }

  std::uint32_t take_responses(Response* out, std::uint32_t most) {
    const Taken taken = front_.consume_responses({out, most});
    if (taken.overflow) std::abort();
    return taken.count;
  }

 private:
  struct alignas(4096) Page {
    Page() { init_shared_ring(bytes); }
    std::byte bytes[4096];
  };

  Page page_;
  FrontRing<TxRing> front_{page_.bytes};
  std::uint64_t front_notifies_ = 0;
  BackRing<TxRing> back_ = BackRing<TxRing>::attach(page_.bytes).value();
  std::uint64_t back_notifies_ = 0;
};

struct Case {
  const char* peer;
  const char* job;
  const char* unit;
  std::uint32_t batch;
  std::function<Sample(std::uint64_t pairs, bool& correct)> run;
  double (*figure)(std::uint64_t pairs, std::int64_t elapsed_ns);
  std::uint64_t pairs = 0;
};

double million_per_second(std::uint64_t pairs, std::int64_t elapsed_ns) {
  return 1e3 * static_cast<double>(pairs) / static_cast<double>(elapsed_ns);
}

double ns_each(std::uint64_t pairs, std::int64_t elapsed_ns) {
  return static_cast<double>(elapsed_ns) / static_cast<double>(pairs);
}

template <class Peer>
void add_cases(std::vector<Case>& cases, const std::vector<std::uint32_t>& batches) {
  const bool two_cores = std::thread::hardware_concurrency() > 1;
  for (const std::uint32_t batch : batches) {
    if (two_cores)
      cases.push_back({Peer::kName, "pairs", "M pairs/s", batch,
                       [batch](auto pairs, bool& ok) { return run_pairs<Peer>(pairs, batch, kSlots, ok); },
                       million_per_second});
    cases.push_back({Peer::kName, "one thread", "ns/pair", batch,
                     [batch](auto pairs, bool& ok) { return run_solo<Peer>(pairs, batch, ok); }, ns_each});
  }
  if (two_cores)
    cases.push_back({Peer::kName, "round trip", "ns", 1,
                     [](auto pairs, bool& ok) { return run_pairs<Peer>(pairs, 1, 1, ok); }, ns_each});
}

struct Options {
  int rounds = 5;
  double sample_ms = 1;  // short, so that a scheduler's slice usually holds a whole sample
  std::vector<std::uint32_t> batches{1, 8, 32, 64};
};

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "rings_bench: %s\n", message.c_str());
  std::exit(2);
}

std::vector<std::uint32_t> parse_batches(const char* text) {
  std::vector<std::uint32_t> batches;
  for (char* end = nullptr;; text = end + 1) {
    const unsigned long batch = std::strtoul(text, &end, 10);
    if (end == text || batch < 1 || batch > kMostBatch) fail("--at: integers from 1 to 256, by commas");
    batches.push_back(static_cast<std::uint32_t>(batch));
    if (*end == '\0') return batches;
    if (*end != ',') fail("--at: integers from 1 to 256, by commas");
  }
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) fail(std::string(name) + " needs a value");
    const char* value = argv[i + 1];
    if (name == "--rounds")
      options.rounds = std::atoi(value);
    else if (name == "--ms")
      options.sample_ms = std::atof(value);
    else if (name == "--at")
      options.batches = parse_batches(value);
    else
      fail("unknown option " + std::string(name) + "; use --rounds N, --at 1,8,32,64, --ms M");
  }
  if (options.rounds < 1 || !(options.sample_ms > 0 && options.sample_ms <= 1000))
    fail("--rounds must be at least 1 and --ms from above 0 to 1000");
  return options;
}

void require(bool correct, const Case& c) {
  if (!correct) fail(std::string(c.peer) + ", " + c.job + ": what came out is not what went in");
}

// As many pairs as take about this long. Starts small: on a busy machine a single round trip can take milliseconds.
std::uint64_t sized(const Case& c, double wanted_ns) {
  constexpr std::uint64_t kFirstPairs = 512;
  for (std::uint64_t pairs = kFirstPairs;; pairs *= 2) {
    bool correct = true;
    const auto elapsed_ns = static_cast<double>(c.run(pairs, correct).elapsed_ns);
    require(correct, c);
    if (2 * elapsed_ns < wanted_ns) continue;
    return std::max(kFirstPairs, static_cast<std::uint64_t>(static_cast<double>(pairs) * wanted_ns / elapsed_ns));
  }
}

std::int64_t measure(const Case& c, std::uint64_t& repeats) {
  bool correct = true;
  const std::int64_t elapsed_ns = undisturbed_ns([&] { return c.run(c.pairs, correct); }, repeats);
  require(correct, c);
  return elapsed_ns;
}

int run(const Options& options) {
  std::vector<Case> cases;
  add_cases<RingbackRing>(cases, options.batches);
#ifdef HAVE_XEN_HEADERS
  add_cases<XenMacrosRing>(cases, options.batches);
#endif
  std::uint64_t repeats = 0;
  for (Case& c : cases) c.pairs = sized(c, options.sample_ms * 1e6);
  for (int round = 0; round < options.rounds; ++round) {
    for (const Case& c : cases) {
      const double value = c.figure(c.pairs, measure(c, repeats));
      std::printf(R"({"peer":"%s","job":"%s","unit":"%s","at":%u,"round":%d,"value":%.4f})"
                  "\n",
                  c.peer, c.job, c.unit, c.batch, round, value);
    }
  }
  std::printf(R"({"repeats":%llu})"
              "\n",
              static_cast<unsigned long long>(repeats));
  return 0;
}

}  // namespace
}  // namespace ringback::bench

int main(int argc, char** argv) { return ringback::bench::run(ringback::bench::parse(argc, argv)); }
