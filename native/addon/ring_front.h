#pragma once
#include <napi.h>

#include <variant>

#include "addon/ring_memory.h"
#include "ring/front_ring.h"

namespace ringback::addon {

// new RingFront(kind, bytes, startIndex): ring/front_ring.h for JavaScript. Messages cross as words of a Uint32Array.
class RingFront : public Napi::ObjectWrap<RingFront> {
 public:
  static void init(Napi::Env env, Napi::Object exports);
  explicit RingFront(const Napi::CallbackInfo& info);

 private:
  using Ring = std::variant<FrontRing<TxRing>, FrontRing<RxRing>, FrontRing<CtrlRing>>;

  // pushRequests(words, count): what fits is published. 2 * how many fit, + 1 when the back end must be notified.
  Napi::Value push_requests(const Napi::CallbackInfo& info);
  // consumeResponses(words, count): how many came, at most count. ERR_PEER when rsp_prod is impossible.
  Napi::Value consume_responses(const Napi::CallbackInfo& info);
  Napi::Value entries(const Napi::CallbackInfo& info);
  Napi::Value free_requests(const Napi::CallbackInfo& info);
  Napi::Value unconsumed_responses(const Napi::CallbackInfo& info);
  Napi::Value final_check_for_responses(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  RingMemory memory_;
  Ring ring_;  // views memory_: used only after memory_.check()
};

}  // namespace ringback::addon
