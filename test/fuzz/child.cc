#include "fuzz/child.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "fuzz/check.h"
#include "fuzz/operations.h"

namespace ringback::fuzz {

Progress& shared_progress() {
  void* memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  FUZZ_CHECK(memory != MAP_FAILED);
  return *std::construct_at(static_cast<Progress*>(memory));
}

void watch_input() { alarm(kInputSeconds); }

pid_t start_child(const std::function<void()>& work, bool quiet) {
  std::fflush(nullptr);
  const pid_t child = fork();
  FUZZ_CHECK(child >= 0);
  if (child > 0) return child;
  if (quiet) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
  }
  work();
  std::exit(0);  // and with it the search for leaks
}

bool wait_for(pid_t child) {
  int status = 0;
  FUZZ_CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool survives(const Target& target, std::span<const std::uint8_t> input, bool quiet) {
  return wait_for(start_child(
      [&] {
        watch_input();
        Outcomes outcomes;
        target.run(input, outcomes);
      },
      quiet));
}

std::vector<std::uint8_t> shrink(const Target& target, std::vector<std::uint8_t> input) {
  for (std::size_t chunk = input.size() / 2 / kOperationBytes; chunk > 0; chunk /= 2) {
    const std::size_t bytes = chunk * kOperationBytes;
    for (std::size_t at = kOperationBytes; at < input.size();) {  // the configuration stays
      std::vector<std::uint8_t> shorter = input;
      const auto from = shorter.begin() + static_cast<std::ptrdiff_t>(at);
      shorter.erase(from, from + static_cast<std::ptrdiff_t>(std::min(bytes, input.size() - at)));
      if (survives(target, shorter, true))
        at += bytes;
      else
        input = std::move(shorter);
    }
  }
  return input;
}

}  // namespace ringback::fuzz
