#include "sim/world.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ringback {
namespace {

constexpr abi::domid_t kDriverDomain = 0;
constexpr std::uint32_t kGuestPorts = 8;
constexpr std::uint32_t kNoVif = ~std::uint32_t{0};
constexpr std::uint32_t kMinFrameBytes = 60;

abi::domid_t guest_domid(std::uint32_t vif) { return static_cast<abi::domid_t>(vif + 1); }

std::shared_ptr<Domain> make_domain(abi::domid_t domid, std::uint32_t pages, std::uint32_t grants) {
  return std::make_shared<Domain>(domid, PageArena(pages), GrantTable(grants, Sharing::kOneThread));
}

// The pages that frames can hold at once: every NIC's queue full of the smallest frames, and a batch in the making.
// Only what is touched takes memory.
std::uint32_t driver_pages(const WorldConfig& config) {
  if (config.payload == Payload::kNone) return 1;
  constexpr std::uint64_t kMostPages = std::uint64_t{1} << 20;
  std::uint64_t pages = std::uint64_t{BackEnd::kPollFrames} * 17;
  for (const NicConfig& nic : config.nics) pages += nic.queue_bytes / kMinFrameBytes + 17;
  return static_cast<std::uint32_t>(std::min(pages, kMostPages));
}

}  // namespace

World::World(const WorldConfig& config)
    : channels_(*this),
      driver_domain_(make_domain(kDriverDomain, driver_pages(config), abi::GNTTAB_NR_RESERVED_ENTRIES)),
      copier_(domains_, kDriverDomain, config.payload),
      buffers_(driver_domain_->arena, config.payload),
      nic_traces_(config.nics.size()) {
  RB_ASSERT(config.vifs.size() <= kMaxVifs);
  [[maybe_unused]] const bool added = domains_.add(driver_domain_) && channels_.add_domain(kDriverDomain);
  RB_ASSERT(added);
  vif_by_port_.resize(kMaxPorts, kNoVif);
  for (const NicConfig& nic : config.nics) nics_.emplace_back(nic);
  for (std::uint32_t vif = 0; vif < config.vifs.size(); ++vif) add_vif(vif, config.vifs[vif], config.payload);
}

World::~World() = default;

void World::add_vif(std::uint32_t vif, const VifConfig& config, Payload payload) {
  RB_ASSERT(config.nic < nics_.size());
  const abi::domid_t domid = guest_domid(vif);
  const auto guest = make_domain(domid, FrontEnd::pages_needed(config.ring_order, payload == Payload::kNone),
                                 abi::GNTTAB_NR_RESERVED_ENTRIES + FrontEnd::entries(config.ring_order));
  [[maybe_unused]] const bool added = domains_.add(guest) && channels_.add_domain(domid, kGuestPorts);
  RB_ASSERT(added);
  const Port front = channels_.alloc_unbound(domid, kDriverDomain).port;
  const Port back = channels_.bind_interdomain(kDriverDomain, domid, front).port;
  vif_by_port_[back] = vif;
  vifs_.push_back(std::make_unique<VifPath>(vif, config, guest, payload, VifPath::Ports{front, back}, copier_, buffers_,
                                            static_cast<Uplinks&>(*this)));
  schedule_poll(vif);  // as a back end does once it is connected: what came before it could not be notified
}

void World::add_source(Source source) {
  RB_ASSERT(now_ns_ == 0 && source.vif() < vifs_.size());
  const auto index = static_cast<std::uint32_t>(sources_.size());
  if (source.next_ns() != kNever) timers_.push({source.next_ns(), Event::Kind::kSource, index});
  sources_.push_back(std::move(source));
}

TimeNs World::run(TimeNs until_ns, std::uint64_t max_events) {
  for (std::uint64_t events = 0; events < max_events; ++events) {
    if (!ready_.empty()) {
      run_ready();
      continue;
    }
    if (timers_.next_ns() >= until_ns) {
      now_ns_ = std::max(now_ns_, until_ns);
      break;
    }
    run_event(timers_.pop());
  }
  for (std::uint32_t nic = 0; nic < nics_.size(); ++nic) collect(nic);
  return now_ns_;
}

