// The addon's entry: each class or function group registers itself here, once an environment.
#include <napi.h>

#include "addon/environment.h"
#include "addon/machine_wrap.h"
#include "addon/ring_back.h"
#include "addon/ring_front.h"
#include "addon/world.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  using namespace ringback::addon;
  init_environment(env, exports);
  MachineWrap::init(env, exports);
  RingBack::init(env, exports);
  RingFront::init(env, exports);
  WorldWrap::init(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(ringback, init)
