#include "addon/environment.h"

namespace ringback::addon {
namespace {

Napi::Value set_error_class(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsFunction())
    throw Napi::TypeError::New(info.Env(), "setErrorClass(errorClass: new (code, message) => Error)");
  info.Env().GetInstanceData<Environment>()->error_class = Napi::Persistent(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

}  // namespace

Napi::Error make_error(Napi::Env env, const char* code, const std::string& message) {
  const auto& error_class = env.GetInstanceData<Environment>()->error_class;
  if (error_class.IsEmpty()) return Napi::Error::New(env, message);
  const auto error = error_class.New({Napi::String::New(env, code), Napi::String::New(env, message)});
  return Napi::Error(env, error);
}

void init_environment(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment);  // Node-API deletes it with the environment
  exports.Set("setErrorClass", Napi::Function::New(env, set_error_class, "setErrorClass"));
}

}  // namespace ringback::addon
