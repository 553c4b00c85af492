#include "sim/vif_path.h"

#include "base/assert.h"

namespace ringback {
namespace {

// xen.md "shared ring": a new ring always attaches.
BackRing<TxRing> attach(std::span<std::byte> memory) {
  auto ring = BackRing<TxRing>::attach(memory);
  RB_ASSERT(ring.has_value());
  return *ring;
}

constexpr abi::domid_t kDriverDomain = 0;

}  // namespace

VifPath::VifPath(std::uint32_t index, const VifConfig& config, std::shared_ptr<Domain> guest, Payload payload,
                 Ports ports, GrantCopier& grants, FrameBuffers& buffers, Uplinks& uplinks)
    : index_(index),
      nic_(config.nic),
      ports_(ports),
      buffers_(buffers),
      uplinks_(uplinks),
      guest_(guest,
             {.guest = *guest,
              .back_end = kDriverDomain,
              .ring_order = config.ring_order,
              .shared_page = payload == Payload::kNone},
             config.backlog_packets),
      back_end_(attach(guest_.front_end().ring_memory()), guest->domid,
                CreditShaper(config.credit, 0, config.jiffies_hz), grants, buffers, *this) {}

bool VifPath::offer(const Offer& offer) {
  offered_.add(offer.size_bytes);
  if (guest_.offer(offer)) return guest_.send();
  count_drop(offer.offered_ns, Cause::kBacklog, offer.size_bytes);
  return false;
}

bool VifPath::hold_back(TimeNs now, TimeNs timer_ns) {
  if (held_since_ns_ != kNever) return false;
  RB_ASSERT(timer_ns >= now);
  held_since_ns_ = now;
  return true;
}

bool VifPath::on_credit_timer(TimeNs now) {
  if (back_end_.shaper().timer_ns() != now) return false;
  held_back_ns_ += now - held_since_ns_;
  held_since_ns_ = kNever;
  back_end_.on_timer();
  return true;
}

void VifPath::transmit(TimeNs now, std::span<const Frame> frames) {
  for (const Frame& frame : frames) {
    const Offer offer = guest_.take_off_ring(frame.id);
    if (uplinks_.transmit(now, nic_, {offer.offered_ns, frame.size_bytes, index_, frame.buffer})) {
      on_nic_.add(frame.size_bytes);
    } else {
      buffers_.release(frame.buffer);
      count_drop(now, Cause::kNic, frame.size_bytes);
    }
  }
}

void VifPath::dropped(TimeNs now, const Frame& frame) {
  guest_.take_off_ring(frame.id);
  count_drop(now, Cause::kError, frame.size_bytes);
}

void VifPath::delivered(std::uint32_t size_bytes, TimeNs latency_ns) {
  on_nic_.remove(size_bytes);
  delivered_.add(size_bytes);
  latency_.record(latency_ns);
}

void VifPath::count_drop(TimeNs now, Cause cause, std::uint32_t size_bytes) {
  drops_[static_cast<std::size_t>(cause)].add(size_bytes);
  drops_trace_.fold(now);
  drops_trace_.fold(std::uint64_t{size_bytes} << 8 | static_cast<std::uint64_t>(cause));
}

void VifPath::read_counters(TimeNs now, std::span<std::uint64_t, kVifCounterNames.size()> counters) const {
  const Tally in_guest = guest_.queued();
  const TimeNs holding_ns = held_since_ns_ == kNever ? 0 : now - held_since_ns_;
  const std::array values = {
      offered_.packets,
      offered_.bytes,
      delivered_.packets,
      delivered_.bytes,
      in_guest.packets + on_nic_.packets,
      in_guest.bytes + on_nic_.bytes,
      drops_[0].packets,
      drops_[0].bytes,
      drops_[1].packets,
      drops_[1].bytes,
      drops_[2].packets,
      drops_[2].bytes,
      held_back_ns_ + holding_ns,
      notifies_to_back_,
      notifies_to_front_,
  };
  static_assert(values.size() == kVifCounterNames.size());
  for (std::size_t i = 0; i < values.size(); ++i) counters[i] = values[i];
}

}  // namespace ringback
