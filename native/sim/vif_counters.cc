#include "sim/vif_counters.h"

#include "base/assert.h"

namespace ringback {
namespace {

constexpr std::array kPlaces = {"Offered", "Arrived", "Copied", "Delivered", "Forwarded", "Queued"};

using Row = std::array<Tally, kPlaces.size() + kCauses>;

Row row_of(const Account& account, const Tally& queued) noexcept {
  Row row{account.offered, account.arrived, account.copied, account.delivered, account.forwarded, queued};
  for (std::size_t i = 0; i < kCauses; ++i) row[kPlaces.size() + i] = account.drops[i];
  return row;
}

std::vector<std::string> make_names() {
  std::vector<std::string> names;
  for (const std::string direction : {"tx", "rx"}) {
    const auto both = [&](const std::string& what) {
      names.push_back(direction + what + "Packets");
      names.push_back(direction + what + "Bytes");
    };
    for (const char* place : kPlaces) both(place);
    for (const char* cause : kCauseNames) both(std::string("Dropped") + cause);
  }
  for (const char* name : {"heldBackNs", "notifiesToBack", "notifiesToFront", "spuriousEvents", "txShapedBytes"})
    names.push_back(name);
  RB_ASSERT(names.size() == kVifCounters);
  return names;
}

void fold_tally(TraceHash& hash, const Tally& tally) noexcept {
  hash.fold(tally.packets);
  hash.fold(tally.bytes);
}

// What came later than the hash: folded where there is any, with its place.
void fold_rest(TraceHash& hash, const Row& row, std::span<const std::size_t> places, std::uint64_t mark) noexcept {
  for (const std::size_t place : places) {
    if (row[place].packets == 0) continue;
    hash.fold(mark << 32 | place);
    fold_tally(hash, row[place]);
  }
}

}  // namespace

const std::vector<std::string>& vif_counter_names() {
  static const std::vector<std::string> names = make_names();
  return names;
}

VifCounters vif_counters(const VifPath& vif, TimeNs now) {
  const VifPath::Counts counts = vif.counts(now);
  VifCounters values;
  std::size_t at = 0;
  for (const Row& row : {row_of(counts.tx, counts.tx_queued), row_of(counts.rx, counts.rx_queued)})
    for (const Tally& tally : row) {
      values[at++] = tally.packets;
      values[at++] = tally.bytes;
    }
  for (const std::uint64_t value : {counts.held_back_ns, counts.notifies_to_back, counts.notifies_to_front,
                                    counts.spurious_events, counts.shaped_bytes})
    values[at++] = value;
  RB_ASSERT(at == values.size());
  return values;
}

void fold_vif(TraceHash& hash, const VifPath& vif, TimeNs now) {
  const VifPath::Counts counts = vif.counts(now);
  const Row tx = row_of(counts.tx, counts.tx_queued);
  hash.fold(counts.tx.drops_trace.value());
  // offered, delivered, queued, and the drops by backlog, error and NIC
  for (const std::size_t place : {0u, 3u, 5u, 6u, 7u, 8u}) fold_tally(hash, tx[place]);
  hash.fold(counts.held_back_ns);
  constexpr std::array<std::size_t, 13> kTxRest = {1, 2, 4, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  fold_rest(hash, tx, kTxRest, 1);
  const Row rx = row_of(counts.rx, counts.rx_queued);
  if (rx[0].packets == 0 && rx[1].packets == 0) return;
  hash.fold(counts.rx.drops_trace.value());
  hash.fold(vif.received_trace().value());
  constexpr std::array<std::size_t, 2> kRxRest = {17, 18};
  for (const Tally& tally : std::span(rx).first<kRxRest.front()>()) fold_tally(hash, tally);
  fold_rest(hash, rx, kRxRest, 2);
}

}  // namespace ringback
