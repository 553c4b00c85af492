#include "fuzz/hostile_guest.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "fuzz/check.h"

namespace ringback::fuzz {
namespace {

constexpr std::size_t kMostOnWire = 24;
// A poll makes progress or says that there is nothing to do; each error ends one.
constexpr std::uint32_t kMostPolls = 1200;

std::uint32_t queues_of(const Operation& configuration) noexcept {
  if (configuration.chance(1, 140)) return 1;
  return configuration.chance(1, 220) ? 2 : 1 + configuration.u8(2) % BackEnd::kMaxQueues;
}

Credit credit_of(const Operation& operation) noexcept {
  if (operation.chance(4, 128)) return {};
  return {.bytes = 1u + operation.u16(5) * 4u, .window_ns = 1'000'000u * (1u + operation.u8(7))};
}

constexpr std::uint32_t ring_pages(std::uint32_t queues, std::uint32_t order) { return queues * (2u << order) + 1; }

}  // namespace

HostileGuest::HostileGuest(const Operation& configuration, Outcomes& outcomes)
    : outcomes_(outcomes),
      max_queues_(queues_of(configuration)),
      ring_order_(configuration.chance(3, 48) ? 1 : 0),
      credit_(credit_of(configuration)),
      memory_(ring_pages(max_queues_, ring_order_), configuration.chance(8, 24)),
      machine_(memory_.domain(), outcomes),
      honest_(machine_, outcomes),
      back_({.guest = kHostileGuest,
             .shaper = CreditShaper(credit_, 0, configuration.chance(9, 32) ? 250 : 0),
             .grants = machine_.copier(),
             .buffers = machine_.buffers(),
             .tx_batch = machine_.tx_batch()}) {
  // With jiffies a window is longer or shorter than it says: no bound to check.
  credit_changed_ = configuration.chance(9, 32);
  connect(configuration);
}

void HostileGuest::run(std::span<const Operation> operations) {
  for (const Operation& operation : operations) {
    ++outcomes_.operations;
    ++outcomes_.kinds[static_cast<std::size_t>(guest_kind(operation))];
    perform(operation);
  }
}

void HostileGuest::perform(const Operation& operation) {
  const std::uint32_t queue = back_.is_connected() ? operation.u8(1) % back_.queues() : 0;
  switch (guest_kind(operation)) {
    case GuestKind::kPacket:
      return send_packet(operation);
    case GuestKind::kRingBytes:
      return write_ring_bytes(operation);
    case GuestKind::kHeaderWord:
      return write_header_word(operation);
    case GuestKind::kPush:
      return push(operation);
    case GuestKind::kGrantEntry:
      return write_grant_entry(operation);
    case GuestKind::kPageBytes:
      return write_page_bytes(operation);
    case GuestKind::kPostRx:
      return post_rx(operation);
    case GuestKind::kControl:
      return ask_control(operation);
    case GuestKind::kReceive:
      return receive(operation);
    case GuestKind::kPollTx:
      return static_cast<void>(poll_tx(queue));
    case GuestKind::kPollAll:
      return poll_all();
    case GuestKind::kRunRx:
      return static_cast<void>(run_rx(queue));
    case GuestKind::kPollControl:
      return poll_control();
    case GuestKind::kCreditTimer:
      return on_credit_timer(operation);
    case GuestKind::kTime:
      return let_time_pass(operation);
    case GuestKind::kConnect:
      return connect(operation);
    case GuestKind::kDisconnect:
      return operation.chance(1, 64) ? disconnect() : peek();
    case GuestKind::kMulticastControl:
      return back_.set_multicast_control(operation.chance(1, 128));
    case GuestKind::kHonest:
      return exchange_honest(operation);
    case GuestKind::kReleaseFrames:
      return release_frames(operation.u8(1) % kMostOnWire);
    case GuestKind::kShortOfPages:
      machine_.take_pages(operation.u8(2) % 8);
      static_cast<void>(poll_tx(queue));
      return machine_.give_back();
    case GuestKind::kSetCredit:
      return set_credit(operation);
    case GuestKind::kPeek:
    case GuestKind::kEnd:
      return peek();
  }
}

// New rings, or the old ones: as they are, with a response producer that somebody wrote, or with all answered.
void HostileGuest::connect(const Operation& operation) {
  disconnect();
  const std::uint32_t queues = operation.chance(10, 200) ? max_queues_ : 1 + operation.u8(11) % max_queues_;
  const bool is_new = operation.chance(10, 210) || queues_.size() != queues;
  const std::uint32_t start = operation.chance(12, 128) ? 0 : ~0u - operation.u16(13) % 600;
  const std::size_t bytes = kPageBytes << ring_order_;
  std::vector<std::span<std::byte>> rings;
  for (std::uint32_t ring = 0; ring < 2 * queues; ++ring) rings.push_back(memory_.rings().subspan(ring * bytes, bytes));
  rings.push_back(memory_.rings().subspan(2 * queues * bytes, kPageBytes));
  for (const auto ring : rings) {
    auto& header = *reinterpret_cast<abi::sring_header*>(ring.data());
    if (is_new)
      init_shared_ring(ring, start);
    else if (operation.chance(10, 235))
      header.rsp_prod = header.req_prod;
    else if (operation.chance(10, 246))
      header.rsp_prod += operation.u16(13) % 512;
  }
  if (!is_new) outcomes_.count(Outcome::kReattached);
  std::vector<BackEnd::Queue> back_queues;
  queues_.clear();
  for (std::uint32_t i = 0; i < queues; ++i) {
    queues_.push_back({RingWatch<TxRing>(rings[2 * i]), RingWatch<RxRing>(rings[2 * i + 1])});
    back_queues.push_back({.tx_ring = rings[2 * i], .rx_ring = rings[2 * i + 1], .sink = *this, .rx_sink = *this});
  }
  control_.emplace(rings.back());
  const BackEnd::Control control{.ring = rings.back(), .grants = machine_.copier(), .scratch = machine_.scratch()};
  has_control_ = operation.chance(15, 224);
  const bool connected = back_.connect(now_, back_queues, has_control_ ? &control : nullptr);
  FUZZ_CHECK(connected == (back_.fault() == Fault::kNone) && connected == back_.is_connected());
  FUZZ_CHECK(connected || !is_new);
  fault_ = back_.fault();
  if (!connected) outcomes_.count(fault_);
}

void HostileGuest::disconnect() {
  back_.disconnect(now_);
  FUZZ_CHECK(rx_waiting_frames_ == 0 && !back_.is_connected() && back_.fault() == fault_);
  std::uint32_t pages = 0;
  for (const Frame& frame : on_wire_) pages += (frame.size_bytes + abi::XEN_PAGE_SIZE - 1) / abi::XEN_PAGE_SIZE;
  FUZZ_CHECK(machine_.pages_in_use() == pages);
}

void HostileGuest::finish() {
  if (back_.is_connected()) poll_all();
  honest_.exchange(now_, 1514, 60);
  disconnect();
  release_frames(0);
  FUZZ_CHECK(machine_.pages_in_use() == 0);
  machine_.check_untouched();
  memory_.check();
  // The credit of the window that runs, one a window that has passed, and what may be saved.
  if (!credit_changed_ && credit_.window_ns > 0)
    FUZZ_CHECK(sent_bytes_ <= (now_ / credit_.window_ns + 1) * credit_.bytes +
                                  std::max<std::uint64_t>(credit_.bytes, CreditShaper::kBurstBytes));
}

void HostileGuest::begin_call() {
  frames_in_call_ = expired_in_call_ = rx_slots_in_call_ = 0;
  FUZZ_CHECK(back_.fault() == fault_);
  if (fault_ == Fault::kNone) return;
  dead_rings_.assign(memory_.rings().begin(), memory_.rings().end());
}

void HostileGuest::end_call() {
  // What is saved is bounded, so nothing was debited below zero either.
  FUZZ_CHECK(credit_changed_ ||
             back_.shaper().credit().remaining_bytes() <= std::max(credit_.bytes, CreditShaper::kBurstBytes));
  if (fault_ != Fault::kNone) {
    FUZZ_CHECK(back_.fault() == fault_);
    FUZZ_CHECK(std::memcmp(dead_rings_.data(), memory_.rings().data(), dead_rings_.size()) == 0);
    return;
  }
  fault_ = back_.fault();
  if (fault_ == Fault::kNone) return;
  outcomes_.count(fault_);
  FUZZ_CHECK(!back_.has_carrier());
}

TxBack::Next HostileGuest::poll_tx(std::uint32_t queue) {
  if (!back_.is_connected()) return TxBack::Next::kDisabled;
  RingWatch<TxRing>& watch = queues_[queue].tx;
  begin_call();
  watch.begin();
  const bool was_dead = fault_ != Fault::kNone;
  const TxBack::Polled polled = back_.poll_tx(queue, now_);
  const std::uint32_t answered = watch.end();
  end_call();
  FUZZ_CHECK(!was_dead || (frames_in_call_ == 0 && !polled.notify));
  FUZZ_CHECK(frames_in_call_ <= TxBack::kPollFrames + 1);  // one more is refused
  FUZZ_CHECK((polled.next == TxBack::Next::kDisabled) == (fault_ != Fault::kNone));
  if (polled.next == TxBack::Next::kIdle) FUZZ_CHECK(watch.header().rsp_prod == watch.header().req_prod);
  if (polled.next == TxBack::Next::kWaitForCredit) {
    FUZZ_CHECK(back_.shaper().credit().blocked());
    outcomes_.count(Outcome::kCreditWaits);
  }
  outcomes_.count(Outcome::kTxResponses, answered);
  // What is fatal is not answered.
  if (!was_dead && fault_ != Fault::kNone && fault_ != Fault::kRingOverflow) FUZZ_CHECK(watch.owes());
  check_tx_responses(watch, answered);
  if (on_wire_.size() > kMostOnWire || machine_.free_pages() < Machine::kReservedPages) release_frames(kMostOnWire / 4);
  return polled.next;
}

// Every slot has a status; one whose copy failed has that of an error; a NULL tells nothing.
void HostileGuest::check_tx_responses(const RingWatch<TxRing>& watch, std::uint32_t count) {
  bool any_error = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    const abi::netif_tx_response response = watch.response(watch.answered() - 1 - i);
    const bool is_null = response.status == abi::XEN_NETIF_RSP_NULL;
    const bool is_error = response.status == abi::XEN_NETIF_RSP_ERROR;
    FUZZ_CHECK(is_error || (is_null && response.id == 0) || response.status == abi::XEN_NETIF_RSP_OKAY);
    if (is_error) outcomes_.count(Outcome::kTxErrors);
    if (is_null) outcomes_.count(Outcome::kTxNulls);
    any_error = any_error || is_error;
  }
  FUZZ_CHECK(machine_.copier().take_failures() == 0 || any_error);
}

