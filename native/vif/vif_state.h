// What the queues of one vif have in common.
#pragma once
#include "abi/grant_table.h"
#include "shaping/credit_shaper.h"
#include "vif/fault.h"
#include "vif/multicast_list.h"

namespace ringback {

struct VifState {
  abi::domid_t guest = 0;
  CreditShaper shaper;  // one bucket a vif, whatever its queues
  MulticastList multicast;
  Fault fault = Fault::kNone;

  // The first fault is the reason; what follows it means nothing. Only sets a flag: what runs now ends by itself, so
  // nothing is freed while the data path uses it (XSA-90, XSA-374).
  void disable(Fault why) noexcept {
    if (fault == Fault::kNone) fault = why;
  }
};

}  // namespace ringback
