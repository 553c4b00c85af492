// What a bond is set to, in Linux's vocabulary: a slave is a NIC here.
#pragma once
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "net/packet_header.h"
#include "net/xmit_hash.h"

namespace ringback {

// The first seven are Linux's, with its numbers.
enum class BondMode : std::uint8_t {
  kBalanceRr,       // frames in turns
  kActiveBackup,    // one NIC at a time
  kBalanceXor,      // by the frame's hash
  kBroadcast,       // on every NIC
  k8023ad,          // by the frame's hash, over the NICs on which LACP has agreed
  kBalanceTlb,      // hash buckets on the least loaded NIC
  kBalanceAlb,      // the same by destination, and clients are told which NIC to send to
  kBalanceEdpf,     // earliest delivery path first: the NIC on which the frame arrives first
  kBalanceFlowlet,  // the same, but in the order of its flow as far as TCP minds (flowlets.h)
};

// Linux does not let them do without the link monitor. Source: Linux bond_main.c bond_check_params
[[nodiscard]] constexpr bool needs_link_monitor(BondMode mode) noexcept {
  return mode == BondMode::k8023ad || mode == BondMode::kBalanceTlb || mode == BondMode::kBalanceAlb;
}

// When the primary takes over from an active NIC that is up.
enum class PrimaryReselect : std::uint8_t {
  kAlways,   // whenever it is up
  kBetter,   // when it is faster
  kFailure,  // only when the active one has failed
};

enum class LacpRate : std::uint8_t {
  kSlow,  // asks its partner for a LACPDU each 30 s, and gives it up after 90 s
  kFast,  // each second, 3 s
};

enum class LacpActivity : std::uint8_t {
  kOff,      // does not know LACP
  kPassive,  // answers
  kActive,   // begins
};

// Which aggregator carries.
enum class AdSelect : std::uint8_t {
  kStable,     // the one that does, until it cannot
  kBandwidth,  // the fastest
  kCount,      // the one with the most NICs
};

// What is at the other end of an 802.3ad bond's wires.
struct LacpPartner {
  LacpActivity activity = LacpActivity::kActive;
  LacpRate rate = LacpRate::kSlow;
  std::vector<std::uint32_t> switches{};  // by member: which switch it is plugged into; empty: all into one
};

// Units: delays and intervals in nanoseconds.
struct BondConfig {
  static constexpr std::uint32_t kNoNic = ~std::uint32_t{0};

  BondMode mode = BondMode::kBalanceRr;
  XmitHashPolicy xmit_hash_policy = XmitHashPolicy::kLayer2;
  TimeNs miimon_ns = 0;     // how often links are looked at; 0: never. 802.3ad, tlb and alb: above 0, as Linux insists
  TimeNs updelay_ns = 0;    // a link must have been back for so long; a whole multiple of miimon_ns
  TimeNs downdelay_ns = 0;  // and gone; the same
  std::uint32_t primary = kNoNic;  // a member; active-backup, tlb and alb only
  PrimaryReselect primary_reselect = PrimaryReselect::kAlways;
  std::uint32_t packets_per_nic = 1;  // rr: in a row on one NIC, 0 .. 65535; 0: each frame on a random one
  std::uint32_t min_links = 0;        // 802.3ad: with fewer NICs in the active aggregator the bond has no carrier
  LacpRate lacp_rate = LacpRate::kSlow;
  bool lacp_active = true;
  AdSelect ad_select = AdSelect::kStable;
  LacpPartner partner{};
  bool tlb_dynamic_lb = true;            // tlb, alb: by load; false: by the frame's hash
  std::uint32_t num_grat_arp = 1;        // active-backup: gratuitous ARPs after a failover, 0 .. 255
  TimeNs lp_interval_ns = kNsPerSecond;  // tlb, alb: between learning frames; a whole multiple of 100 ms, above 0
  bool all_nics_active = false;          // frames that come in on inactive NICs are taken too
  std::vector<MacAddress> nic_macs{};    // by member; the bond's is the first; empty: mac_of_nic(member)
  std::uint64_t seed = 0;                // rr with packets_per_nic 0
};

}  // namespace ringback
