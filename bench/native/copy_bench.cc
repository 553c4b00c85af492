// Grant copy beside memcpy of the same bytes: the difference is what checks, pins and statuses cost.
//
//   copy_bench --rounds 5 --ms 1 --at 64,1500,4096     at: bytes a copy
#include <memory>
#include <vector>

#include "copy_world.h"
#include "options.h"
#include "program.h"

namespace ringback::bench {
namespace {

// Pages of each domain, and how many of them are copied: what both domains' first caches hold, or more than a second
// cache holds, scattered over more than its translations reach.
constexpr std::uint32_t kHotPages = (16 << 10) / kPageBytes;
constexpr std::uint32_t kColdPages = (64 << 20) / kPageBytes;
constexpr std::uint32_t kColdUsed = kColdPages / 4;

using World = std::shared_ptr<CopyWorld>;

struct Grants {
  Way way;
  Payload payload = Payload::kCopy;
  Sharing sharing = Sharing::kOneThread;
};

Case grants(const char* job, World world, std::uint32_t bytes, Grants how) {
  const auto size = static_cast<std::uint16_t>(bytes);
  const auto run = [=](std::uint64_t count, bool& correct) {
    world->spoil(how.way, size);
    std::uint64_t okay = 0;
    const Sample sample = run_one([&] { okay = world->grant_copies(count, how.way, size, how.payload, how.sharing); });
    correct = correct && okay == count;
    if (how.payload == Payload::kCopy) correct = world->are_copied(how.way, size) && correct;
    return sample;
  };
  const char* const peer = how.sharing == Sharing::kOneThread ? "ringback" : "ringback, guest on another thread";
  return {peer, job, "ns", bytes, run, ns_each, world->round()};
}

Case plain(const char* job, World world, Way way, std::uint32_t bytes) {
  const auto size = static_cast<std::uint16_t>(bytes);
  const auto run = [=](std::uint64_t count, bool& correct) {
    world->spoil(way, size);
    const Sample sample = run_one([&] { world->plain_copies(count, way, size); });
    correct = world->are_copied(way, size) && correct;
    return sample;
  };
  return {"memcpy", job, "ns", bytes, run, ns_each, world->round()};
}

struct Place {
  World world;
  const char* from_guest;
  const char* to_guest;
  const char* no_payload;
};

void add_size(std::vector<Case>& cases, const Place& place, std::uint32_t bytes) {
  cases.push_back(grants(place.from_guest, place.world, bytes, {Way::kFromGuest}));
  cases.push_back(plain(place.from_guest, place.world, Way::kFromGuest, bytes));
  cases.push_back(grants(place.from_guest, place.world, bytes,
                         {.way = Way::kFromGuest, .sharing = Sharing::kManyThreads}));  // two locked instructions more
  cases.push_back(grants(place.to_guest, place.world, bytes, {Way::kToGuest}));
  cases.push_back(plain(place.to_guest, place.world, Way::kToGuest, bytes));
  cases.push_back(grants(place.no_payload, place.world, bytes, {Way::kFromGuest, Payload::kNone}));
}

std::vector<Case> all_cases(const Options& options) {
  const Place hot{std::make_shared<CopyWorld>(kHotPages, kHotPages), "copy, hot", "copy to a guest, hot",
                  "no payload, hot"};
  const Place cold{std::make_shared<CopyWorld>(kColdPages, kColdUsed), "copy, beyond L2", "copy to a guest, beyond L2",
                   "no payload, beyond L2"};
  std::vector<Case> cases;
  for (const std::uint32_t bytes : options.at) {
    add_size(cases, hot, bytes);
    add_size(cases, cold, bytes);
  }
  return cases;
}

}  // namespace
}  // namespace ringback::bench

int main(int argc, char** argv) {
  using namespace ringback::bench;
  const Options options = parse(argc, argv, {"bytes a copy", {64, 1500, 4096}, ringback::kPageBytes});
  return run_program(all_cases(options), options);
}
