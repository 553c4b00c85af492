// A world's configuration, read from JavaScript with every type, range and index checked.
#pragma once
#include <napi.h>

#include <vector>

#include "sim/source.h"
#include "sim/world.h"

namespace ringback::addon {

struct WorldOptions {
  struct Tcp {
    TcpConfig config;
    std::uint64_t seed;
  };
  WorldConfig config;
  std::vector<Source> sources;
  std::vector<Tcp> tcp;
};

// Throws ERR_INVALID_ARGUMENT or ERR_OUT_OF_RANGE, naming the option: "options.vifs[3].nic ...".
[[nodiscard]] WorldOptions to_world_options(Napi::Value value);

}  // namespace ringback::addon
