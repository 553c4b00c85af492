#include "fuzz/hostile_back_end.h"

#include <algorithm>
#include <cstring>

#include "fuzz/check.h"
#include "fuzz/machine.h"

namespace ringback::fuzz {
namespace {

constexpr std::uint32_t kMaxQueues = 2;
constexpr FrontEnd::Layout kLargest{.queues = kMaxQueues, .control_ring = true};
constexpr std::uint32_t kGuestPages = kMaxQueues * 2 * 257 + 2;  // FrontEnd::pages_needed(kLargest)
constexpr abi::domid_t kGuest = 7;
constexpr std::uint32_t kDriverPages = 2;

std::shared_ptr<Domain> make_guest() {
  FUZZ_CHECK(FrontEnd::pages_needed(kLargest) == kGuestPages);
  return std::make_shared<Domain>(
      kGuest, PageArena(reused_pages<kGuest, kGuestPages>()),
      GrantTable(abi::GNTTAB_NR_RESERVED_ENTRIES + FrontEnd::grants_needed(kLargest), Sharing::kOneThread));
}

}  // namespace

HostileBackEnd::HostileBackEnd(const Operation& configuration, Outcomes& outcomes)
    : outcomes_(outcomes),
      queues_(configuration.chance(1, 160) ? 1 : kMaxQueues),
      has_control_(configuration.chance(2, 160)),
      guest_(make_guest()),
      driver_(std::make_shared<Domain>(kDriverDomain, PageArena(kDriverPages),
                                       GrantTable(abi::GNTTAB_NR_RESERVED_ENTRIES, Sharing::kOneThread))),
      all_pages_(guest_->arena.free_pages()) {
  FUZZ_CHECK(domains_.add(guest_) && domains_.add(driver_));
  open();
}

void HostileBackEnd::open() {
  front_ = std::make_unique<FrontEnd>(*guest_, kDriverDomain,
                                      FrontEnd::Layout{.queues = queues_, .control_ring = has_control_});
  peers_.assign(queues_, {});
  faults_ = {.tx = std::vector<Fault>(queues_, Fault::kNone), .rx = std::vector<Fault>(queues_, Fault::kNone)};
}

// The guest is done with the device. Whatever is still in use it does without, for ever.
void HostileBackEnd::close() {
  front_.reset();
  std::vector<bool> pages_in_use(kGuestPages, false);
  std::vector<bool> refs_in_use(guest_->grants.entries(), false);
  for (const Pinned& pin : pinned_) pages_in_use[pin.frame] = refs_in_use[pin.ref] = true;
  const auto pages = static_cast<std::uint32_t>(std::ranges::count(pages_in_use, true));
  const auto refs = static_cast<std::uint32_t>(std::ranges::count(refs_in_use, true));
  FUZZ_CHECK(guest_->arena.free_pages() == all_pages_ - pages);
  FUZZ_CHECK(guest_->grants.in_use() == refs);
  for (std::uint32_t ref = 0; ref < guest_->grants.entries(); ++ref)
    FUZZ_CHECK(guest_->grants.is_granted(ref) == refs_in_use[ref]);
}

void HostileBackEnd::finish(const Operation& configuration) {
  if (configuration.chance(3, 128))
    while (!pinned_.empty()) unpin(0);
  close();
}

void HostileBackEnd::run(std::span<const Operation> operations) {
  for (const Operation& operation : operations) {
    ++outcomes_.operations;
    ++outcomes_.kinds[static_cast<std::size_t>(back_end_kind(operation))];
    perform(operation);
    check_faults();
  }
}

void HostileBackEnd::perform(const Operation& operation) {
  const std::uint32_t queue = operation.u8(1) % queues_;
  switch (back_end_kind(operation)) {
    case BackEndKind::kTransmit:
      return transmit(operation);
    case BackEndKind::kMulticast:
      return request_multicast(operation);
    case BackEndKind::kReap:
      return reap(queue);
    case BackEndKind::kPost:
      return static_cast<void>(front_->rx(queue).post(1 + operation.u8(2) % 48));
    case BackEndKind::kReceive:
      return receive(queue);
    case BackEndKind::kAsk:
      return ask(operation);
    case BackEndKind::kPollControl:
      return poll_control();
    case BackEndKind::kRingBytes:
      return write_ring_bytes(operation);
    case BackEndKind::kHeaderWord:
      return write_header_word(operation);
    case BackEndKind::kAnswerTx:
      return answer_tx(operation, queue);
    case BackEndKind::kDeliver:
      return deliver(operation, queue);
    case BackEndKind::kAnswerControl:
      return answer_control(operation);
    case BackEndKind::kPushResponses:
      reinterpret_cast<abi::sring_header*>(ring(operation.u8(1)).data())->rsp_prod += operation.u8(2) % 20;
      return;
    case BackEndKind::kPin:
      return pin(operation);
    case BackEndKind::kUnpin:
      if (!pinned_.empty()) unpin(operation.u8(2) % pinned_.size());
      return;
    case BackEndKind::kWritePages:
      return write_pages(static_cast<std::uint8_t>(operation.u8(2)));
    case BackEndKind::kRecreate:
    case BackEndKind::kEnd:
      return reopen();
  }
}

// The first fault of a queue is its last one, and is counted once.
void HostileBackEnd::check_faults() {
  const auto check = [&](Fault now, Fault& before) {
    FUZZ_CHECK(before == Fault::kNone || now == before);
    if (now != before) outcomes_.count(now);
    before = now;
  };
  for (std::uint32_t queue = 0; queue < queues_; ++queue) {
    check(front_->tx(queue).fault(), faults_.tx[queue]);
    check(front_->rx(queue).fault(), faults_.rx[queue]);
    if (faults_.tx[queue] != Fault::kNone)
      FUZZ_CHECK(!front_->tx(queue).has_room({.size_bytes = 60}) && !front_->tx(queue).has_control_room());
  }
  if (has_control_) check(front_->control()->fault(), faults_.control);
}

// Of what may be written, as much is granted as is posted; a slot that was answered while in use is a fault.
void HostileBackEnd::check_grants() const {
  std::uint32_t writable = 0;
  std::vector<bool> is_ring(kGuestPages, false);
  for (std::uint32_t number = 0; number < rings(); ++number)
    is_ring[static_cast<std::size_t>(ring(number).data() - guest_->arena.memory().data()) / kPageBytes] = true;
  for (std::uint32_t ref = 0; ref < guest_->grants.entries(); ++ref) {
    if (!guest_->grants.is_granted(ref)) continue;
    FUZZ_CHECK(ref >= abi::GNTTAB_NR_RESERVED_ENTRIES);
    const abi::grant_entry_v1 entry = guest_->grants.load(ref);
    FUZZ_CHECK((entry.flags & abi::GTF_type_mask) == abi::GTF_permit_access && entry.domid == kDriverDomain);
    FUZZ_CHECK(entry.frame < kGuestPages && !is_ring[entry.frame] && guest_->arena.is_allocated(entry.frame));
    if ((entry.flags & abi::GTF_readonly) == 0) ++writable;
  }
  std::uint32_t posted = 0;
  for (std::uint32_t queue = 0; queue < queues_; ++queue) {
    if (faults_.rx[queue] != Fault::kNone) return;
    posted += front_->rx(queue).posted();
  }
  FUZZ_CHECK(writable == posted);
}

// A guest whose device is dead mostly opens it again at once: there is more to see in front of a living one.
void HostileBackEnd::reopen() {
  while (!pinned_.empty()) unpin(0);
  close();
  open();
}

void HostileBackEnd::reap(std::uint32_t queue) {
  const std::uint64_t errors = front_->tx(queue).error_responses();
  front_->tx(queue).reap();
  outcomes_.count(Outcome::kFrontErrors, front_->tx(queue).error_responses() - errors);
}

void HostileBackEnd::transmit(const Operation& operation) {
  if (front_->fault() != Fault::kNone && operation.chance(15, 96)) return reopen();
  TxFront& tx = front_->tx(operation.u8(1) % queues_);
  Frame frame{.size_bytes = std::max<std::uint32_t>(14, operation.u16(2))};
  if (operation.chance(4, 200)) frame.size_bytes = 14 + frame.size_bytes % 1501;
  if (operation.chance(5, 48)) {
    frame.gso_size_bytes = 1448;
    frame.gso_type = abi::XEN_NETIF_GSO_TYPE_TCPV6;
  }
  if (operation.chance(6, 48)) frame.hash_type = static_cast<std::uint8_t>(1 + operation.u8(6) % 4);
  if (!tx.has_room(frame)) return;
  std::memcpy(tx.next_page(0).data(), operation.bytes(2).data(), 14);
  tx.transmit(frame);
  if (operation.chance(7, 192)) static_cast<void>(tx.push());
  outcomes_.count(Outcome::kFrontTransmitted);
}

void HostileBackEnd::request_multicast(const Operation& operation) {
  TxFront& tx = front_->tx(operation.u8(1) % queues_);
  if (!tx.has_control_room()) return;
  tx.request_multicast(operation.chance(2, 128), {1, 0, 94, 0, 0, 1});
  static_cast<void>(tx.push());
}

void HostileBackEnd::receive(std::uint32_t queue) {
  RxFront& rx = front_->rx(queue);
  const bool was_dead = rx.fault() != Fault::kNone;
  const std::uint64_t errors = rx.error_frames();
  const std::uint32_t posted = rx.posted();
  const bool any = rx.receive(*this);
  FUZZ_CHECK(!was_dead || (!any && rx.posted() == posted && !rx.post()));
  outcomes_.count(Outcome::kFrontErrorFrames, rx.error_frames() - errors);
  faults_.rx[queue] = rx.fault();
  if (!was_dead && rx.fault() != Fault::kNone) outcomes_.count(rx.fault());
  check_grants();
}

void HostileBackEnd::ask(const Operation& operation) {
  CtrlFront* control = front_->control();
  if (!control || !control->may_ask()) return;
  const std::array<std::uint32_t, 4> entries{};
  switch (operation.u8(2) % 8) {
    case 0:
      return static_cast<void>(control->get_flags());
    case 1:
      return static_cast<void>(control->set_key(std::as_bytes(std::span(entries))));
    case 2:
      return static_cast<void>(control->set_mapping_size(4));
    case 3:
      return static_cast<void>(control->set_mapping(0, entries));
    default:
      return static_cast<void>(control->configure({.mapping = {0, 0, 0, 0}}));
  }
}

void HostileBackEnd::poll_control() {
  CtrlFront* control = front_->control();
  if (!control) return;
  const bool was_dead = control->fault() != Fault::kNone;
  const CtrlFront::Polled polled = control->poll();
  const bool is_dead = control->fault() != Fault::kNone;
  FUZZ_CHECK((polled.next == CtrlFront::Next::kDisabled) == is_dead && (!is_dead || !control->may_ask()));
  FUZZ_CHECK(!was_dead || !polled.notify);
  if (polled.next == CtrlFront::Next::kAnswered || polled.next == CtrlFront::Next::kConfigured)
    outcomes_.count(Outcome::kFrontAnswers);
}

// Tries to change the frame while the consumer has it: through every page in use and every reference ever seen.
void HostileBackEnd::received(const RxFrame& frame) {
  FUZZ_CHECK(frame.size_bytes >= 14 && frame.size_bytes <= abi::XEN_NETIF_MAX_TX_SIZE);
  FUZZ_CHECK(frame.hash_type <= 4 && (frame.gso_size_bytes == 0 || frame.gso_type == 1 || frame.gso_type == 2));
  const auto memory = guest_->arena.memory();
  std::vector<std::byte> before;
  before.reserve(frame.size_bytes);
  for (const auto part : frame.parts) {
    if (part.empty()) continue;
    FUZZ_CHECK(part.data() >= memory.data() && part.data() + part.size() <= memory.data() + memory.size());
    const auto at = static_cast<std::size_t>(part.data() - memory.data());
    FUZZ_CHECK(at / kPageBytes == (at + part.size() - 1) / kPageBytes);
    before.insert(before.end(), part.begin(), part.end());
  }
  FUZZ_CHECK(before.size() == frame.size_bytes);
  write_pages(static_cast<std::uint8_t>(~std::to_integer<unsigned>(before[0])));
  const std::byte* expected = before.data();
  for (const auto part : frame.parts) {
    FUZZ_CHECK(part.empty() || std::memcmp(part.data(), expected, part.size()) == 0);
    expected += part.size();
  }
  outcomes_.count(Outcome::kFrontReceived);
}

void run_hostile_back_end(std::span<const std::uint8_t> input, Outcomes& outcomes) {
  const std::vector<Operation> operations = decode(input);
  if (operations.empty()) return;
  ++outcomes.lists;
  HostileBackEnd back_end(operations[0], outcomes);
  back_end.run(std::span(operations).subspan(1));
  back_end.finish(operations[0]);
}

}  // namespace ringback::fuzz
