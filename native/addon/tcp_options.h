// A source of TCP connections, read from JavaScript with every type, range and index checked.
#pragma once
#include "addon/fields.h"
#include "sim/tcp_connection.h"
#include "sim/world.h"

namespace ringback::addon {

// Throws ERR_INVALID_ARGUMENT or ERR_OUT_OF_RANGE, naming the option: "options.sources[3].rttNs ...".
[[nodiscard]] TcpConfig to_tcp(const Fields& source, const WorldConfig& world);

}  // namespace ringback::addon
