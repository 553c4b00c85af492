// The seeded fuzzer: needs no clang, gives the same operations for the same seed, and shrinks what fails.
//
//   fuzz_tests [--seed N] [--operations N]    first every file of corpus/ and found/, then random inputs
//   fuzz_tests --target back_end|front_end --file INPUT    one input, in this process
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/child.h"
#include "fuzz/hostile_back_end.h"
#include "fuzz/hostile_guest.h"
#include "fuzz/operations.h"

namespace ringback::fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

// With a sanitizer every read and write is looked at, and that is what the operations are for.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kDefaultOperations = 10'000'000;
#else
constexpr std::uint64_t kDefaultOperations = 1'000'000;
#endif
// From here on a run must have reached everything.
constexpr std::uint64_t kTellingOperations = 500'000;

const Target kBackEnd{"back_end", run_hostile_guest, kGuestKindNames};
const Target kFrontEnd{"front_end", run_hostile_back_end, kBackEndKindNames};

constexpr Fault kBackEndFaults[] = {Fault::kRingOverflow, Fault::kMissingExtra, Fault::kUnknownExtra,
                                    Fault::kMissingSlot,  Fault::kTooManySlots, Fault::kCrossesPage,
                                    Fault::kBadGso,       Fault::kBadAttach};
constexpr Fault kFrontEndFaults[] = {Fault::kMissingExtra, Fault::kUnknownExtra,     Fault::kMissingSlot,
                                     Fault::kTooManySlots, Fault::kCrossesPage,      Fault::kBadGso,
                                     Fault::kBadResponse,  Fault::kResponseOverflow, Fault::kGrantInUse};

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t operations = kDefaultOperations;
  std::string file;
  std::string target = kBackEnd.name;
};

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> inputs_of(const Target& target) {
  std::vector<std::filesystem::path> paths;
  for (const char* folder : {"corpus", "found"}) {
    const auto path = std::filesystem::path(FUZZ_DIR) / folder / target.name;
    if (!std::filesystem::is_directory(path)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path)) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

bool replay(const Target& target) {
  const auto paths = inputs_of(target);
  const auto run_all = [&](bool one_by_one) {
    for (const auto& path : paths)
      if (one_by_one && !survives(target, read_file(path), false)) std::printf("%s fails\n", path.c_str());
    return wait_for(start_child(
        [&] {
          Outcomes outcomes;
          for (const auto& path : paths) {
            watch_input();
            target.run(read_file(path), outcomes);
          }
        },
        one_by_one));
  };
  std::printf("%s: %zu inputs of the corpus\n", target.name, paths.size());
  return run_all(false) || run_all(true);
}

// The inputs of a target have seeds of their own, one after the other.
std::uint64_t first_seed(const Options& options) { return options.seed << 32; }

pid_t start(const Target& target, const Options& options, std::uint64_t operations, Progress& progress) {
  return start_child(
      [&target, &options, operations, &progress] {
        for (progress.seed = first_seed(options); progress.outcomes.operations < operations; ++progress.seed) {
          watch_input();
          target.run(random_input(progress.seed), progress.outcomes);
        }
      },
      false);
}

void report_failure(const Target& target, const Progress& progress) {
  const Bytes input = random_input(progress.seed);
  std::printf("%s: failed after %llu operations, at input seed %llu\n", target.name,
              static_cast<unsigned long long>(progress.outcomes.operations),
              static_cast<unsigned long long>(progress.seed));
  if (survives(target, input, true)) {
    std::printf("alone it does not fail: repeat the run with its seed\n");
    return;
  }
  const Bytes shorter = shrink(target, input);
  const std::string name = std::string("fuzz-") + target.name + "-" + std::to_string(progress.seed);
  std::ofstream(name, std::ios::binary)
      .write(reinterpret_cast<const char*>(shorter.data()), static_cast<std::streamsize>(shorter.size()));
  std::printf("%zu of %zu operations are enough: --target %s --file %s\n", shorter.size() / kOperationBytes,
              input.size() / kOperationBytes, target.name, name.c_str());
  static_cast<void>(survives(target, shorter, false));
}

void print(const Target& target, const Outcomes& outcomes) {
  std::printf("%s: %llu inputs, %llu operations\n ", target.name, static_cast<unsigned long long>(outcomes.lists),
              static_cast<unsigned long long>(outcomes.operations));
  const auto item = [](const char* name, std::uint64_t count) {
    if (count > 0) std::printf(" %s %llu,", name, static_cast<unsigned long long>(count));
  };
  for (std::size_t kind = 0; kind < target.kinds.size(); ++kind) item(target.kinds[kind], outcomes.kinds[kind]);
  std::printf("\n  faults:");
  for (std::size_t fault = 1; fault < kFaults; ++fault)
    item(fault_name(static_cast<Fault>(fault)), outcomes.faults[fault]);
  std::printf("\n  outcomes:");
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) item(kOutcomeNames[outcome], outcomes.counts[outcome]);
  std::printf("\n");
}