void HostileGuest::poll_tx_until_idle(std::uint32_t queue) {
  std::uint32_t polls = 0;
  while (poll_tx(queue) == TxBack::Next::kPollAgain) FUZZ_CHECK(++polls < kMostPolls);
}

RxBack::Next HostileGuest::run_rx(std::uint32_t queue) {
  if (!back_.is_connected()) return RxBack::Next::kDisabled;
  RingWatch<RxRing>& watch = queues_[queue].rx;
  begin_call();
  watch.begin();
  const std::uint32_t waited = back_.rx(queue).queued_packets();
  const RxBack::Ran ran = back_.run_rx(queue, now_);
  const std::uint32_t failures = machine_.copier().take_failures();
  if (memory_.grants_rings()) {
    watch.end_anyhow();
  } else {
    FUZZ_CHECK(watch.end() == rx_slots_in_call_);
    std::uint32_t negative = 0;
    for (std::uint32_t i = 0; i < rx_slots_in_call_; ++i)
      negative += watch.response(watch.answered() - 1 - i).status < 0;
    FUZZ_CHECK(negative >= failures);
  }
  if (fault_ == Fault::kNone) FUZZ_CHECK(waited - back_.rx(queue).queued_packets() == frames_in_call_);
  end_call();
  if (fault_ == Fault::kNone) {
    FUZZ_CHECK(expired_in_call_ <= RxBack::kRunFrames && frames_in_call_ - expired_in_call_ <= RxBack::kRunFrames);
    FUZZ_CHECK(ran.next != RxBack::Next::kDisabled && back_.has_carrier() == !is_any_stalled());
    if (back_.rx(queue).stalled()) outcomes_.count(Outcome::kStalls);
    if (ran.next == RxBack::Next::kIdle) FUZZ_CHECK(back_.rx_timer_ns(queue) > now_);
  } else {
    FUZZ_CHECK(ran.next == RxBack::Next::kDisabled && back_.rx(queue).queued_packets() == 0);
    FUZZ_CHECK(back_.rx_timer_ns(queue) == kNever);
  }
  return ran.next;
}

