// A vif's counters as one row of numbers with names.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/trace.h"
#include "sim/vif_path.h"

namespace ringback {

// For each direction ("tx", "rx") six places of a frame and each cause of a drop, each in "Packets" and "Bytes"; then
// the five that are no frames. All but Queued are cumulative.
inline constexpr std::size_t kVifCounters = 2 * (6 + kCauses) * 2 + 5;

using VifCounters = std::array<std::uint64_t, kVifCounters>;

// "txOfferedPackets", ..., "rxDroppedLinkBytes", "heldBackNs", "notifiesToBack", "notifiesToFront", "spuriousEvents",
// "txShapedBytes": of frames that the vif's shaper let go.
[[nodiscard]] const std::vector<std::string>& vif_counter_names();

[[nodiscard]] VifCounters vif_counters(const VifPath& vif, TimeNs now);

// Of all that an optimisation must not change: what was lost when and why, and what is counted. A vif that has received
// nothing folds as it did before there was anything to receive.
void fold_vif(TraceHash& hash, const VifPath& vif, TimeNs now);

}  // namespace ringback
