// Receive load balancing: which member each client sends to, because it was told that member's address.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "net/bond/bond_frames.h"
#include "net/bond/members.h"
#include "net/packet_header.h"

namespace ringback {

// A local and a client's IPv4 address: who asks for the first one's MAC address is told a member's own.
struct AlbPair {
  std::uint32_t local_ip = 0;
  std::uint32_t client_ip = 0;

  bool operator==(const AlbPair&) const = default;
};

// A table of 256 clients, by a hash of their address. Members are given out in turns, those of the highest speed only.
// Whoever was told of a member that cannot send any more, or is to change for balance, is told with ARP replies: twice
// each, not before 2 s after the last time, and after a failure four times.
//
// Different from Linux: a frame of a pair stands for the ARP exchange that must have been before it, since made-up
// traffic has none; the first pair of a bucket keeps it, and others are told the bond's address. With ARP frames in the
// traffic it is Linux's: the last one to ask has the bucket. All addresses behind the bond count as the host's.
//
// Members' addresses are numbered as in FarSwitch.
// Source: Linux bond_alb.c rlb_choose_channel, rlb_next_rx_slave, rlb_rebalance, rlb_clear_slave, rlb_update_client,
//         rlb_update_rx_clients, rlb_req_update_slave_clients, rlb_arp_xmit, rlb_update_entry_from_arp
class AlbClients {
 public:
  using Macs = std::array<std::uint8_t, 32>;  // by member, which address it has now

  // A frame between the pair went by.
  void note(const Members& members, const Macs& macs, const AlbPair& pair, const MacAddress& client_mac) noexcept;
  // The host sends an ARP reply. Returns the member whose address it has, and on which it goes; kNoMember.
  [[nodiscard]] std::uint32_t reply(const Members& members, const Macs& macs, const AlbPair& pair,
                                    const MacAddress& client_mac, std::uint32_t active) noexcept;
  // The host asks all for a client's address, from the bond's: all clients of this address believe that from now on.
  void request(const Members& members, const Macs& macs, const AlbPair& pair, std::uint32_t active) noexcept;
  // A client's ARP reply came in.
  void heard_reply(const AlbPair& pair, const MacAddress& client_mac) noexcept;

  // The address to which a client sends; 0, the bond's, for those that are not in the table.
  [[nodiscard]] std::uint32_t told(const AlbPair& pair) const noexcept {
    const Client& client = clients_[bucket_of(pair.client_ip)];
    return client.is_used && client.pair == pair ? client.told : 0;
  }

  // The member is down: its clients go to others.
  void leave(const Members& members, std::uint32_t member) noexcept;
  // A member's address is another now: its clients are told.
  void address_changed(std::uint32_t member) noexcept;
  void order_rebalance() noexcept { wants_rebalance_ = true; }

  // Each 100 ms.
  void tick(const Members& members, const Macs& macs, const std::vector<MacAddress>& own_macs, BondSender& sender);

 private:
  static constexpr std::uint32_t kUpdateDelayTicks = 20;
  static constexpr std::uint32_t kUpdateRetries = 3;

  struct Client {
    bool is_used = false;
    bool must_tell = false;
    bool knows_mac = false;
    AlbPair pair;
    MacAddress mac{};
    std::uint32_t member = kNoMember;
    std::uint32_t told = 0;
  };

  [[nodiscard]] static std::uint32_t bucket_of(std::uint32_t client_ip) noexcept {
    const std::uint32_t half = client_ip ^ client_ip >> 16;
    return (half ^ half >> 8) & 0xff;
  }
  [[nodiscard]] std::uint32_t next_member(const Members& members) noexcept;
  Client* assign(const Members& members, const AlbPair& pair) noexcept;
  void must_tell(Client& client) noexcept;
  void tell_all(const Macs& macs, const std::vector<MacAddress>& own_macs, BondSender& sender);

  std::array<Client, 256> clients_{};
  std::vector<std::uint8_t> used_;  // buckets, in the order in which they were first used
  std::uint32_t last_given_ = kNoMember;
  bool wants_rebalance_ = true;
  bool has_to_tell_ = false;
  std::uint32_t delay_ticks_ = 0;
  std::uint32_t retries_ = 0;
};

}  // namespace ringback
