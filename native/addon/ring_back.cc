#include "addon/ring_back.h"

namespace ringback::addon {
namespace {

using Ring = std::variant<BackRing<TxRing>, BackRing<RxRing>, BackRing<CtrlRing>>;

template <class R>
Ring attach(Napi::Env env, std::span<std::byte> memory) {
  const auto ring = BackRing<R>::attach(memory);
  if (!ring) throw make_error(env, kPeer, "req_prod - rsp_prod is more than the ring holds: refused to attach");
  return *ring;
}

Ring attach(Napi::Env env, RingKind kind, std::span<std::byte> memory) {
  if (kind == RingKind::tx) return attach<TxRing>(env, memory);
  if (kind == RingKind::rx) return attach<RxRing>(env, memory);
  return attach<CtrlRing>(env, memory);
}

}  // namespace

void RingBack::init(Napi::Env env, Napi::Object exports) {
  exports.Set("RingBack", DefineClass(env, "RingBack",
                                      {
                                          InstanceMethod<&RingBack::consume_requests>("consumeRequests"),
                                          InstanceMethod<&RingBack::push_responses>("pushResponses"),
                                          InstanceMethod<&RingBack::entries>("entries"),
                                          InstanceMethod<&RingBack::unconsumed_requests>("unconsumedRequests"),
                                          InstanceMethod<&RingBack::unanswered_requests>("unansweredRequests"),
                                          InstanceMethod<&RingBack::final_check_for_requests>("finalCheckForRequests"),
                                          InstanceMethod<&RingBack::close>("close"),
                                      }));
}

RingBack::RingBack(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<RingBack>(info),
      memory_(info[1]),
      ring_(attach(info.Env(), to_ring_kind(info[0]), memory_.bytes())) {}

Napi::Value RingBack::consume_requests(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  return std::visit(
      [&](auto& ring) {
        using Request = typename std::remove_cvref_t<decltype(ring)>::Request;
        const Taken taken = ring.consume_requests(to_messages<Request>(info, memory_.bytes()));
        if (taken.overflow)
          throw make_error(info.Env(), kPeer, "req_prod is more than the ring holds: the front end is broken");
        return Napi::Number::New(info.Env(), taken.count);
      },
      ring_);
}

Napi::Value RingBack::push_responses(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  return std::visit(
      [&](auto& ring) {
        using Response = typename std::remove_cvref_t<decltype(ring)>::Response;
        const auto responses = to_messages<Response>(info, memory_.bytes());
        if (responses.size() > ring.unanswered_requests())
          throw make_error(info.Env(), kOutOfRange,
                           "count must be at most " + std::to_string(ring.unanswered_requests()) +
                               ", the requests that were consumed and not answered");
        ring.put_responses(responses);
        return Napi::Boolean::New(info.Env(), !responses.empty() && ring.push_responses_and_check_notify());
      },
      ring_);
}

Napi::Value RingBack::entries(const Napi::CallbackInfo& info) {
  const auto entries = std::visit([](const auto& ring) { return ring.entries(); }, ring_);
  return Napi::Number::New(info.Env(), entries);
}

Napi::Value RingBack::unconsumed_requests(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  const auto count = std::visit([](auto& ring) { return ring.unconsumed_requests(); }, ring_);
  return Napi::Number::New(info.Env(), count);
}

Napi::Value RingBack::unanswered_requests(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  const auto count = std::visit([](const auto& ring) { return ring.unanswered_requests(); }, ring_);
  return Napi::Number::New(info.Env(), count);
}

Napi::Value RingBack::final_check_for_requests(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  const bool work = std::visit([](auto& ring) { return ring.final_check_for_requests(); }, ring_);
  return Napi::Boolean::New(info.Env(), work);
}

void RingBack::close(const Napi::CallbackInfo&) { memory_.release(); }

}  // namespace ringback::addon