bool reached(bool condition, const char* what) {
  if (!condition) std::printf("not reached: %s\n", what);
  return condition;
}

bool reached_all(std::span<const Fault> faults, const Outcomes& outcomes) {
  bool all = true;
  for (const Fault fault : faults) all = reached(outcomes.of(fault) > 0, fault_name(fault)) && all;
  return all;
}

// What makes a back end's run worth its time: every fault, every fate of a frame, and much that gets through.
bool reached_enough_of_back_end(const Outcomes& o) {
  bool all = reached_all(kBackEndFaults, o);
  for (auto outcome = Outcome::kCopiesDone; outcome <= Outcome::kHonestFrames;
       outcome = static_cast<Outcome>(static_cast<int>(outcome) + 1))
    all = reached(o.of(outcome) > 0, kOutcomeNames[static_cast<std::size_t>(outcome)]) && all;
  const std::uint64_t sent = o.of(Outcome::kTxFrames);
  all = reached(sent > o.operations / 20 && sent > o.of(Outcome::kTxDropped), "a good share of frames sent") && all;
  all = reached(o.of(Outcome::kRxPlaced) > o.of(Outcome::kRxQueued) / 4, "a good share of frames received") && all;
  return all;
}

bool reached_enough_of_front_end(const Outcomes& o) {
  bool all = reached_all(kFrontEndFaults, o);
  for (auto outcome = Outcome::kFrontTransmitted; outcome < Outcome::kEnd;
       outcome = static_cast<Outcome>(static_cast<int>(outcome) + 1))
    all = reached(o.of(outcome) > 0, kOutcomeNames[static_cast<std::size_t>(outcome)]) && all;
  return reached(o.of(Outcome::kFrontReceived) > o.operations / 50, "a good share of frames received") && all;
}

int run_all(const Options& options) {
  bool okay = replay(kBackEnd) && replay(kFrontEnd);
  Progress& back = shared_progress();
  Progress& front = shared_progress();
  const pid_t back_child = start(kBackEnd, options, options.operations - options.operations / 2, back);
  const pid_t front_child = start(kFrontEnd, options, options.operations / 2, front);
  const bool back_okay = wait_for(back_child);
  const bool front_okay = wait_for(front_child);
  print(kBackEnd, back.outcomes);
  print(kFrontEnd, front.outcomes);
  if (!back_okay) report_failure(kBackEnd, back);
  if (!front_okay) report_failure(kFrontEnd, front);
  okay = okay && back_okay && front_okay;
  if (okay && options.operations >= kTellingOperations)
    okay = reached_enough_of_back_end(back.outcomes) && reached_enough_of_front_end(front.outcomes);
  std::printf("%llu operations, seed %llu: %s\n",
              static_cast<unsigned long long>(back.outcomes.operations + front.outcomes.operations),
              static_cast<unsigned long long>(options.seed), okay ? "passed" : "FAILED");
  return okay ? 0 : 1;
}

bool parse(std::span<char*> arguments, Options& options) {
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const std::string name = arguments[i];
    if (i + 1 == arguments.size()) return false;
    const char* value = arguments[i + 1];
    if (name == "--seed")
      options.seed = std::strtoull(value, nullptr, 10);
    else if (name == "--operations")
      options.operations = std::strtoull(value, nullptr, 10);
    else if (name == "--file")
      options.file = value;
    else if (name == "--target")
      options.target = value;
    else
      return false;
  }
  return options.target == kBackEnd.name || options.target == kFrontEnd.name;
}

}  // namespace
}  // namespace ringback::fuzz

int main(int argc, char** argv) {
  using namespace ringback::fuzz;
  Options options;
  if (!parse({argv, static_cast<std::size_t>(argc)}, options)) {
    std::fprintf(stderr, "usage: fuzz_tests [--seed N] [--operations N] [--target back_end|front_end --file INPUT]\n");
    return 2;
  }
  if (options.file.empty()) return run_all(options);
  const Target& target = options.target == kBackEnd.name ? kBackEnd : kFrontEnd;
  Outcomes outcomes;
  target.run(read_file(options.file), outcomes);
  print(target, outcomes);
  return 0;
}
