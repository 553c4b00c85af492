// What happens to the hostile guest's back end: frames come and go, time passes.
#include <algorithm>
#include <array>
#include <cstring>

#include "fuzz/check.h"
#include "fuzz/hostile_guest.h"

namespace ringback::fuzz {
namespace {

constexpr std::uint32_t kEthernetHeaderBytes = 14;

// The first bytes of a frame for the guest: TCP or UDP over IPv4 or IPv6, a group address, or anything.
std::array<std::byte, kHashedHeaderBytes> make_header(const Operation& operation, std::uint32_t number) {
  std::array<std::byte, kHashedHeaderBytes> header{};
  const auto put = [&](std::size_t at, std::uint32_t value) { header[at] = static_cast<std::byte>(value); };
  const bool is_group = operation.chance(3, 48);
  put(0, is_group ? 1 : 2);
  put(5, operation.u8(4) % 4);
  const bool is_ip4 = operation.chance(4, 140);
  put(12, is_ip4 ? 0x08 : 0x86);
  put(13, is_ip4 ? 0x00 : 0xdd);
  put(14, is_ip4 ? 0x45 : 0x60);
  put(is_ip4 ? 23 : 20, operation.chance(5, 128) ? 6 : 17);
  put(is_ip4 ? 29 : 37, operation.u8(6) + number);
  if (operation.chance(4, 12)) std::memcpy(&header[12], operation.bytes(4).data(), 12);
  return header;
}

std::uint32_t size_of(const Operation& operation) noexcept {
  if (operation.chance(7, 128)) return kEthernetHeaderBytes + operation.u16(8) % 1501;
  return operation.chance(7, 224) ? kEthernetHeaderBytes + operation.u16(8) % 9000
                                  : std::max<std::uint32_t>(kEthernetHeaderBytes, operation.u16(8));
}

}  // namespace

void HostileGuest::receive(const Operation& operation) {
  // Now and then more than a queue takes, or than a run places.
  const bool is_burst = !operation.chance(2, 244);
  const bool is_large = operation.chance(1, 160);
  const std::uint32_t count = is_burst ? (is_large ? 12 : 100) : 1 + operation.u8(2) % 4;
  for (std::uint32_t number = 0; number < count; ++number) {
    if (machine_.free_pages() < Machine::kReservedPages) return;
    Frame frame{.size_bytes = size_of(operation)};
    if (is_burst) frame.size_bytes = is_large ? abi::XEN_NETIF_MAX_TX_SIZE : kEthernetHeaderBytes + number;
    if (operation.chance(1, 64)) {
      frame.gso_size_bytes = 1448;
      frame.gso_type = abi::XEN_NETIF_GSO_TYPE_TCPV4;
      frame.checksum = Checksum::kBlank;
    }
    frame.buffer = machine_.buffers().allocate(frame.size_bytes);
    FUZZ_CHECK(frame.buffer != kNoBuffer);
    const auto header = make_header(operation, is_burst ? 0 : number);
    const auto first = machine_.buffers().writable_bytes(frame.buffer);
    std::ranges::copy(header, first.begin());
    begin_call();
    const std::size_t header_bytes = std::min<std::size_t>(frame.size_bytes, header.size());
    const BackEnd::Accepted accepted = back_.receive(now_, frame, std::span(header).first(header_bytes));
    end_call();
    if (accepted.result == BackEnd::Received::kQueued) {
      FUZZ_CHECK(fault_ == Fault::kNone && accepted.queue < back_.queues());
      machine_.claim(frame, PageOwner::kToHostile);
      ++rx_waiting_frames_;
      outcomes_.count(Outcome::kRxQueued);
      continue;
    }
    machine_.buffers().release(frame.buffer);
    FUZZ_CHECK(fault_ == Fault::kNone || accepted.result == BackEnd::Received::kNoCarrier);
    constexpr std::array kOutcomeOf = {Outcome::kRxQueued, Outcome::kRxNoCarrier, Outcome::kRxFiltered,
                                       Outcome::kRxFull};
    outcomes_.count(kOutcomeOf[static_cast<std::size_t>(accepted.result)]);
  }
}

void HostileGuest::transmit(TimeNs now, std::span<const Frame> frames) {
  FUZZ_CHECK(now == now_ && fault_ == Fault::kNone && !frames.empty());
  for (const Frame& frame : frames) {
    FUZZ_CHECK(frame.size_bytes >= kEthernetHeaderBytes && frame.size_bytes <= abi::XEN_NETIF_MAX_TX_SIZE);
    FUZZ_CHECK((frame.gso_size_bytes == 0) == (frame.gso_type == abi::XEN_NETIF_GSO_TYPE_NONE));
    FUZZ_CHECK(frame.gso_size_bytes == 0 || frame.gso_type == abi::XEN_NETIF_GSO_TYPE_TCPV4 ||
               frame.gso_type == abi::XEN_NETIF_GSO_TYPE_TCPV6);
    FUZZ_CHECK(frame.hash_type <= 4);
    machine_.claim(frame, PageOwner::kWire);
    std::uint32_t left = frame.size_bytes;
    for (BufferRef page = frame.buffer; left > 0; page = machine_.buffers().next(page)) {
      const std::uint32_t expected = std::min(left, abi::XEN_PAGE_SIZE);
      FUZZ_CHECK(machine_.copier().filled_bytes(page) == expected);  // nothing that was there before
      left -= expected;
    }
    on_wire_.push_back(frame);
    sent_bytes_ += frame.size_bytes;
  }
  frames_in_call_ += static_cast<std::uint32_t>(frames.size());
  outcomes_.count(Outcome::kTxFrames, frames.size());
}

void HostileGuest::dropped(TimeNs now, const Frame&) {
  FUZZ_CHECK(now == now_ && fault_ == Fault::kNone);
  ++frames_in_call_;
  outcomes_.count(Outcome::kTxDropped);
}

void HostileGuest::placed(TimeNs now, const Frame& frame) {
  FUZZ_CHECK(now == now_ && fault_ == Fault::kNone && rx_waiting_frames_ > 0);
  --rx_waiting_frames_;
  ++frames_in_call_;
  rx_slots_in_call_ += RxBack::slots_for(frame);
  machine_.disown(frame, PageOwner::kToHostile);
  outcomes_.count(Outcome::kRxPlaced);
}

void HostileGuest::lost(TimeNs now, const Frame& frame, RxDrop cause) {
  FUZZ_CHECK(now == now_ && rx_waiting_frames_ > 0);
  --rx_waiting_frames_;
  ++frames_in_call_;
  if (cause == RxDrop::kExpired) ++expired_in_call_;
  if (cause == RxDrop::kGrant) rx_slots_in_call_ += RxBack::slots_for(frame);
  machine_.disown(frame, PageOwner::kToHostile);
  constexpr std::array kOutcomeOf = {Outcome::kRxExpired, Outcome::kRxGrant, Outcome::kRxDisabled};
  outcomes_.count(kOutcomeOf[static_cast<std::size_t>(cause)]);
}

void HostileGuest::release_frames(std::size_t left) {
  for (; on_wire_.size() > left; on_wire_.pop_back()) {
    machine_.disown(on_wire_.back(), PageOwner::kWire);
    machine_.buffers().release(on_wire_.back().buffer);
  }
}

void HostileGuest::on_credit_timer(const Operation& operation) {
  CreditShaper& shaper = back_.shaper().credit();
  if (!shaper.blocked()) return;
  if (operation.chance(1, 200)) now_ = std::max(now_, shaper.timer_ns());
  if (now_ < shaper.timer_ns()) return;
  const BackEnd::Waiters waiters = back_.on_credit_timer();
  FUZZ_CHECK(waiters.count <= BackEnd::kMaxQueues);
  for (std::uint32_t i = 0; i < waiters.count; ++i) static_cast<void>(poll_tx(waiters.queues[i]));
}

void HostileGuest::let_time_pass(const Operation& operation) {
  if (operation.chance(1, 120))
    now_ += 1000u * operation.u16(2);
  else if (operation.chance(1, 200))
    now_ += 1'000'000u * static_cast<TimeNs>(operation.u16(2));
  else
    now_ += operation.chance(1, 232) ? RxBack::kDrainNs : RxBack::kStallNs;
}

void HostileGuest::exchange_honest(const Operation& operation) {
  honest_.exchange(now_, kEthernetHeaderBytes + operation.u16(2) % 9000,
                   kEthernetHeaderBytes + operation.u16(4) % 9000);
}

void HostileGuest::set_credit(const Operation& operation) {
  credit_changed_ = true;
  const Credit credit{.bytes = 1u + operation.u16(1) * 4u, .window_ns = 1'000'000u * (1u + operation.u8(3))};
  if (back_.shaper().credit().set_credit(credit, now_)) on_credit_timer(operation);
}

// What only looks changes nothing, but may find the ring out.
void HostileGuest::peek() {
  begin_call();
  for (std::uint32_t queue = 0; queue < back_.queues(); ++queue) {
    queues_[queue].tx.begin();
    const bool has_work = back_.has_new_requests(queue);
    FUZZ_CHECK(queues_[queue].tx.end() == 0);
    if (fault_ != Fault::kNone) FUZZ_CHECK(!has_work);
    FUZZ_CHECK(back_.rx_timer_ns(queue) > 0);
  }
  end_call();
}

}  // namespace ringback::fuzz
