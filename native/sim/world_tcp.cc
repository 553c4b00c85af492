// The TCP connections of a world: what they send, and when they are woken.
#include "base/assert.h"
#include "sim/world.h"

namespace ringback {

void World::add_tcp(const TcpConfig& config, std::uint64_t seed) {
  RB_ASSERT(now_ns_ == 0 && config.vif < vifs_.size());
  for (std::uint32_t flow = 0; flow < config.flows; ++flow) tcp_timers_.add();
  tcp_.add(config, seed);
}

// Where connections have an end no source sleeps and no response is deferred, so there is nothing to be collected.
void World::offer_from_guest(std::uint32_t vif, const Offer& offer) { push(vif, vifs_[vif]->offer(now_ns_, offer)); }

void World::offer_from_outside(const Uplink& inlet, std::uint32_t vif, const Offer& offer) {
  network_.offer_from_wire(now_ns_, inlet, vif, offer);
}

void World::arm_tcp_timer(std::uint32_t connection, TimeNs at) {
  set_timer(tcp_timers_, Event::Kind::kTcpTimer, connection, at);
}

void World::arm_tcp_arrival(TimeNs at) { set_timer(tcp_arrivals_, Event::Kind::kTcpArrival, 0, at); }

// What has left a NIC is known when somebody looks: in time for the first packet's arrival at its endpoint.
void World::arm_departure(std::uint32_t nic, TimeNs at) {
  set_timer(departures_, Event::Kind::kDeparture, nic, at + tcp_.least_delay_ns());
}

void World::on_departure(std::uint32_t nic) {
  departures_.fired(nic, now_ns_);
  network_.collect(now_ns_, nic);
  network_.arm_departure(nic);
}

void World::on_tcp_arrival() {
  tcp_arrivals_.fired(0, now_ns_);
  tcp_.on_arrival(now_ns_);
}

void World::on_tcp_timer(std::uint32_t connection) {
  tcp_timers_.fired(connection, now_ns_);
  tcp_.on_timer(now_ns_, connection);
}

}  // namespace ringback
