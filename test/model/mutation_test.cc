// Takes out or weakens one ordering of the protocol at a time: the explorer must say what goes wrong.
#include <doctest/doctest.h>

#include "model/explorer.h"
#include "model/ring_threads.h"

using namespace ringback;
using namespace ringback::model;

namespace {

using Change = Mutation::Change;

constexpr auto kPushRequests = "push_requests_and_check_notify";
constexpr auto kPushResponses = "push_responses_and_check_notify";
constexpr auto kTakeRequests = "consume_requests";
constexpr auto kTakeResponses = "consume_responses";
constexpr auto kLookForRequests = "final_check_for_requests";
constexpr auto kLookForResponses = "final_check_for_responses";

template <std::uint32_t kSlots>
Result explore(const Traffic& traffic, std::span<const Mutation> mutations) {
  RingWorld<kSlots> world(0xffff'fffe);
  Explorer explorer(world.shared, ring_threads(world, traffic), mutations);
  return explorer.explore();
}

struct Case {
  const char* name;
  Mutation mutation;
  const char* verdicts;
};

constexpr auto kRaces = "stale slot, overwritten slot";

const Case kCases[] = {
    // The producers' release stores, and their place before the event is looked at.
    {"req_prod is stored without release", {kPushRequests, Kind::kStore, kReqProd, 0, Change::kRelax}, kRaces},
    {"rsp_prod is stored without release", {kPushResponses, Kind::kStore, kRspProd, 0, Change::kRelax}, kRaces},
    {"req_event is loaded before req_prod is stored",
     {kPushRequests, Kind::kStore, kReqProd, 0, Change::kDefer},
     "lost wake-up"},
    {"rsp_event is loaded before rsp_prod is stored",
     {kPushResponses, Kind::kStore, kRspProd, 0, Change::kDefer},
     "lost wake-up"},

    // The consumers' acquire loads. The back end's final check keeps what it saw, and slots are read after it.
    {"attach loads req_prod without acquire", {"attach", Kind::kLoad, kReqProd, 0, Change::kRelax}, kRaces},
    {"requests are taken without acquire", {kTakeRequests, Kind::kLoad, kReqProd, 0, Change::kRelax}, kRaces},
    {"responses are taken without acquire", {kTakeResponses, Kind::kLoad, kRspProd, 0, Change::kRelax}, kRaces},
    {"the first look for requests has no acquire",
     {kLookForRequests, Kind::kLoad, kReqProd, 0, Change::kRelax},
     kRaces},
    {"the last look for requests has no acquire", {kLookForRequests, Kind::kLoad, kReqProd, 1, Change::kRelax}, kRaces},

    // The full fences.
    {"no fence after req_prod is stored", {kPushRequests, Kind::kFence, 0, 0, Change::kRemove}, "lost wake-up"},
    {"no fence after rsp_prod is stored", {kPushResponses, Kind::kFence, 0, 0, Change::kRemove}, "lost wake-up"},
    {"no fence after req_event is stored", {kLookForRequests, Kind::kFence, 0, 0, Change::kRemove}, "lost wake-up"},
    {"no fence after rsp_event is stored", {kLookForResponses, Kind::kFence, 0, 0, Change::kRemove}, "lost wake-up"},
    {"an acq_rel fence after req_prod is stored", {kPushRequests, Kind::kFence, 0, 0, Change::kWeaken}, "lost wake-up"},
    {"an acq_rel fence after rsp_prod is stored",
     {kPushResponses, Kind::kFence, 0, 0, Change::kWeaken},
     "lost wake-up"},
    {"an acq_rel fence after req_event is stored",
     {kLookForRequests, Kind::kFence, 0, 0, Change::kWeaken},
     "lost wake-up"},
    {"an acq_rel fence after rsp_event is stored",
     {kLookForResponses, Kind::kFence, 0, 0, Change::kWeaken},
     "lost wake-up"},

    // The event is stored before the last look, and there is a last look.
    {"req_event is not stored", {kLookForRequests, Kind::kStore, kReqEvent, 0, Change::kRemove}, "lost wake-up"},
    {"rsp_event is not stored", {kLookForResponses, Kind::kStore, kRspEvent, 0, Change::kRemove}, "lost wake-up"},
    {"req_event is stored after the last look",
     {kLookForRequests, Kind::kStore, kReqEvent, 0, Change::kDefer},
     "lost wake-up"},
    {"rsp_event is stored after the last look",
     {kLookForResponses, Kind::kStore, kRspEvent, 0, Change::kDefer},
     "lost wake-up"},
    {"no last look for requests", {kLookForRequests, Kind::kLoad, kReqProd, 1, Change::kRemove}, "lost wake-up"},
    {"no last look for responses", {kLookForResponses, Kind::kLoad, kRspProd, 1, Change::kRemove}, "lost wake-up"},
};

// Orderings that the protocol has twice. Whoever takes away the other one finds these here.
//
// The front end's final check keeps nothing of what it saw: consume_responses() loads rsp_prod again, with acquire,
// before it reads a slot. The acquire stays for users who trust has_unconsumed_responses() and for symmetry.
//
// Sending and clearing an event need no order of their own: a full fence lies between storing a producer and sending,
// and another one between clearing and the last look.
const Mutation kSpare[] = {
    {kLookForResponses, Kind::kLoad, kRspProd, 0, Change::kRelax},
    {kLookForResponses, Kind::kLoad, kRspProd, 1, Change::kRelax},
    {"notify", Kind::kExchange, kFrontPending, 0, Change::kRelax},
    {"notify", Kind::kExchange, kBackPending, 0, Change::kRelax},
    {"sleep", Kind::kAwait, kFrontPending, 0, Change::kRelax},
    {"sleep", Kind::kAwait, kBackPending, 0, Change::kRelax},
};

}  // namespace

// One slot that is used three times: no batch hides that a slot is used again.
TEST_CASE("taking out any one ordering is caught") {
  for (const Case& c : kCases) {
    SUBCASE(c.name) {
      const Result result = explore<1>({3}, std::span(&c.mutation, 1));
      INFO(result.traces());
      CHECK(result.mutated);
      CHECK(result.verdicts() == c.verdicts);
    }
  }
}

TEST_CASE("an event that is cleared after looking is lost") {
  SUBCASE("by the front end") { CHECK(explore<1>({3, true, false}, {}).verdicts() == "lost wake-up"); }
  SUBCASE("by the back end") { CHECK(explore<1>({3, false, true}, {}).verdicts() == "lost wake-up"); }
}

TEST_CASE("orderings that are there twice can be spared, all at once") {
  const Result result = explore<2>({3}, kSpare);
  INFO(result.traces());
  CHECK(result.mutated);
  CHECK(result.verdicts() == "none");
}

TEST_CASE("a mutation of what the rings never do is not taken for one that is harmless") {
  const Mutation never{kTakeResponses, Kind::kLoad, kRspEvent, 0, Change::kRelax};
  const Result result = explore<1>({1}, std::span(&never, 1));
  CHECK(!result.mutated);
  CHECK(result.verdicts() == "none");
}

TEST_CASE("a counterexample tells who did what, and which stores were not seen") {
  const Mutation mutation{kPushRequests, Kind::kFence, 0, 0, Change::kRemove};
  const Result result = explore<1>({2}, std::span(&mutation, 1));
  const std::string trace = result.traces();
  INFO(trace);
  const auto tells = [&trace](const char* line) { return trace.find(line) != std::string::npos; };
  CHECK(trace.starts_with("lost wake-up: all sleep, with work left for front\n"));
  CHECK(tells("\n  front  put_request: write slot 0\n"));
  CHECK(tells("\n  front  push_requests_and_check_notify: load_relaxed req_event -> start+1\n"));
  CHECK(tells("\n  back   notify: exchange_acq_rel front's pending bit = 1 -> 0\n"));
  CHECK(trace.ends_with(
      "  back   final_check_for_requests: fence_seq_cst\n"
      "  back   final_check_for_requests: load_acquire req_prod -> start+1  (old: start+2 is there)\n"));
}
