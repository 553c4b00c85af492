// What a bond's decision costs: nanoseconds a frame, beside one NIC without a bond. Frames are TCP over IPv4, of eight
// guests with 64 flows each, the headers of 1024 of them in a row.
//
//   decide            choose() alone, over NICs that have a frame each on the wire, all the time
//   decide and queue  frames come as fast as one wire takes them: NICs are collected, the chosen one takes the frame
//
//   bond_bench --rounds 5 --ms 1 --at 2,8     at: NICs of 1 Gb/s
#include <array>
#include <memory>
#include <vector>

#include "net/bond/bond.h"
#include "net/nic.h"
#include "net/packet_header.h"
#include "options.h"
#include "program.h"

namespace ringback::bench {
namespace {

constexpr std::uint32_t kGuests = 8;
constexpr std::uint32_t kFlows = 64;  // of each guest
constexpr std::size_t kHeaders = 1024;
constexpr std::uint32_t kFrameBytes = 1514;
constexpr std::uint32_t kOverheadBytes = 24;
constexpr std::uint64_t kRateBps = 1'000'000'000;
constexpr TimeNs kFrameNs = (kFrameBytes + kOverheadBytes) * 8;
constexpr std::uint32_t kMostNics = Bond::kMaxNics;

struct Headers {
  Headers() {
    for (std::uint32_t i = 0; i < kHeaders; ++i)
      all[i] = make_header({.from = {i / kFlows % kGuests},
                            .to = {},
                            .flow = i % kFlows,
                            .protocol = Protocol::kTcp,
                            .size_bytes = kFrameBytes});
  }
  [[nodiscard]] std::span<const std::byte> at(std::uint64_t i) const { return all[i % kHeaders].span(); }

