#pragma once
#include <napi.h>

#include <variant>

#include "addon/ring_memory.h"
#include "ring/back_ring.h"

namespace ringback::addon {

// new RingBack(kind, bytes): ring/back_ring.h for JavaScript; ERR_PEER when attaching is refused. Messages cross as
// words of a Uint32Array.
class RingBack : public Napi::ObjectWrap<RingBack> {
 public:
  static void init(Napi::Env env, Napi::Object exports);
  explicit RingBack(const Napi::CallbackInfo& info);

 private:
  using Ring = std::variant<BackRing<TxRing>, BackRing<RxRing>, BackRing<CtrlRing>>;

  // consumeRequests(words, count): how many came, at most count. ERR_PEER when req_prod is impossible.
  Napi::Value consume_requests(const Napi::CallbackInfo& info);
  // pushResponses(words, count): all are published, at most unansweredRequests(). Whether the front end must be
  // notified.
  Napi::Value push_responses(const Napi::CallbackInfo& info);
  Napi::Value entries(const Napi::CallbackInfo& info);
  Napi::Value unconsumed_requests(const Napi::CallbackInfo& info);
  Napi::Value unanswered_requests(const Napi::CallbackInfo& info);
  Napi::Value final_check_for_requests(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  RingMemory memory_;
  Ring ring_;  // views memory_: used only after memory_.check()
};

}  // namespace ringback::addon
