#include "addon/ring_front.h"

namespace ringback::addon {
namespace {

using Ring = std::variant<FrontRing<TxRing>, FrontRing<RxRing>, FrontRing<CtrlRing>>;

Ring make_ring(RingKind kind, std::span<std::byte> memory, abi::RING_IDX start) {
  if (kind == RingKind::tx) return FrontRing<TxRing>(memory, start);
  if (kind == RingKind::rx) return FrontRing<RxRing>(memory, start);
  return FrontRing<CtrlRing>(memory, start);
}

}  // namespace

void RingFront::init(Napi::Env env, Napi::Object exports) {
  exports.Set("RingFront",
              DefineClass(env, "RingFront",
                          {
                              InstanceMethod<&RingFront::push_requests>("pushRequests"),
                              InstanceMethod<&RingFront::consume_responses>("consumeResponses"),
                              InstanceMethod<&RingFront::entries>("entries"),
                              InstanceMethod<&RingFront::free_requests>("freeRequests"),
                              InstanceMethod<&RingFront::unconsumed_responses>("unconsumedResponses"),
                              InstanceMethod<&RingFront::final_check_for_responses>("finalCheckForResponses"),
                              InstanceMethod<&RingFront::close>("close"),
                          }));
}

RingFront::RingFront(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<RingFront>(info),
      memory_(info[1]),
      ring_(make_ring(to_ring_kind(info[0]), memory_.bytes(),
                      static_cast<abi::RING_IDX>(to_integer(info[2], "startIndex", 0, UINT32_MAX)))) {}

Napi::Value RingFront::push_requests(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  return std::visit(
      [&](auto& ring) {
        using Request = typename std::remove_cvref_t<decltype(ring)>::Request;
        const std::uint32_t count = ring.put_requests(to_messages<Request>(info, memory_.bytes()));
        const bool notify = count > 0 && ring.push_requests_and_check_notify();
        return Napi::Number::New(info.Env(), 2 * count + (notify ? 1 : 0));
      },
      ring_);
}

Napi::Value RingFront::consume_responses(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  return std::visit(
      [&](auto& ring) {
        using Response = typename std::remove_cvref_t<decltype(ring)>::Response;
        const Taken taken = ring.consume_responses(to_messages<Response>(info, memory_.bytes()));
        if (taken.overflow)
          throw make_error(info.Env(), kPeer, "rsp_prod is beyond the requests: the back end is broken");
        return Napi::Number::New(info.Env(), taken.count);
      },
      ring_);
}

Napi::Value RingFront::entries(const Napi::CallbackInfo& info) {
  const auto entries = std::visit([](const auto& ring) { return ring.entries(); }, ring_);
  return Napi::Number::New(info.Env(), entries);
}

Napi::Value RingFront::free_requests(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  const auto count = std::visit([](const auto& ring) { return ring.free_requests(); }, ring_);
  return Napi::Number::New(info.Env(), count);
}

Napi::Value RingFront::unconsumed_responses(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  const auto count = std::visit([](const auto& ring) { return ring.unconsumed_responses(); }, ring_);
  return Napi::Number::New(info.Env(), count);
}

Napi::Value RingFront::final_check_for_responses(const Napi::CallbackInfo& info) {
  memory_.check(info.Env());
  const bool work = std::visit([](auto& ring) { return ring.final_check_for_responses(); }, ring_);
  return Napi::Boolean::New(info.Env(), work);
}

void RingFront::close(const Napi::CallbackInfo&) { memory_.release(); }

}  // namespace ringback::addon
