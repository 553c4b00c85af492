#include "net/bridge.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/assert.h"
#include "base/random.h"

namespace ringback {
namespace {

constexpr std::size_t kEthernetHeaderBytes = 14;
constexpr std::uint64_t kLinkLocal = 0x0180c2000000;
constexpr std::uint64_t kPause = kLinkLocal + 1;

std::uint64_t read_address(std::span<const std::byte> bytes) noexcept {
  std::uint64_t address = 0;
  for (const std::byte byte : bytes.first<6>()) address = address << 8 | std::to_integer<std::uint64_t>(byte);
  return address;
}

bool is_group(std::uint64_t address) noexcept { return (address >> 40 & 1) != 0; }
bool is_link_local(std::uint64_t address) noexcept { return (address & ~std::uint64_t{0xf}) == kLinkLocal; }

// Half of all slots are in use when every port has taught what it may and `ports` is a power of two, else fewer.
std::uint32_t bucket_count(std::uint32_t ports) noexcept {
  RB_ASSERT(ports >= 1 && ports <= Bridge::kMaxPorts);
  return std::bit_ceil(2 * ports * Bridge::kMaxAddressesPerPort / Bridge::kBucketSlots);
}

}  // namespace

Bridge::Bridge(const BridgeConfig& config)
    : ageing_ns_(config.ageing_ns),
      hash_seed_(config.hash_seed),
      buckets_(bucket_count(config.ports)),
      stations_(buckets_.size() * kBucketSlots),
      ports_(config.ports) {}

Bridge::Decision Bridge::forward(TimeNs now, std::uint32_t in_port, std::span<const std::byte> header) noexcept {
  using Kind = Decision::Kind;
  RB_ASSERT(in_port < ports_.size());
  if (header.size() < kEthernetHeaderBytes) return {Kind::kDrop};
  const Address destination = read_address(header);
  const Address source = read_address(header.subspan(6));
  if (source == 0 || is_group(source) || destination == kPause) return {Kind::kDrop};

  learn(now, in_port, source);
  if (is_link_local(destination)) return {Kind::kDrop};
  const Slot slot = find(destination);  // a group address is never learned and so not found
  if (slot == kNone || has_aged(now, slot)) return {Kind::kFlood};
  const std::uint32_t port = stations_[slot].port;
  return port == in_port ? Decision{Kind::kDrop} : Decision{Kind::kPort, port};
}

void Bridge::learn(TimeNs now, std::uint32_t in_port, Address source) noexcept {
  if (ageing_ns_ == 0) return;
  Slot slot = find(source);
  if (slot != kNone && has_aged(now, slot)) {
    remove(slot);
    slot = kNone;
  }
  if (slot != kNone && stations_[slot].port == in_port) {
    if (stations_[slot].heard_ns == now) return;  // a batch's later frames
    unlink(slot);
    link(now, in_port, slot);
    return;
  }
  if (!make_room(now, in_port)) {
    ++refused_;
    return;
  }
  if (slot != kNone) {
    unlink(slot);
    ++moved_;
  } else {
    slot = claim_slot(now, source);
    if (slot == kNone) {
      ++refused_;
      return;
    }
    ++learned_;
  }
  link(now, in_port, slot);
}

// Whether the port may teach one more address, perhaps in the place of its oldest one.
bool Bridge::make_room(TimeNs now, std::uint32_t port) noexcept {
  if (ports_[port].addresses < kMaxAddressesPerPort) return true;
  if (!has_aged(now, ports_[port].oldest)) return false;
  remove(ports_[port].oldest);
  return true;
}

// Puts an address into a slot that is free or has aged, whoever taught it. kNone: both buckets are in use.
Bridge::Slot Bridge::claim_slot(TimeNs now, Address address) noexcept {
  auto [first, second] = buckets_of(address);
  const auto free_slots = [this](std::uint32_t bucket) { return std::ranges::count(buckets_[bucket].addresses, 0u); };
  if (free_slots(second) > free_slots(first)) std::swap(first, second);
  Slot slot = free_slot(first);
  if (slot == kNone) {
    slot = aged_slot(now, first);
    if (slot == kNone) slot = aged_slot(now, second);
    if (slot == kNone) return kNone;
    remove(slot);
  }
  buckets_[slot / kBucketSlots].addresses[slot % kBucketSlots] = address;
  ++size_;
  return slot;
}

Bridge::Slot Bridge::free_slot(std::uint32_t bucket) const noexcept {
  for (std::uint32_t i = 0; i < kBucketSlots; ++i)
    if (buckets_[bucket].addresses[i] == 0) return bucket * kBucketSlots + i;
  return kNone;
}

// Requires: the bucket has no free slot.
Bridge::Slot Bridge::aged_slot(TimeNs now, std::uint32_t bucket) const noexcept {
  for (std::uint32_t i = 0; i < kBucketSlots; ++i)
    if (has_aged(now, bucket * kBucketSlots + i)) return bucket * kBucketSlots + i;
  return kNone;
}

std::uint64_t Bridge::hash(std::uint64_t seed, std::uint64_t address) noexcept {
  // Two rounds, the seed in each: one alone has pairs of addresses that collide under many seeds.
  return Random(seed ^ Random(seed ^ address).next()).next();
}

std::array<std::uint32_t, 2> Bridge::buckets_of(Address address) const noexcept {
  const std::uint64_t hashed = hash(hash_seed_, address);
  const std::uint64_t mask = buckets_.size() - 1;
  return {static_cast<std::uint32_t>(hashed & mask), static_cast<std::uint32_t>(hashed >> 32 & mask)};
}

Bridge::Slot Bridge::find(Address address) const noexcept {
  if (address == 0) return kNone;  // as a destination; it would find a free slot
  for (const std::uint32_t bucket : buckets_of(address))
    for (std::uint32_t i = 0; i < kBucketSlots; ++i)
      if (buckets_[bucket].addresses[i] == address) return bucket * kBucketSlots + i;
  return kNone;
}

void Bridge::forget_port(std::uint32_t port) noexcept {
  RB_ASSERT(port < ports_.size());
  while (ports_[port].oldest != kNone) remove(ports_[port].oldest);
}

void Bridge::remove(Slot slot) noexcept {
  unlink(slot);
  buckets_[slot / kBucketSlots].addresses[slot % kBucketSlots] = 0;
  --size_;
}

void Bridge::link(TimeNs now, std::uint32_t port, Slot slot) noexcept {
  Port& list = ports_[port];
  RB_ASSERT(list.newest == kNone || stations_[list.newest].heard_ns <= now);
  stations_[slot] = {now, port, list.newest, kNone};
  (list.newest == kNone ? list.oldest : stations_[list.newest].newer) = slot;
  list.newest = slot;
  ++list.addresses;
}

void Bridge::unlink(Slot slot) noexcept {
  const Station& station = stations_[slot];
  Port& list = ports_[station.port];
  (station.older == kNone ? list.oldest : stations_[station.older].newer) = station.newer;
  (station.newer == kNone ? list.newest : stations_[station.newer].older) = station.older;
  --list.addresses;
}

}  // namespace ringback
