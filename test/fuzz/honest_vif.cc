#include "fuzz/honest_vif.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "fuzz/check.h"

namespace ringback::fuzz {
namespace {

constexpr FrontEnd::Layout kLayout{};
constexpr std::uint32_t kPages = 2 * 257;  // FrontEnd::pages_needed(kLayout)
constexpr std::uint32_t kPosted = 24;      // more than the largest frame takes
constexpr std::uint32_t kNumbers = 251;

// A frame's bytes are a window of these, another one for each of kNumbers frames.
const std::byte* pattern() {
  static const auto bytes = [] {
    auto made = std::make_unique<std::array<std::byte, 65536 + kNumbers>>();
    for (std::size_t i = 0; i < made->size(); ++i) (*made)[i] = static_cast<std::byte>(i * 7 + (i >> 8) * 11 + 3);
    return made;
  }();
  return bytes->data();
}

std::shared_ptr<Domain> make_guest() {
  FUZZ_CHECK(FrontEnd::pages_needed(kLayout) == kPages);
  return std::make_shared<Domain>(
      kHonestGuest, PageArena(reused_pages<kHonestGuest, kPages>()),
      GrantTable(abi::GNTTAB_NR_RESERVED_ENTRIES + FrontEnd::grants_needed(kLayout), Sharing::kOneThread));
}

}  // namespace

HonestVif::HonestVif(Machine& machine, Outcomes& outcomes)
    : machine_(machine),
      outcomes_(outcomes),
      guest_(make_guest()),
      front_(std::make_unique<FrontEnd>(*guest_, kDriverDomain, kLayout)),
      back_({.guest = kHonestGuest,
             .shaper = CreditShaper(),
             .grants = machine.copier(),
             .buffers = machine.buffers(),
             .tx_batch = machine.tx_batch()}) {
  FUZZ_CHECK(machine.domains().add(guest_));
  const BackEnd::Queue queue{
      .tx_ring = front_->tx(0).ring_memory(), .rx_ring = front_->rx(0).ring_memory(), .sink = *this, .rx_sink = *this};
  FUZZ_CHECK(back_.connect(0, {&queue, 1}));
}

const std::byte* HonestVif::expected_bytes() const noexcept { return pattern() + number_ % kNumbers; }

void HonestVif::exchange(TimeNs now, std::uint32_t sent_bytes, std::uint32_t received_bytes) {
  size_bytes_ = sent_bytes;
  send(now);
  size_bytes_ = received_bytes;
  receive(now);
  FUZZ_CHECK(front_->fault() == Fault::kNone && back_.fault() == Fault::kNone && back_.has_carrier());
  FUZZ_CHECK(guest_->grants.in_use() == front_->rx(0).posted());
  outcomes_.count(Outcome::kHonestFrames, 2);
}

void HonestVif::send(TimeNs now) {
  TxFront& tx = front_->tx(0);
  ++number_;
  arrived_ = false;
  for (std::uint32_t done = 0; done < size_bytes_; done += abi::XEN_PAGE_SIZE)
    std::memcpy(tx.next_page(done / abi::XEN_PAGE_SIZE).data(), expected_bytes() + done,
                std::min(size_bytes_ - done, abi::XEN_PAGE_SIZE));
  tx.transmit({.size_bytes = size_bytes_});
  static_cast<void>(tx.push());
  FUZZ_CHECK(back_.poll_tx(0, now).next == TxBack::Next::kIdle);
  FUZZ_CHECK(arrived_);
  tx.reap();
  FUZZ_CHECK(tx.error_responses() == 0);
}

void HonestVif::receive(TimeNs now) {
  RxFront& rx = front_->rx(0);
  static_cast<void>(rx.post(kPosted - rx.posted()));
  ++number_;
  arrived_ = false;
  const Frame frame{.size_bytes = size_bytes_, .buffer = machine_.buffers().allocate(size_bytes_)};
  FUZZ_CHECK(frame.buffer != kNoBuffer);
  std::uint32_t done = 0;
  for (BufferRef page = frame.buffer; done < size_bytes_; page = machine_.buffers().next(page)) {
    const auto bytes = machine_.buffers().writable_bytes(page);
    std::memcpy(bytes.data(), expected_bytes() + done, std::min<std::size_t>(bytes.size(), size_bytes_ - done));
    done += static_cast<std::uint32_t>(bytes.size());
  }
  machine_.claim(frame, PageOwner::kToHonest);
  const std::size_t header_bytes = std::min<std::size_t>(size_bytes_, kHashedHeaderBytes);
  FUZZ_CHECK(back_.receive(now, frame, {expected_bytes(), header_bytes}).result == BackEnd::Received::kQueued);
  FUZZ_CHECK(back_.run_rx(0, now).next == RxBack::Next::kIdle);
  FUZZ_CHECK(rx.receive(*this) && arrived_);
}

void HonestVif::transmit(TimeNs, std::span<const Frame> frames) {
  FUZZ_CHECK(frames.size() == 1 && !arrived_ && frames[0].size_bytes == size_bytes_);
  std::uint32_t done = 0;
  for (BufferRef page = frames[0].buffer; done < size_bytes_; page = machine_.buffers().next(page)) {
    const auto bytes = machine_.buffers().bytes(page);
    FUZZ_CHECK(std::memcmp(bytes.data(), expected_bytes() + done,
                           std::min<std::size_t>(bytes.size(), size_bytes_ - done)) == 0);
    done += static_cast<std::uint32_t>(bytes.size());
  }
  machine_.buffers().release(frames[0].buffer);
  arrived_ = true;
}

void HonestVif::received(const RxFrame& frame) {
  FUZZ_CHECK(!arrived_ && frame.size_bytes == size_bytes_);
  const std::byte* expected = expected_bytes();
  for (const auto part : frame.parts) {
    FUZZ_CHECK(std::memcmp(part.data(), expected, part.size()) == 0);
    expected += part.size();
  }
  FUZZ_CHECK(expected == expected_bytes() + size_bytes_);
  arrived_ = true;
}

void HonestVif::placed(TimeNs, const Frame& frame) { machine_.disown(frame, PageOwner::kToHonest); }

void HonestVif::dropped(TimeNs, const Frame&) { FUZZ_CHECK(false); }

void HonestVif::lost(TimeNs, const Frame&, RxDrop) { FUZZ_CHECK(false); }

}  // namespace ringback::fuzz
