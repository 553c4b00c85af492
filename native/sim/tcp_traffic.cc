#include "sim/tcp_traffic.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ringback {
namespace {

constexpr std::uint32_t kLeastFrameBytes = 60;  // Ethernet's, without FCS

}  // namespace

TcpTraffic::TcpTraffic(std::size_t vifs, TcpHost& host)
    : host_(host), by_vif_(vifs), is_on_(vifs), waiting_(vifs), rtt_(vifs) {}

void TcpTraffic::add(const TcpConfig& config, std::uint64_t seed) {
  RB_ASSERT(size() + config.flows <= kMaxConnections && !(config.inbound && config.peer_vif));
  Random seeds(seed);
  for (std::uint32_t flow = 0; flow < config.flows; ++flow) {
    const std::uint32_t index = size();
    const TcpConnection& added = connections_.emplace_back(config, index, seeds.next());
    by_vif_[config.vif].push_back(index);
    for (const TcpPlace* place : {&added.sender_place, &added.receiver_place})
      if (place->is_guest) is_on_[place->vif] = true;
    host_.arm_tcp_timer(index, config.start_ns);
  }
  least_delay_ns_ = std::min(least_delay_ns_, config.rtt_ns);
}

// ---- events

void TcpTraffic::on_timer(TimeNs now, std::uint32_t index) {
  TcpConnection& of = connections_[index];
  if (now >= of.config.start_ns && now < of.config.stop_ns) of.has_started = true;
  if (now >= of.config.stop_ns) of.sender.finish();
  if (of.receiver.due_ns() <= now) acknowledge(now, index);
  if (of.sender.due_ns() <= now) of.sender.time_out(now);
  pump(now, index);
}

// Asks for the time at which the connection has something to do by itself.
void TcpTraffic::arm(std::uint32_t index) {
  const TcpConnection& of = connections_[index];
  TimeNs due_ns = std::min(of.sender.due_ns(), of.receiver.due_ns());
  if (!of.sender.has_sent_all()) due_ns = std::min(due_ns, of.has_started ? of.config.stop_ns : of.config.start_ns);
  if (due_ns != kNever) host_.arm_tcp_timer(index, due_ns);
}

void TcpTraffic::on_arrival(TimeNs now) {
  while (!arrivals_.empty() && arrivals_.top().at_ns <= now) {
    const Arrival first = arrivals_.top();
    arrivals_.pop();
    take(now, first.packet, first.begin_bytes, first.bytes);
    packets_.release(first.packet);
  }
  if (!arrivals_.empty()) host_.arm_tcp_arrival(arrivals_.top().at_ns);
}

void TcpTraffic::on_responses(std::uint32_t vif) {
  for (const std::uint32_t index : waiting_[vif]) {
    connections_[index].waits_for_responses = false;
    pumps_.push(index);
  }
  waiting_[vif].clear();
}

void TcpTraffic::work(TimeNs now) {
  while (has_work()) {
    if (inbox_.empty()) {
      const std::uint32_t index = pumps_.front();
      pumps_.pop();
      pump(now, index);
      continue;
    }
    const std::uint32_t packet = inbox_.front();
    inbox_.pop();
    take(now, packet, 0, packets_[packet].data.bytes);
    packets_.release(packet);
  }
}

// ---- frames

const TcpPlace& TcpTraffic::target_of(const TcpPacket& packet) const noexcept {
  const TcpConnection& of = connections_[packet.connection];
  return packet.is_ack ? of.sender_place : of.receiver_place;
}

void TcpTraffic::left_guest(std::uint32_t number) {
  TcpPacket& packet = packets_[number];
  if (std::exchange(packet.is_in_guest, false) && !packet.is_ack)
    connections_[packet.connection].queued_bytes -= packet.size_bytes;
}

void TcpTraffic::passed_wire(TimeNs arrival_ns, std::uint32_t nic, const WireFrame& frame) {
  const TcpPacket& packet = packets_[frame.packet];
  if (target_of(packet).is_guest) return;  // a bridge has flooded it
  const TcpConnection& of = connections_[packet.connection];
  std::uint32_t begin_bytes = 0;
  std::uint32_t bytes = packet.data.bytes;
  if (frame.burst != WireFrame::kNoBurst) {
    begin_bytes = frame.segment * of.config.segment_bytes();
    bytes = frame.frame.size_bytes - packet.header_bytes;
  }
  if (passed_.size() <= nic) passed_.resize(nic + 1);
  delay({.at_ns = arrival_ns + of.config.rtt_ns,
         .nic = nic,
         .number = passed_[nic]++,
         .packet = frame.packet,
         .begin_bytes = begin_bytes,
         .bytes = bytes});
}

void TcpTraffic::delay(const Arrival& arrival) {
  packets_.share(arrival.packet);
  arrivals_.push(arrival);
  host_.arm_tcp_arrival(arrivals_.top().at_ns);
}

// Between two guests nothing else may take time: there acknowledgements are late by the round trip time.
void TcpTraffic::received(TimeNs now, std::uint32_t vif, std::uint32_t number) {
  const TcpPacket& packet = packets_[number];
  const TcpPlace& target = target_of(packet);
  if (!target.is_guest || target.vif != vif) return;
  const TcpConfig& config = connections_[packet.connection].config;
  if (packet.is_ack && config.peer_vif)
    return delay({.at_ns = now + config.rtt_ns,
                  .nic = kBetweenGuests,
                  .number = passed_between_guests_++,
                  .packet = number,
                  .begin_bytes = 0,
                  .bytes = 0});
  packets_.share(number);
  inbox_.push(number);
}

