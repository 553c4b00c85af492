// libFuzzer's way in: a front end with a hostile back end.
#include <cstddef>
#include <cstdint>

#include "fuzz/hostile_back_end.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ringback::fuzz::Outcomes outcomes;
  ringback::fuzz::run_hostile_back_end({data, size}, outcomes);
  return 0;
}
