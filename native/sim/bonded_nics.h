// A bond in a simulated world: its NICs, and what is counted about it.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "net/bond/bond.h"
#include "net/bond/flow_order.h"
#include "sim/account.h"

namespace ringback {

struct BondOptions {
  BondConfig config;
  std::vector<std::uint32_t> nics;  // at least one, each once
  bool is_watched = false;          // World::run() ends when it carries other than before
};

// Counters of a bond, in this order. All but the last three are cumulative.
inline constexpr std::array kBondCounterNames = {
    "sentPackets",       // what its NICs have sent, its own frames included
    "sentBytes",         //
    "droppedPackets",    // no NIC could take it
    "droppedBytes",      //
    "inactivePackets",   // came in on a NIC on which the bond does not listen
    "inactiveBytes",     //
    "reorderedPackets",  // will arrive before an earlier frame of their flow
    "failovers",         //
    "ownFrames",         // gratuitous ARP, learning frames
    "capacityBps",       //
    "activeNic",         // its number among the bond's NICs, from 1; 0: none
    "upNics",            //
};

struct BondedNics {
  Bond bond;
  std::vector<std::uint32_t> nics;  // by member
  bool is_watched;
  FlowOrder order;
  Tally dropped = {};
  Tally inactive = {};
  std::uint64_t reordered_packets = 0;
  std::uint64_t own_frames = 0;
};

}  // namespace ringback