void TcpTraffic::ended(std::uint32_t packet) {
  left_guest(packet);
  packets_.release(packet);
}

// ---- endpoints

// A packet, or a part of its data, is at its endpoint.
void TcpTraffic::take(TimeNs now, std::uint32_t number, std::uint32_t begin_bytes, std::uint32_t bytes) {
  const TcpPacket& packet = packets_[number];
  const std::uint32_t index = packet.connection;
  TcpConnection& of = connections_[index];
  if (packet.is_ack) {
    of.sender.acknowledge(now, packet.ack);
    if (of.sender.last_rtt_ns() > 0) rtt_[of.config.vif].record(of.sender.last_rtt_ns());
    pump(now, index);
  } else if (of.receiver.receive(now, packet.data.sequence + begin_bytes, bytes)) {
    acknowledge(now, index);
  } else {
    arm(index);
  }
}

// Sends what may be sent.
void TcpTraffic::pump(TimeNs now, std::uint32_t index) {
  TcpConnection& of = connections_[index];
  if (of.has_started)
    while (const auto burst = of.sender.next(now, of.queued_bytes))
      if (!send(now, index, *burst)) break;
  if (of.queued_bytes > 0 && !std::exchange(of.waits_for_responses, true))
    waiting_[of.sender_place.vif].push_back(index);
  arm(index);
}

// Returns whether there may be more: the guest has dropped nothing of it on the spot.
bool TcpTraffic::send(TimeNs now, std::uint32_t index, const tcp::Burst& burst) {
  TcpConnection& of = connections_[index];
  const bool is_guest = of.sender_place.is_guest;
  // Outside nobody segments: each frame is a segment.
  const std::uint32_t most_bytes = is_guest ? burst.bytes : of.config.segment_bytes();
  bool is_taken = true;
  for (std::uint32_t done = 0; done < burst.bytes; done += most_bytes) {
    const std::uint32_t number = packets_.create();
    TcpPacket& packet = packets_[number];
    packet.connection = index;
    packet.is_ack = false;
    packet.data = {.sequence = burst.sequence + done,
                   .bytes = std::min(most_bytes, burst.bytes - done),
                   .segments = is_guest ? burst.segments : 1};
    packet.header_bytes =
        of.data_headers.write_data(packet.header, packet.data, of.other_sequence, of.config.window_bytes);
    packet.size_bytes = std::max(kLeastFrameBytes, packet.header_bytes + packet.data.bytes);
    if (is_guest) of.queued_bytes += packet.size_bytes;
    const auto gso_size_bytes = static_cast<std::uint16_t>(packet.data.segments > 1 ? of.config.segment_bytes() : 0);
    is_taken = offer(now, of.sender_place, number, gso_size_bytes) && is_taken;
  }
  return is_taken || !is_guest;
}

void TcpTraffic::acknowledge(TimeNs now, std::uint32_t index) {
  TcpConnection& of = connections_[index];
  const std::uint32_t number = packets_.create();
  TcpPacket& packet = packets_[number];
  packet.connection = index;
  packet.is_ack = true;
  packet.data = {};
  packet.ack = of.receiver.take_ack();
  packet.header_bytes = of.ack_headers.write_ack(packet.header, of.other_sequence, packet.ack);
  packet.size_bytes = std::max(kLeastFrameBytes, packet.header_bytes);
  static_cast<void>(offer(now, of.receiver_place, number, 0));
  arm(index);
}

// Returns whether it was not dropped on the spot.
bool TcpTraffic::offer(TimeNs now, const TcpPlace& place, std::uint32_t number, std::uint16_t gso_size_bytes) {
  TcpPacket& packet = packets_[number];
  packet.is_in_guest = place.is_guest;
  const Offer offer{.offered_ns = now,
                    .header = packet.header.data(),
                    .size_bytes = packet.size_bytes,
                    .payload_seed = connections_[packet.connection].payload_seeds.take(),
                    .header_bytes = static_cast<std::uint16_t>(packet.header_bytes),
                    .gso_size_bytes = gso_size_bytes,
                    .packet = number};
  packets_.share(number);  // to see whether it is still there
  if (place.is_guest)
    host_.offer_from_guest(place.vif, offer);
  else
    host_.offer_from_outside(place.inlet, place.vif, offer);
  const bool is_taken = packets_[number].holders > 1;
  packets_.release(number);
  return is_taken;
}

// ---- for the reports

TcpCounters TcpTraffic::counters(std::uint32_t vif) const {
  TcpCounters sum{};
  for (const std::uint32_t index : by_vif_[vif]) {
    const TcpConnection& of = connections_[index];
    const tcp::SenderCounts& sent = of.sender.counts();
    const TcpCounters of_one = {
        1,
        of.receiver.received_bytes(),
        of.sender.acknowledged_bytes(),
        sent.segments,
        sent.retransmits,
        of.receiver.duplicate_segments(),
        sent.fast_recoveries,
        sent.timeouts,
        sent.undos,
        of.receiver.early_segments(),
        of.receiver.acks(),
    };
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += of_one[i];
  }
  return sum;
}

void TcpTraffic::fold_into(TraceHash& hash) const {
  for (std::uint32_t index = 0; index < size(); ++index) {
    const TcpConnection& of = connections_[index];
    for (const std::uint64_t value :
         {of.receiver.received_bytes(), of.sender.acknowledged_bytes(), of.sender.counts().segments,
          of.sender.counts().retransmits, of.sender.counts().timeouts, of.receiver.acks()})
      hash.fold(value);
  }
}

}  // namespace ringback
