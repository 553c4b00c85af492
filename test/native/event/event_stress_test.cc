#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "event/event_channel.h"

using namespace ringback;

namespace {

// Counts deliveries; a receiver waits for the count to move.
struct CountingSink final : EventSink {
  void on_event(abi::domid_t, Port) override { deliveries.fetch_add(1); }
  std::atomic<std::uint64_t> deliveries{0};
};

constexpr std::uint64_t kMessages = 20'000;
constexpr abi::domid_t kReceiver = 1;
constexpr abi::domid_t kSender = 2;

struct Channel {
  Port remote = 0;
  Port local = 0;
  std::atomic<std::uint64_t> produced{0};
  std::atomic<std::uint64_t> consumed{0};
};

struct Conversation {
  Conversation() {
    REQUIRE(events.add_domain(kReceiver));
    REQUIRE(events.add_domain(kSender));
    for (Channel& channel : channels) {
      channel.local = events.alloc_unbound(kReceiver, kSender).port;
      channel.remote = events.bind_interdomain(kSender, kReceiver, channel.local).port;
    }
  }

  // Every event matters: no message follows before the last but two was seen.
  void send_all(Channel& channel) {
    for (std::uint64_t i = 1; i <= kMessages && !lost; ++i) {
      channel.produced.store(i, std::memory_order_relaxed);
      (void)events.send(kSender, channel.remote);
      while (channel.consumed + 2 <= i && !lost) std::this_thread::yield();
    }
  }

  // Waits for a delivery that was not answered yet.
  void wait(std::uint64_t& answered) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (sink.deliveries == answered && !lost) {
      std::this_thread::yield();
      if (std::chrono::steady_clock::now() > deadline) lost = true;
    }
    answered = sink.deliveries;
  }

  void receive_all() {
    std::uint64_t answered = 0;
    while (!lost && (channels[0].consumed < kMessages || channels[1].consumed < kMessages)) {
      wait(answered);
      std::array<Port, 4> taken;
      const std::size_t count = events.take_pending(kReceiver, taken);
      for (std::size_t i = 0; i < count; ++i) {
        Channel& channel = channels[taken[i] == channels[0].local ? 0 : 1];
        (void)events.mask(kReceiver, taken[i]);
        channel.consumed = channel.produced.load(std::memory_order_relaxed);
        (void)events.unmask(kReceiver, taken[i]);
      }
    }
  }

  CountingSink sink;
  EventChannels events{sink};
  std::array<Channel, 2> channels;
  std::atomic<bool> lost{false};
};

}  // namespace

// The receiver looks only when something was delivered: a lost event leaves both sides waiting.
TEST_CASE("stress: two senders and a receiver that masks lose no event") {
  Conversation conversation;
  std::vector<std::thread> senders;
  for (Channel& channel : conversation.channels) senders.emplace_back([&] { conversation.send_all(channel); });
  conversation.receive_all();
  for (std::thread& sender : senders) sender.join();
  CHECK_FALSE(conversation.lost);
  for (const Channel& channel : conversation.channels)
    CHECK(conversation.events.counters(kSender, channel.remote).sends == kMessages);
}

TEST_CASE("stress: sends while the other end is closed and bound again") {
  CountingSink sink;
  EventChannels events(sink);
  REQUIRE(events.add_domain(kReceiver));
  REQUIRE(events.add_domain(kSender));
  const Port remote = events.alloc_unbound(kSender, kReceiver).port;
  std::atomic<bool> done{false};
  std::thread sender([&] {
    while (!done) (void)events.send(kSender, remote);
  });
  for (int i = 0; i < 20'000; ++i) {
    const PortResult bound = events.bind_interdomain(kReceiver, kSender, remote);
    REQUIRE(bound.error == kEventOkay);
    REQUIRE(events.close(kReceiver, bound.port) == kEventOkay);
  }
  done = true;
  sender.join();
  CHECK(events.status(kSender, remote).state == PortState::kUnbound);
}

// Goes on until the two have met often, or much longer than they need when there is a core for each.
TEST_CASE("stress: neighbouring ports' bits do not disturb one another") {
  constexpr int kMeetings = 50'000;
  constexpr int kMostRounds = 5'000'000;
  PortTable table(64);
  std::atomic<std::uint64_t> wrong{0};
  std::array<std::atomic<int>, 2> rounds{};
  const auto run = [&](std::size_t self) {
    const Port port = static_cast<Port>(self + 1);
    std::uint64_t mine = 0;
    int meetings = 0;
    int seen = 0;
    for (int i = 0; i < kMostRounds && meetings < kMeetings; ++i) {
      mine += table.set_pending(port);
      mine += !table.is_pending(port);
      mine += !table.clear_pending(port);
      mine += table.is_pending(port);
      rounds[self].store(i, std::memory_order_relaxed);
      const int other = rounds[1 - self].load(std::memory_order_relaxed);
      meetings += other != seen;
      seen = other;
    }
    wrong += mine;
  };
  std::thread first(run, 0);
  std::thread second(run, 1);
  first.join();
  second.join();
  CHECK(wrong == 0);
}
