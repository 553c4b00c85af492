// libFuzzer's way in: a back end with a hostile guest.
#include <cstddef>
#include <cstdint>

#include "fuzz/hostile_guest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ringback::fuzz::Outcomes outcomes;
  ringback::fuzz::run_hostile_guest({data, size}, outcomes);
  return 0;
}