void World::run_ready() {
  const Ready ready = ready_.front();
  ready_.pop();
  VifPath& path = *vifs_[ready.vif];
  if (ready.side == Side::kBackEnd) {
    channels_.clear_pending(kDriverDomain, path.ports().back);
    poll(ready.vif);
    return;
  }
  channels_.clear_pending(guest_domid(ready.vif), path.ports().front);
  if (path.guest().on_event()) channels_.send(guest_domid(ready.vif), path.ports().front);
}

void World::run_event(const Event& event) {
  now_ns_ = event.time_ns;
  if (event.kind == Event::Kind::kCreditTimer) {
    if (vifs_[event.target]->on_credit_timer(now_ns_)) poll(event.target);
    return;
  }
  Source& source = sources_[event.target];
  const Offer offer = source.take();
  if (source.next_ns() != kNever) timers_.push({source.next_ns(), Event::Kind::kSource, event.target});
  VifPath& path = *vifs_[source.vif()];
  if (path.offer(offer)) channels_.send(guest_domid(source.vif()), path.ports().front);
}

void World::poll(std::uint32_t vif) {
  VifPath& path = *vifs_[vif];
  const BackEnd::Polled polled = path.back_end().poll(now_ns_);
  if (polled.notify) channels_.send(kDriverDomain, path.ports().back);
  if (polled.next == BackEnd::Next::kPollAgain) schedule_poll(vif);
  if (polled.next == BackEnd::Next::kWaitForCredit) {
    const TimeNs timer_ns = path.back_end().shaper().timer_ns();
    if (path.hold_back(now_ns_, timer_ns)) timers_.push({timer_ns, Event::Kind::kCreditTimer, vif});
  }
}

void World::schedule_poll(std::uint32_t vif) { ready_.push({vif, Side::kBackEnd}); }

void World::on_event(abi::domid_t domid, Port port) {
  if (domid != kDriverDomain) {
    ready_.push({domid - 1u, Side::kFrontEnd});
    vifs_[domid - 1u]->count_notify_to_front();
    return;
  }
  const std::uint32_t vif = vif_by_port_[port];
  if (vif == kNoVif) return;  // binding makes the new port pending; its first poll is scheduled anyway
  vifs_[vif]->count_notify_to_back();
  schedule_poll(vif);
}

bool World::transmit(TimeNs now, std::uint32_t nic, const WireFrame& frame) {
  collect(nic);
  return nics_[nic].offer(now, frame);
}

void World::collect(std::uint32_t nic) {
  Nic& uplink = nics_[nic];
  TraceHash& trace = nic_traces_[nic];
  uplink.collect(now_ns_, [&](TimeNs finish_ns, const WireFrame& frame) {
    const TimeNs arrival_ns = finish_ns + uplink.config().propagation_ns;
    vifs_[frame.vif]->delivered(frame.size_bytes, arrival_ns - frame.offered_ns);
    buffers_.release(frame.buffer);
    trace.fold(finish_ns);
    trace.fold(frame.offered_ns);
    trace.fold(std::uint64_t{frame.vif} << 32 | frame.size_bytes);
  });
}

void World::read_vif_counters(std::uint32_t vif, std::span<std::uint64_t, kVifCounterNames.size()> counters) const {
  vifs_[vif]->read_counters(now_ns_, counters);
}

void World::read_nic_counters(std::uint32_t nic, std::span<std::uint64_t, kNicCounterNames.size()> counters) const {
  const Nic& n = nics_[nic];
  const std::array values = {n.sent_packets(),    n.sent_bytes(),    n.queued_packets(), n.queued_bytes(),
                             n.dropped_packets(), n.dropped_bytes(), n.busy_ns()};
  static_assert(values.size() == kNicCounterNames.size());
  std::ranges::copy(values, counters.begin());
}

std::uint64_t World::trace_hash() const {
  TraceHash hash;
  hash.fold(now_ns_);
  for (const TraceHash& trace : nic_traces_) hash.fold(trace.value());
  for (std::uint32_t vif = 0; vif < vif_count(); ++vif) {
    vifs_[vif]->fold_into(hash);
    std::array<std::uint64_t, kVifCounterNames.size()> counters;
    read_vif_counters(vif, counters);
    for (const std::uint64_t value : std::span(counters).first(kTracedVifCounters)) hash.fold(value);
  }
  return hash.value();
}

}  // namespace ringback
