#include "sim/world.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/packet_header.h"
#include "net/segmentation.h"
#include "sim/vif_ports.h"

namespace ringback {
namespace {

constexpr std::uint32_t kNoVif = ~std::uint32_t{0};
constexpr std::uint32_t kMinFrameBytes = 60;
constexpr std::uint32_t kLeastSegmentBytes = kTcpHeaderBytes + kLeastPieceBytes;

std::shared_ptr<Domain> make_domain(abi::domid_t domid, std::uint32_t pages, std::uint32_t grants) {
  return std::make_shared<Domain>(domid, PageArena(pages), GrantTable(grants, Sharing::kOneThread));
}

// The pages that frames can hold at once: every queue of a NIC full of segments, each of another burst, which is more
// than if it were full of the smallest frames; every queue to a guest full of those; and a batch in the making, or on a
// core. Only what is touched takes memory.
std::uint32_t driver_pages(const WorldConfig& config) {
  constexpr std::uint32_t kControlPages = 1;
  if (config.payload == Payload::kNone) return 1 + kControlPages;
  constexpr std::uint64_t kMostPages = std::uint64_t{1} << 20;
  constexpr std::uint64_t kLargestFramePages = 17;
  const std::uint64_t polls = 1 + (config.costs ? config.costs->cores : 0);  // whose frames are on their way
  std::uint64_t pages = kControlPages + polls * TxBack::kPollFrames * kLargestFramePages;
  for (const NicConfig& nic : config.nics) pages += (nic.queue_bytes / kLeastSegmentBytes + 1) * kLargestFramePages;
  for (const VifConfig& vif : config.vifs)
    pages += vif.queues * (RxBack::kMaxQueuedBytes / kMinFrameBytes + kLargestFramePages);
  return static_cast<std::uint32_t>(std::min(pages, kMostPages));
}

}  // namespace

World::World(const WorldConfig& config)
    : channels_(*this),
      driver_domain_(make_domain(kDriverDomain, driver_pages(config), abi::GNTTAB_NR_RESERVED_ENTRIES)),
      copier_(domains_, kDriverDomain, config.payload),
      control_copier_(domains_, kDriverDomain, Payload::kCopy),
      control_page_(driver_domain_->arena.allocate().value()),
      buffers_(driver_domain_->arena, config.payload),
      captures_(config.captures, buffers_),
      tcp_(config.vifs.size(), *this),
      network_({config.nics, config.bonds, config.bridges, config.vifs}, config.seed, config.fill_payload, buffers_,
               captures_, tcp_, *this),
      cpu_(config.costs ? std::make_unique<BackEndCpu>(*config.costs, config.vifs, copier_, control_copier_) : nullptr),
      fill_payload_(config.fill_payload),
      is_eager_(config.is_eager),
      sources_(config.vifs.size()),
      arrivals_(config.nics.size()),
      bond_timers_(config.bonds.size()),
      credit_timers_(config.vifs.size()),
      guarantee_timers_(config.vifs.size()),
      grant_timers_(config.reserves.size()),
      departures_(config.nics.size()),
      tcp_arrivals_(1),
      tcp_timers_(0),
      rx_timer_armed_(config.vifs.size() * BackEnd::kMaxQueues, false) {
  [[maybe_unused]] const bool added = domains_.add(driver_domain_) && channels_.add_domain(kDriverDomain);
  RB_ASSERT(added);
  vif_by_port_.resize(kMaxPorts, kNoVif);
  for (const ReserveConfig& reserve : config.reserves)
    reserves_.push_back({std::make_unique<ReserveShaper>(reserve), {}});
  for (std::uint32_t vif = 0; vif < config.vifs.size(); ++vif) add_vif(vif, config.vifs[vif]);
  for (std::uint32_t bond = 0; bond < config.bonds.size(); ++bond) network_.arm_bond(bond);
}

World::~World() = default;

void World::add_vif(std::uint32_t vif, const VifConfig& config) {
  const abi::domid_t domid = guest_domid(vif);
  const auto layout = VifPath::layout_of(config, buffers_.has_payload());
  const auto guest = make_domain(domid, FrontEnd::pages_needed(layout),
                                 abi::GNTTAB_NR_RESERVED_ENTRIES + FrontEnd::grants_needed(layout));
  [[maybe_unused]] const bool added = domains_.add(guest) && channels_.add_domain(domid, config.ports() + 1);
  RB_ASSERT(added);
  const VifWorld world{.grants = cpu_ ? cpu_->grants() : static_cast<GrantCopier&>(copier_),
                       .buffers = buffers_,
                       .tx_batch = tx_batch_,
                       .uplinks = cpu_ ? static_cast<Uplinks&>(*cpu_) : network_,
                       .packet_ends = tcp_,
                       .captures = captures_,
                       .control_grants = cpu_ ? cpu_->control_grants() : static_cast<GrantCopier&>(control_copier_),
                       .control_scratch = {control_page_, driver_domain_->arena.page(control_page_)},
                       .fill_payload = fill_payload_};
  ReservePlace place;
  if (config.reserve != VifConfig::kNoReserve) {
    Reserve& reserve = reserves_[config.reserve];
    place = {reserve.shaper.get(), reserve.shaper->add(config.reservation)};
    reserve.vifs.push_back(vif);
  }
  vifs_.push_back(std::make_unique<VifPath>(vif, config, guest, world, place));
  for (std::uint32_t port = 0; port < config.ports(); ++port) {
    [[maybe_unused]] const Port front = channels_.alloc_unbound(domid, kDriverDomain).port;
    RB_ASSERT(front == port + 1);
    const Port back = channels_.bind_interdomain(kDriverDomain, domid, front).port;
    if (port == 0) first_ports_.push_back(back);
    RB_ASSERT(back == back_port(vif, port));
    vif_by_port_[back] = vif;
    channels_.clear_pending(kDriverDomain, back);  // binding sets it; connect() looks at everything
  }
  connect(vif);
}

// As a back end does once it is connected, it looks at the rings: what came before it could not be notified.
void World::connect(std::uint32_t vif) {
  VifPath& path = *vifs_[vif];
  const bool notify_control = path.connect(now_ns_);
  network_.announce(now_ns_, vif);
  for (std::uint32_t queue = 0; queue < path.config().queues; ++queue) {
    static_cast<void>(path.front_end().rx(queue).post());
    path.queue(queue).send(now_ns_);
    static_cast<void>(path.queue(queue).push());
    ready_.push({Ready::Who::kTxPoll, vif, queue});
  }
  if (notify_control) notify_back_end(vif, control_port_of(path.config()));
}

void World::reconnect(std::uint32_t vif) {
  collect_offers(vif);
  if (cpu_) cpu_->forget(vif);
  for (std::uint32_t port = 0; port < vifs_[vif]->config().ports(); ++port) {
    channels_.clear_pending(guest_domid(vif), port + 1);
    channels_.clear_pending(kDriverDomain, back_port(vif, port));
    channels_.unmask(kDriverDomain, back_port(vif, port));
  }
  connect(vif);
  wake_sources(vif);
}

void World::add_source(Source source) {
  RB_ASSERT(now_ns_ == 0 && source.vif() < vifs_.size());
  const std::uint32_t index = sources_.size();
  sources_.add(std::move(source));
  nap_armed_.push_back(false);
  if (const Event event = sources_.event_of(index); event.time_ns != kNever) timers_.push(event);
}

TimeNs World::run(TimeNs until_ns, std::uint64_t max_events) {
  work_ = 0;
  most_work_ = max_events;
  has_new_capacity_ = false;
  for (; work_ < most_work_; ++work_) {
    if (tcp_.has_work()) tcp_.work(now_ns_);
    if (!ready_.empty()) {
      run_ready();
      continue;
    }
    if (cpu_ && begin_work()) continue;
    if (timers_.next_ns() >= until_ns) {
      now_ns_ = std::max(now_ns_, until_ns);
      position_ = {now_ns_, Event::Kind::kSource, 0};
      break;
    }
    run_event(timers_.pop());
  }
  for (std::uint32_t vif = 0; vif < vif_count(); ++vif) collect_offers(vif);
  for (std::uint32_t nic = 0; nic < network_.nics(); ++nic) network_.collect(now_ns_, nic);
  return now_ns_;
}

void World::run_ready() {
  const Ready ready = ready_.front();
  ready_.pop();
  if (ready_.size() > 6) {
    vifs_[ready_.at(6).vif]->prefetch_self();
    vifs_[ready_.at(4).vif]->prefetch_queue(0);
    vifs_[ready_.at(2).vif]->prefetch_slots(0);
  }
  if (ready.who == Ready::Who::kFrontEnd) return on_front_end_event(ready.vif, ready.index);
  if (cpu_) return cpu_->add(ready);
  do_work(ready);
}

void World::run_event(const Event& event) {
  now_ns_ = event.time_ns;
  position_ = event;
  switch (event.kind) {
    case Event::Kind::kSource:
      return run_source(event.target);
    case Event::Kind::kCreditTimer:
      on_credit_timer(event.target);
      // Windows often end together: all vifs get their turn before any of them gets a second one.
      while (timers_.next_is(now_ns_, Event::Kind::kCreditTimer)) on_credit_timer(timers_.pop().target);
      return;
    case Event::Kind::kArrival:
      arrivals_.fired(event.target, now_ns_);
      return network_.arrive(now_ns_, event.target);
    case Event::Kind::kRxTimer:
      rx_timer_armed_[event.target] = false;
      return schedule_rx(event.target / BackEnd::kMaxQueues, event.target % BackEnd::kMaxQueues);
    case Event::Kind::kUnmask:
      channels_.unmask(kDriverDomain, event.target);
      return;
    case Event::Kind::kCoreDone:
      return finish_work(event.target);
    case Event::Kind::kNap:
      return on_nap(event.target);
    case Event::Kind::kGuaranteeTimer:
      return on_guarantee_timer(event.target);
    case Event::Kind::kGrantTimer:
      return on_grant_timer(event.target);
    case Event::Kind::kBond:
      bond_timers_.fired(event.target, now_ns_);
      return network_.run_bond(now_ns_, event.target);
    case Event::Kind::kDeparture:
      return on_departure(event.target);
    case Event::Kind::kTcpArrival:
      return on_tcp_arrival();
    case Event::Kind::kTcpTimer:
      return on_tcp_timer(event.target);
  }
}

void World::run_source(std::uint32_t index) {
  Source& source = sources_[index];
  const std::uint32_t vif = source.vif();
  if (!source.inlet()) collect_offers(vif);
  const Offer offer = source.take();
  const Event next = sources_.event_of(index);
  if (source.inlet()) {
    network_.offer_from_wire(now_ns_, *source.inlet(), vif, offer);
  } else {
    push(vif, vifs_[vif]->offer(now_ns_, offer));
    if (vifs_[vif]->is_quiet() && may_wait(vif)) {
      sources_.put_to_sleep(index);
      return arm_nap(index, next.time_ns - offer.offered_ns);
    }
  }
  if (next.time_ns != kNever) timers_.push(next);
}

// The end of a nap, so that what is collected at once is bounded: after about so many frames as far apart as the last.
void World::arm_nap(std::uint32_t index, TimeNs gap_ns) {
  constexpr TimeNs kFrames = 4096;
  const Event next = sources_.event_of(index);
  if (nap_armed_[index] || next.time_ns == kNever || gap_ns > (kNever - next.time_ns) / kFrames) return;
  nap_armed_[index] = true;
  timers_.push({next.time_ns + gap_ns * kFrames, Event::Kind::kNap, index});
}

void World::on_nap(std::uint32_t index) {
  nap_armed_[index] = false;
  const std::uint32_t vif = sources_[index].vif();
  if (!sources_.is_asleep(vif)) return;
  const TimeNs before_ns = sources_.event_of(index).time_ns;
  const std::uint64_t work_before = work_;
  collect_offers(vif);
  const TimeNs passed_ns = sources_.event_of(index).time_ns - before_ns;
  arm_nap(index, passed_ns / std::max<std::uint64_t>(1, work_ - work_before));
}

void World::push(std::uint32_t vif, std::uint32_t queue) {
  if (vifs_[vif]->queue(queue).push()) notify_back_end(vif, port_of(vifs_[vif]->config(), queue, false));
}

void World::collect_offers(std::uint32_t vif) {
  VifPath& path = *vifs_[vif];
  for (std::uint32_t queue = 0; queue < path.config().queues; ++queue) path.queue(queue).handle_deferred_responses();
  sources_.collect(vif, position_, [&](const Offer& offer) {
    path.offer(offer.offered_ns, offer);
    ++work_;
  });
  for (std::uint32_t queue = 0; queue < path.config().queues; ++queue) push(vif, queue);
}

void World::wake_sources(std::uint32_t vif) {
  if (sources_.is_asleep(vif) && !vifs_[vif]->is_quiet())
    sources_.wake(vif, [&](const Event& event) { timers_.push(event); });
}

void World::on_front_end_event(std::uint32_t vif, std::uint32_t port) {
  VifPath& path = *vifs_[vif];
  channels_.clear_pending(guest_domid(vif), port + 1);
  const PortRole role = role_of(path.config(), port);
  if (role.is_control()) return front_end_control(vif);
  bool notify = false;
  if (QueuePath& queue = path.queue(role.queue); role.tx && may_wait(vif) && queue.is_unwatched()) {
    // On a core the event took its time: what was offered meanwhile comes before the responses.
    if (cpu_) collect_offers(vif);
    queue.defer_responses(now_ns_);
  } else if (role.tx) {
    collect_offers(vif);
    queue.handle_responses(now_ns_);
    tcp_.on_responses(vif);
    notify = queue.push();
    wake_sources(vif);
  }
  if (role.rx) notify = path.queue(role.queue).take(now_ns_) || notify;
  if (notify) notify_back_end(vif, port);
}

void World::front_end_control(std::uint32_t vif) {
  CtrlFront* control = vifs_[vif]->front_end().control();
  if (control && control->poll().notify) notify_back_end(vif, control_port_of(vifs_[vif]->config()));
}

void World::schedule_rx(std::uint32_t vif, std::uint32_t queue) { ready_.push({Ready::Who::kRxRun, vif, queue}); }

void World::arm_arrival(std::uint32_t nic, TimeNs at) { set_timer(arrivals_, Event::Kind::kArrival, nic, at); }

void World::arm_bond(std::uint32_t bond, TimeNs at) { set_timer(bond_timers_, Event::Kind::kBond, bond, at); }

void World::on_new_capacity() {
  has_new_capacity_ = true;
  most_work_ = 0;
}

void World::notify_back_end(std::uint32_t vif, std::uint32_t port) { channels_.send(guest_domid(vif), port + 1); }

void World::send_from_guest(std::uint32_t vif, Port port) { channels_.send(guest_domid(vif), port); }

void World::on_event(abi::domid_t domid, Port port) {
  if (domid != kDriverDomain) {
    ready_.push({Ready::Who::kFrontEnd, domid - 1u, port - 1});
    vifs_[domid - 1u]->count_notify_to_front();
    return;
  }
  const std::uint32_t vif = vif_by_port_[port];
  if (vif == kNoVif) return;  // it is being bound
  vifs_[vif]->count_notify_to_back();
  ready_.push({Ready::Who::kBackEndEvent, vif, port - first_ports_[vif]});
}

std::uint64_t World::trace_hash() const {
  TraceHash hash;
  hash.fold(now_ns_);
  network_.fold_into(hash);
  for (const auto& vif : vifs_) fold_vif(hash, *vif, now_ns_);
  if (cpu_) cpu_->fold_into(hash, now_ns_);
  tcp_.fold_into(hash);
  return hash.value();
}

}  // namespace ringback
