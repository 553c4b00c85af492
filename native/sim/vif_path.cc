#include "sim/vif_path.h"

#include <algorithm>

#include "base/assert.h"
#include "vif/toeplitz.h"

namespace ringback {
namespace {

constexpr abi::domid_t kDriverDomain = 0;

// The queue of each entry of the mapping that a guest sets.
std::vector<std::uint32_t> even_mapping(std::uint32_t queues) {
  std::vector<std::uint32_t> mapping(HashConfig::kMaxMappingEntries);
  for (std::uint32_t i = 0; i < mapping.size(); ++i) mapping[i] = i % queues;
  return mapping;
}

Cause cause_of(BackEnd::Received received) noexcept {
  switch (received) {
    case BackEnd::Received::kNoCarrier:
      return Cause::kCarrier;
    case BackEnd::Received::kFiltered:
      return Cause::kFiltered;
    default:
      return Cause::kQueue;
  }
}

}  // namespace

std::span<const std::byte> header_of(const WireFrame& frame, const FrameBuffers& buffers) noexcept {
  if (!buffers.has_payload()) return {frame.header, frame.header_bytes};
  const std::size_t most = std::min<std::size_t>(frame.frame.size_bytes, kHashedHeaderBytes);
  return buffers.bytes(frame.frame.buffer).first(most);
}

VifPath::VifPath(std::uint32_t index, const VifConfig& config, std::shared_ptr<Domain> guest, const VifWorld& world,
                 ReservePlace place)
    : index_(index),
      config_(config),
      world_(world),
      guest_(std::move(guest)),
      back_end_({.guest = guest_->domid,
                 .shaper = VifShaper(CreditShaper(config.credit, 0, config.jiffies_hz), place),
                 .grants = world.grants,
                 .buffers = world.buffers,
                 .tx_batch = world.tx_batch,
                 .batch_frames = config.batch_frames,
                 .always_notify = config.always_notify}),
      backoffs_(config.ports()) {
  for (std::uint32_t queue = 0; queue < config.queues; ++queue)
    queues_.emplace(*this, queue, TxFront::ids(config.ring_order, config.tx_slots), config.backlog_packets);
}

FrontEnd::Layout VifPath::layout_of(const VifConfig& config, bool moves_payload) noexcept {
  return {.queues = config.queues,
          .ring_order = config.ring_order,
          .shared_page = !moves_payload,
          .control_ring = config.has_control_ring(),
          .tx_slots = config.tx_slots,
          .always_notify = config.always_notify};
}

bool VifPath::connect(TimeNs now) {
  back_end_.disconnect(now);
  if (!back_end_.shaper().waits()) let_go(now);
  for (const auto& queue : queues_) queue->abandon(now);
  front_end_.reset();  // its pages are the next one's
  front_end_ = std::make_unique<FrontEnd>(*guest_, kDriverDomain, layout_of(config_, moves_payload()));
  std::vector<BackEnd::Queue> queues;
  for (std::uint32_t queue = 0; queue < config_.queues; ++queue) {
    queues_[queue].attach(front_end_->tx(queue), front_end_->rx(queue));
    queues.push_back({.tx_ring = front_end_->tx(queue).ring_memory(),
                      .rx_ring = front_end_->rx(queue).ring_memory(),
                      .sink = queues_[queue],
                      .rx_sink = queues_[queue]});
  }
  CtrlFront* control = front_end_->control();
  const BackEnd::Control back_control{.ring = control ? control->ring_memory() : std::span<std::byte>(),
                                      .grants = world_.control_grants,
                                      .scratch = world_.control_scratch};
  [[maybe_unused]] const bool connected = back_end_.connect(now, queues, control ? &back_control : nullptr);
  RB_ASSERT(connected);  // the rings are new
  for (SpuriousBackoff& backoff : backoffs_) static_cast<void>(backoff.handled(false));
  return control && control->configure({.mapping = even_mapping(config_.queues)});
}

std::uint32_t VifPath::hashed_queue_of(const Offer& offer) const noexcept {
  return flow_hash({offer.header, offer.header_bytes}) % config_.queues;
}

bool VifPath::is_quiet() const noexcept {
  return std::ranges::all_of(queues_, [](const auto& queue) { return queue->is_quiet(); });
}

std::optional<std::uint32_t> VifPath::receive(TimeNs now, const WireFrame& frame) {
  const BackEnd::Accepted accepted = back_end_.receive(now, frame.frame, header_of(frame, world_.buffers));
  if (accepted.result == BackEnd::Received::kQueued) {
    queues_[accepted.queue].wait(frame);
    return accepted.queue;
  }
  world_.buffers.release(frame.frame.buffer);
  rx_.drop(now, cause_of(accepted.result), frame.frame.size_bytes);
  end_packet(packet_ends(), frame);
  return std::nullopt;
}

void VifPath::received(TimeNs now, const WireFrame& frame) {
  rx_.delivered.add(frame.frame.size_bytes);
  rx_latency_.record(now - frame.offered_ns);
  received_trace_.fold(now);
  received_trace_.fold(frame.offered_ns);
  received_trace_.fold(frame.frame.size_bytes);
  if (frame.packet != WireFrame::kNoPacket) packet_ends().received(now, index_, frame.packet);
}

VifPath::Counts VifPath::counts(TimeNs now) const {
  Counts counts{.tx = tx_,
                .rx = rx_,
                .tx_queued = tx_in_network_,
                .rx_queued = rx_in_network_,
                .held_back_ns = held_back_ns_ + (held_since_ns_ == kNever ? 0 : now - held_since_ns_),
                .notifies_to_back = notifies_to_back_,
                .notifies_to_front = notifies_to_front_,
                .spurious_events = 0,
                .shaped_bytes = shaped_bytes_};
  for (const auto& queue : queues_) {
    counts.tx_queued += queue->tx_queued();
    counts.rx_queued += queue->rx_queued();
  }
  for (const SpuriousBackoff& backoff : backoffs_) counts.spurious_events += backoff.spurious_events();
  return counts;
}

}  // namespace ringback
