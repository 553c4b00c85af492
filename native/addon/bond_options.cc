#include "addon/bond_options.h"

#include <array>
#include <utility>

#include "addon/source_options.h"

namespace ringback::addon {
namespace {

// In the order of the enumerations.
constexpr std::array kModes = {"balance-rr",  "active-backup", "balance-xor",  "broadcast",      "802.3ad",
                               "balance-tlb", "balance-alb",   "balance-edpf", "balance-flowlet"};
constexpr std::array kPolicies = {"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"};
constexpr std::array kReselects = {"always", "better", "failure"};
constexpr std::array kLacpRates = {"slow", "fast"};
constexpr std::array kSelections = {"stable", "bandwidth", "count"};
constexpr std::array kActivities = {"off", "passive", "active"};

constexpr std::uint32_t kMostPackets = 65535;  // Linux's bound of packets_per_slave
constexpr std::uint32_t kMostNotices = 255;    // and of num_grat_arp
constexpr TimeNs kLongestDelayNs = INT32_MAX * TimeNs{1'000'000};

// Delays that the link monitor can count.
TimeNs to_delay(const Fields& bond, const char* key, TimeNs miimon_ns) {
  const TimeNs delay_ns = bond.integer(key, 0, kLongestDelayNs);
  if (miimon_ns == 0 ? delay_ns != 0 : delay_ns % miimon_ns != 0)
    throw bond.error(key, "must be a multiple of miimonNs");
  return delay_ns;
}

LacpPartner to_partner(const Fields& partner, std::size_t nics) {
  LacpPartner to{.activity = static_cast<LacpActivity>(partner.choice("lacp", kActivities)),
                 .rate = static_cast<LacpRate>(partner.choice("lacpRate", kLacpRates)),
                 .switches = partner.integers32("switches", Bond::kMaxNics)};
  if (!to.switches.empty() && to.switches.size() != nics)
    throw partner.error("switches", "must have an element for each of the bond's NICs, or none");
  return to;
}

}  // namespace

std::vector<std::uint32_t> Unclaimed::take(const Fields& from, const char* key, std::uint32_t most) {
  std::vector<std::uint32_t> taken = from.integers32(key, most);
  for (const std::uint32_t index : taken) {
    if (index >= is_claimed_.size() || is_claimed_[index])
      throw from.error(key, "must name what exists and is nowhere else yet");
    is_claimed_[index] = true;
  }
  return taken;
}

BondOptions to_bond(const Fields& bond, Unclaimed& nics, std::uint64_t seed) {
  BondOptions options{
      .config = {}, .nics = nics.take(bond, "nics", Bond::kMaxNics), .is_watched = bond.boolean("isWatched")};
  if (options.nics.empty()) throw bond.error("nics", "must have at least one element");
  BondConfig& config = options.config;
  config.mode = static_cast<BondMode>(bond.choice("mode", kModes));
  config.xmit_hash_policy = static_cast<XmitHashPolicy>(bond.choice("xmitHashPolicy", kPolicies));
  config.miimon_ns = bond.integer("miimonNs", 0, kLongestDelayNs);
  config.updelay_ns = to_delay(bond, "updelayNs", config.miimon_ns);
  config.downdelay_ns = to_delay(bond, "downdelayNs", config.miimon_ns);
  config.primary = bond.optional_index("primary", options.nics.size()).value_or(BondConfig::kNoNic);
  config.primary_reselect = static_cast<PrimaryReselect>(bond.choice("primaryReselect", kReselects));
  config.packets_per_nic = bond.integer32("packetsPerNic", 0, kMostPackets);
  config.min_links = bond.integer32("minLinks", 0, UINT32_MAX);
  config.lacp_rate = static_cast<LacpRate>(bond.choice("lacpRate", kLacpRates));
  config.lacp_active = bond.boolean("lacpActive");
  config.ad_select = static_cast<AdSelect>(bond.choice("adSelect", kSelections));
  config.tlb_dynamic_lb = bond.boolean("tlbDynamicLb");
  config.num_grat_arp = bond.integer32("numGratArp", 0, kMostNotices);
  config.lp_interval_ns = bond.integer("lpIntervalNs", 1, kLongestDelayNs);
  config.all_nics_active = bond.boolean("allNicsActive");
  config.partner = to_partner(bond.fields("partner"), options.nics.size());
  config.seed = seed;
  if (needs_link_monitor(config.mode) && config.miimon_ns == 0)
    throw bond.error("miimonNs", "must be at least 1 in this mode");
  return options;
}

Napi::Array to_member_states(Napi::Env env, const Bond& bond) {
  Napi::Array states = Napi::Array::New(env, bond.members());
  for (std::uint32_t member = 0; member < bond.members(); ++member) {
    const MemberState state = bond.member(member);
    Napi::Object to = Napi::Object::New(env);
    to.Set("link", name_of(state.link));
    to.Set("active", Napi::Boolean::New(env, state.is_active));
    to.Set("linkFailures", Napi::Number::New(env, state.link_failures));
    to.Set("aggregator", Napi::Number::New(env, state.aggregator));
    to.Set("lacp", name_of(state.mux));
    states.Set(member, to);
  }
  return states;
}

}  // namespace ringback::addon