bool HostileGuest::is_any_stalled() const noexcept {
  for (std::uint32_t queue = 0; queue < back_.queues(); ++queue)
    if (back_.rx(queue).stalled()) return true;
  return false;
}

void HostileGuest::run_rx_until_idle(std::uint32_t queue) {
  std::uint32_t runs = 0;
  while (run_rx(queue) == RxBack::Next::kRunAgain) FUZZ_CHECK(++runs < kMostPolls);
}

void HostileGuest::poll_control() {
  begin_call();
  control_->begin();
  const std::vector<std::byte> asked(control_->memory().begin(), control_->memory().end());
  const CtrlBack::Polled polled = back_.poll_control();
  const std::uint32_t answered = control_->end();
  end_call();
  FUZZ_CHECK(answered == polled.answered && answered <= control_->entries());
  FUZZ_CHECK(polled.next == CtrlBack::Next::kDisabled || fault_ == Fault::kNone);
  FUZZ_CHECK(polled.next != CtrlBack::Next::kDisabled || fault_ != Fault::kNone || !has_control_ ||
             !back_.is_connected());
  std::uint32_t refused = 0;
  for (std::uint32_t i = 1; i <= answered; ++i) {
    const abi::netif_ctrl_response response = control_->response(control_->answered() - i);
    abi::netif_ctrl_request request;
    std::memcpy(&request, asked.data() + (control_->slot(control_->answered() - i) - control_->memory().data()),
                sizeof request);
    FUZZ_CHECK(response.id == request.id && response.type == request.type);
    FUZZ_CHECK(response.status <= abi::XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
    refused += response.status != abi::XEN_NETIF_CTRL_STATUS_SUCCESS;
  }
  FUZZ_CHECK(refused >= machine_.copier().take_failures());
  outcomes_.count(Outcome::kControlAnswers, answered);
}

void HostileGuest::poll_all() {
  poll_control();
  for (std::uint32_t queue = 0; queue < back_.queues(); ++queue) {
    poll_tx_until_idle(queue);
    run_rx_until_idle(queue);
  }
}

void run_hostile_guest(std::span<const std::uint8_t> input, Outcomes& outcomes) {
  const std::vector<Operation> operations = decode(input);
  if (operations.empty()) return;
  ++outcomes.lists;
  HostileGuest guest(operations[0], outcomes);
  guest.run(std::span(operations).subspan(1));
  guest.finish();
}

}  // namespace ringback::fuzz
