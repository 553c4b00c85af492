// What the queues of one vif have in common.
#pragma once
#include <cstdint>

#include "abi/grant_table.h"
#include "shaping/vif_shaper.h"
#include "vif/fault.h"
#include "vif/multicast_list.h"
#include "vif/tx_batch.h"

namespace ringback {

struct VifState {
  abi::domid_t guest = 0;
  VifShaper shaper;  // one bucket a vif, whatever its queues
  MulticastList multicast;
  Fault fault = Fault::kNone;
  std::uint32_t batch_frames = TxBatch::kFrames;  // frames that a poll takes at most, and a run places: NAPI's weight
  bool always_notify = false;                     // of each response published, whether the guest asked to be or not

  // The first fault is the reason; what follows it means nothing. Only sets a flag: what runs now ends by itself, so
  // nothing is freed while the data path uses it (XSA-90, XSA-374).
  void disable(Fault why) noexcept {
    if (fault == Fault::kNone) fault = why;
  }
};

}  // namespace ringback
