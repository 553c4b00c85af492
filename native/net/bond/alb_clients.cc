#include "net/bond/alb_clients.h"

#include <ranges>

namespace ringback {

// The next one in turn, but none that is slower than another.
std::uint32_t AlbClients::next_member(const Members& members) noexcept {
  std::uint32_t before = kNoMember;  // up to the one that was given last
  std::uint32_t after = kNoMember;
  const auto is_faster = [&](std::uint32_t i, std::uint32_t than) {
    return than == kNoMember || members[i].mbps() > members[than].mbps();
  };
  bool was_found = false;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    if (!members[i].can_send()) continue;
    std::uint32_t& best = was_found ? after : before;
    if (is_faster(i, best)) best = i;
    if (i == last_given_) was_found = true;
  }
  const std::uint32_t next = after == kNoMember || (before != kNoMember && is_faster(before, after)) ? before : after;
  if (next != kNoMember) last_given_ = next;
  return next;
}

void AlbClients::must_tell(Client& client) noexcept {
  if (!client.knows_mac) return;
  client.must_tell = true;
  has_to_tell_ = true;
}

// Gives the bucket to this pair, on the next member; nullptr when there is none.
AlbClients::Client* AlbClients::assign(const Members& members, const AlbPair& pair) noexcept {
  const std::uint32_t bucket = bucket_of(pair.client_ip);
  Client& client = clients_[bucket];
  const std::uint32_t member = next_member(members);
  if (member == kNoMember) return nullptr;
  if (!client.is_used) used_.push_back(static_cast<std::uint8_t>(bucket));
  client = {.is_used = true, .pair = pair, .member = member};
  return &client;
}

void AlbClients::note(const Members& members, const Macs& macs, const AlbPair& pair,
                      const MacAddress& client_mac) noexcept {
  if (clients_[bucket_of(pair.client_ip)].is_used) return;
  Client* const client = assign(members, pair);
  if (client == nullptr) return;
  client->mac = client_mac;
  client->knows_mac = true;
  client->told = macs[client->member];
}

std::uint32_t AlbClients::reply(const Members& members, const Macs& macs, const AlbPair& pair,
                                const MacAddress& client_mac, std::uint32_t active) noexcept {
  Client* client = &clients_[bucket_of(pair.client_ip)];
  if (!client->is_used || client->pair != pair || client->member == kNoMember) {
    if (client->is_used && client->pair != pair && active != kNoMember) client->member = active;
    client = assign(members, pair);
    if (client == nullptr) return kNoMember;
  }
  client->mac = client_mac;
  client->knows_mac = true;
  client->told = macs[client->member];
  must_tell(*client);
  return client->member;
}

void AlbClients::request(const Members& members, const Macs& macs, const AlbPair& pair, std::uint32_t active) noexcept {
  if (const Client& client = clients_[bucket_of(pair.client_ip)]; !client.is_used || client.pair != pair)
    assign(members, pair);
  delay_ticks_ = kUpdateDelayTicks;
  for (Client& client : clients_) {
    if (!client.is_used || client.pair.local_ip != pair.local_ip) continue;
    client.told = 0;
    if (client.member != kNoMember && client.member != active && macs[client.member] != 0) must_tell(client);
  }
}

void AlbClients::heard_reply(const AlbPair& pair, const MacAddress& client_mac) noexcept {
  Client& client = clients_[bucket_of(pair.client_ip)];
  if (!client.is_used || client.pair != pair || (client.knows_mac && client.mac == client_mac)) return;
  client.mac = client_mac;
  client.knows_mac = true;
  must_tell(client);
}

void AlbClients::leave(const Members& members, std::uint32_t member) noexcept {
  for (const std::uint8_t bucket : used_ | std::views::reverse) {
    Client& client = clients_[bucket];
    if (client.member != member) continue;
    client.member = next_member(members);
    if (client.member == kNoMember) continue;
    must_tell(client);
    retries_ = kUpdateRetries;
  }
}

void AlbClients::address_changed(std::uint32_t member) noexcept {
  for (Client& client : clients_) {
    if (client.member != member || !client.knows_mac) continue;
    must_tell(client);
    retries_ = kUpdateRetries;
  }
}

void AlbClients::tick(const Members& members, const Macs& macs, const std::vector<MacAddress>& own_macs,
                      BondSender& sender) {
  if (wants_rebalance_) {
    wants_rebalance_ = false;
    for (const std::uint8_t bucket : used_ | std::views::reverse) {
      const std::uint32_t member = next_member(members);
      if (member == kNoMember || member == clients_[bucket].member) continue;
      clients_[bucket].member = member;
      must_tell(clients_[bucket]);
    }
  }
  if (!has_to_tell_) return;
  if (delay_ticks_ > 0) {
    --delay_ticks_;
    return;
  }
  tell_all(macs, own_macs, sender);
  if (retries_ > 0)
    --retries_;
  else
    has_to_tell_ = false;
}

void AlbClients::tell_all(const Macs& macs, const std::vector<MacAddress>& own_macs, BondSender& sender) {
  constexpr int kBurst = 2;
  for (const std::uint8_t bucket : used_ | std::views::reverse) {
    Client& client = clients_[bucket];
    if (!client.must_tell || client.member == kNoMember) continue;
    const std::uint32_t mac = macs[client.member];
    const OwnFrame frame = make_arp({.operation = ArpOptions::Operation::kReply,
                                     .sender = own_macs[mac],
                                     .sender_ip = client.pair.local_ip,
                                     .target = client.mac,
                                     .target_ip = client.pair.client_ip});
    for (int i = 0; i < kBurst; ++i) sender.send(client.member, mac, frame);
    client.told = mac;
    if (retries_ == 0) client.must_tell = false;
  }
  delay_ticks_ = kUpdateDelayTicks;
}

}  // namespace ringback
