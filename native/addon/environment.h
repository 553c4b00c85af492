// What one Node environment (main thread or worker) keeps, and how the addon reports errors.
#pragma once
#include <napi.h>

#include <string>

namespace ringback::addon {

// One an environment: workers never share JavaScript objects, so nothing here is global.
struct Environment {
  Napi::FunctionReference error_class;  // lib/errors.ts RingbackError, handed over by native.ts
};

// The codes that native code may report; lib/errors.ts documents them for users.
inline constexpr const char* kInvalidArgument = "ERR_INVALID_ARGUMENT";  // wrong type
inline constexpr const char* kOutOfRange = "ERR_OUT_OF_RANGE";           // right type, impossible value
inline constexpr const char* kClosed = "ERR_CLOSED";                     // used after close()
inline constexpr const char* kState = "ERR_STATE";                       // not possible now
inline constexpr const char* kPeer = "ERR_PEER";                         // the other side broke the protocol

// A RingbackError to throw. Requires: native.ts has called setErrorClass (it does so on loading).
[[nodiscard]] Napi::Error make_error(Napi::Env env, const char* code, const std::string& message);

void init_environment(Napi::Env env, Napi::Object exports);

}  // namespace ringback::addon
