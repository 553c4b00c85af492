// The addon's entry: each class or function group registers itself here, once an environment.
#include <napi.h>

#include "addon/environment.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  using namespace ringback::addon;
  init_environment(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(ringback, init)
