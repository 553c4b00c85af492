// The credit shaper beside netback's arithmetic: nanoseconds a packet that is admitted or refused. The clock is a
// number; each bucket of 500 Mb/s is offered 1 Gb/s in packets of 1500 bytes, and half of them must pass.
// "with reservations" is a vif's whole shaper: a cap of 900 Mb/s, a guarantee of 250 Mb/s and an equal share of the
// rest of an uplink that holds 500 Mb/s for each.
//
//   shaper_bench --rounds 5 --ms 1 --at 1,256     at: buckets, which are asked in turn
#include <vector>

#include "netback_credit.h"
#include "options.h"
#include "program.h"
#include "shaping/credit_shaper.h"
#include "shaping/vif_shaper.h"

namespace ringback::bench {
namespace {

constexpr std::uint32_t kPacketBytes = 1500;
constexpr std::uint64_t kGapNs = 12'000;           // of one bucket's packets: 1 Gb/s
constexpr std::uint64_t kWindowNs = 48'000'000;    // 4000 packets are offered
constexpr std::uint64_t kWindowBytes = 3'000'000;  // 2000 pass
constexpr std::uint64_t kWindowPackets = kWindowNs / kGapNs;

class RingbackCredit {
 public:
  static constexpr const char* kName = "ringback";

  RingbackCredit(std::uint64_t bytes, std::uint64_t window_ns) : shaper_({bytes, window_ns}) {}

  // As a back end does: while a packet waits for the timer, the shaper is not asked.
  [[nodiscard]] bool admit(std::uint64_t now_ns, std::uint32_t size_bytes) {
    if (shaper_.blocked()) {
      if (now_ns < shaper_.timer_ns()) return false;
      shaper_.on_timer();
    }
    return shaper_.admit(now_ns, size_bytes);
  }

 private:
  CreditShaper shaper_;
};

// Returns how many packets pass. A function of its own, so that the compiler treats each peer's alike.
template <class Bucket>
[[gnu::noinline]] std::uint64_t offer(std::vector<Bucket>& buckets, std::uint64_t packets) {
  std::uint64_t passed = 0;
  for (std::uint64_t now_ns = 0; packets > 0; now_ns += kGapNs)
    for (std::size_t i = 0; i < buckets.size(); ++i, --packets)
      passed += buckets[i].admit(now_ns, kPacketBytes) ? 1 : 0;
  return passed;
}

constexpr std::uint64_t kShareBps = 500'000'000;

// The vifs of one uplink, driven as a world's timers would.
class ReservedUplink {
 public:
  static constexpr const char* kName = "ringback, with reservations";

  explicit ReservedUplink(std::uint32_t count)
      : reserve_({.rate_bps = kShareBps * count, .horizon_ns = 1'000'000, .burst_ns = 1'000'000}) {
    for (std::uint32_t i = 0; i < count; ++i)
      vifs_.emplace_back(CreditShaper({9 * kWindowBytes / 5, kWindowNs}),
                         ReservePlace{&reserve_, reserve_.add({.min_bps = kShareBps / 2})});
  }

  void at(std::uint64_t now_ns) {
    if (reserve_.grant_ns() > now_ns) return;
    reserve_.grant(now_ns, [this](std::uint32_t member) { vifs_[member].resume(); });
  }

  [[nodiscard]] bool admit(std::size_t index, std::uint64_t now_ns) {
    VifShaper& vif = vifs_[index];
    if (vif.waits()) {
      if (vif.credit().timer_ns() <= now_ns)
        vif.credit().on_timer();
      else if (vif.guarantee_ns() <= now_ns)
        vif.resume();
      else
        return false;
    }
    return vif.admit(now_ns, kPacketBytes);
  }

 private:
  ReserveShaper reserve_;
  std::vector<VifShaper> vifs_;
};

[[gnu::noinline]] std::uint64_t offer_reserved(ReservedUplink& uplink, std::uint32_t count, std::uint64_t packets) {
  std::uint64_t passed = 0;
  for (std::uint64_t now_ns = 0; packets > 0; now_ns += kGapNs) {
    uplink.at(now_ns);
    for (std::size_t i = 0; i < count; ++i, --packets) passed += uplink.admit(i, now_ns) ? 1 : 0;
  }
  return passed;
}

void add_reserved(std::vector<Case>& cases, std::uint32_t count) {
  const auto run = [count](std::uint64_t packets, bool& correct) {
    ReservedUplink uplink(count);
    std::uint64_t passed = 0;
    const Sample sample = run_one([&] { passed = offer_reserved(uplink, count, packets); });
    const std::uint64_t ahead = 200 * std::uint64_t{count};  // a horizon and a burst, which pass at once
    correct = correct && passed * 2 + ahead > packets && passed * 2 < packets + ahead;
    return sample;
  };
  cases.push_back({ReservedUplink::kName, "admit", "ns", count, run, ns_each, count * kWindowPackets});
}

template <class Bucket>
void add(std::vector<Case>& cases, std::uint32_t count) {
  const auto run = [count](std::uint64_t packets, bool& correct) {
    std::vector<Bucket> buckets(count, Bucket(kWindowBytes, kWindowNs));
    std::uint64_t passed = 0;
    const Sample sample = run_one([&] { passed = offer(buckets, packets); });
    correct = correct && passed * 2 == packets;
    return sample;
  };
  cases.push_back({Bucket::kName, "admit", "ns", count, run, ns_each, count * kWindowPackets});
}

}  // namespace
}  // namespace ringback::bench

int main(int argc, char** argv) {
  using namespace ringback::bench;
  const Options options = parse(argc, argv, {"buckets", {1, 256}, 65536});
  std::vector<Case> cases;
  for (const std::uint32_t buckets : options.at) {
    add<RingbackCredit>(cases, buckets);
    add<WindowCredit>(cases, buckets);
    add<TimerCredit>(cases, buckets);
    add_reserved(cases, buckets);
  }
  return run_program(std::move(cases), options);
}