  std::array<FlowHeader, kHeaders> all;
};

struct Mode {
  const char* peer;
  BondMode mode;
  XmitHashPolicy policy = XmitHashPolicy::kLayer2;
  bool spreads = true;  // frames go to more than one NIC, also while nothing moves in them
};

constexpr std::array kModes = {
    Mode{"ringback balance-rr", BondMode::kBalanceRr},
    Mode{"ringback active-backup", BondMode::kActiveBackup, XmitHashPolicy::kLayer2, false},
    Mode{"ringback balance-xor, layer2", BondMode::kBalanceXor},
    Mode{"ringback balance-xor, layer3+4", BondMode::kBalanceXor, XmitHashPolicy::kLayer34},
    Mode{"ringback balance-tlb", BondMode::kBalanceTlb},
    Mode{"ringback balance-edpf", BondMode::kBalanceEdpf, XmitHashPolicy::kLayer2, false},
    Mode{"ringback balance-flowlet", BondMode::kBalanceFlowlet, XmitHashPolicy::kLayer2, false},
};

// The NICs of a host, and perhaps a bond over them.
class Host {
 public:
  explicit Host(std::uint32_t nics) {
    for (std::uint32_t i = 0; i < nics; ++i)
      nics_.push_back(std::make_unique<Nic>(NicConfig{
          .rate_bps = kRateBps, .queue_bytes = 512'000, .propagation_ns = 1000, .overhead_bytes = kOverheadBytes}));
  }
  Host(std::uint32_t nics, const Mode& mode) : Host(nics) {
    std::vector<const Nic*> members;
    for (const auto& nic : nics_) members.push_back(nic.get());
    BondConfig config{.mode = mode.mode, .xmit_hash_policy = mode.policy, .miimon_ns = 100'000'000};
    bond_ = std::make_unique<Bond>(config, std::move(members));
  }

  [[nodiscard]] Bond& bond() { return *bond_; }

  void collect(TimeNs now) {
    for (const auto& nic : nics_) nic->collect(now, [](TimeNs, const WireFrame&) {});
  }
  [[nodiscard]] bool queue(TimeNs now, std::uint32_t nic) {
    WireFrame frame;
    frame.frame.size_bytes = kFrameBytes;
    return nics_[nic]->offer(now, frame);
  }

 private:
  std::vector<std::unique_ptr<Nic>> nics_;
  std::unique_ptr<Bond> bond_;
};

// Where a frame of a host without a bond goes: its header is looked at too.
struct NoBond {
  std::uint32_t operator()(TimeNs, std::span<const std::byte> header, std::uint32_t) const noexcept {
    return std::to_integer<std::uint32_t>(header[12]) >> 7;  // 0: IPv4's type is 0x0800
  }
};
struct WithBond {
  Bond& bond;
  std::uint32_t operator()(TimeNs now, std::span<const std::byte> header, std::uint32_t size_bytes) const noexcept {
    return bond.choose(now, header, size_bytes);
  }
};

// Functions of their own, so that the compiler treats each peer's loop alike.
// The sum of the NICs' numbers is what comes out: counting frames by NIC would take as long as choosing.
template <class Choose>
[[gnu::noinline]] std::uint64_t decide(const Choose& choose, const Headers& headers, std::uint64_t frames) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < frames; ++i) sum += choose(1, headers.at(i), kFrameBytes);
  return sum;
}

// How many frames the NICs took.
template <class Choose>
[[gnu::noinline]] std::uint64_t decide_and_queue(const Choose& choose, Host& host, const Headers& headers,
                                                 std::uint64_t frames) {
  std::uint64_t taken = 0;
  TimeNs now = 0;
  for (std::uint64_t i = 0; i < frames; ++i, now += kFrameNs) {
    host.collect(now);
    taken += host.queue(now, choose(now, headers.at(i), kFrameBytes)) ? 1 : 0;
  }
  return taken;
}

const Headers& headers() {
  static const Headers all;
  return all;
}

void add(std::vector<Case>& cases, std::uint32_t nics, const Mode& mode) {
  const auto run = [nics, &mode](std::uint64_t frames, bool& correct) {
    Host host(nics, mode);
    for (std::uint32_t nic = 0; nic < nics; ++nic) correct = host.queue(0, nic) && correct;
    std::uint64_t sum = 0;
    const Sample sample = run_one([&] { sum = decide(WithBond{host.bond()}, headers(), frames); });
    const bool spreads = sum > 0 && sum < frames * std::uint64_t{nics - 1};
    correct = correct && spreads == (mode.spreads && nics > 1);
    return sample;
  };
  cases.push_back({mode.peer, "decide", "ns", nics, run, ns_each});
  const auto run_all = [nics, &mode](std::uint64_t frames, bool& correct) {
    Host host(nics, mode);
    std::uint64_t taken = 0;
    const Sample sample = run_one([&] { taken = decide_and_queue(WithBond{host.bond()}, host, headers(), frames); });
    correct = correct && taken == frames;
    return sample;
  };
  cases.push_back({mode.peer, "decide and queue", "ns", nics, run_all, ns_each});
}

void add_without_bond(std::vector<Case>& cases, std::uint32_t nics) {
  constexpr const char* kName = "one NIC, no bond";
  const auto run = [](std::uint64_t frames, bool& correct) {
    std::uint64_t sum = 0;
    const Sample sample = run_one([&] { sum = decide(NoBond{}, headers(), frames); });
    correct = correct && sum == 0;
    return sample;
  };
  cases.push_back({kName, "decide", "ns", nics, run, ns_each});
  const auto run_all = [](std::uint64_t frames, bool& correct) {
    Host host(1);
    std::uint64_t taken = 0;
    const Sample sample = run_one([&] { taken = decide_and_queue(NoBond{}, host, headers(), frames); });
    correct = correct && taken == frames;
    return sample;
  };
  cases.push_back({kName, "decide and queue", "ns", nics, run_all, ns_each});
}

}  // namespace
}  // namespace ringback::bench

int main(int argc, char** argv) {
  using namespace ringback::bench;
  const Options options = parse(argc, argv, {"NICs", {2, 8}, kMostNics});
  std::vector<Case> cases;
  for (const std::uint32_t nics : options.at) {
    add_without_bond(cases, nics);
    for (const Mode& mode : kModes) add(cases, nics, mode);
  }
  return run_program(std::move(cases), options);
}
