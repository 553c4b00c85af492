// What stands for an event channel between two threads of a test.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace ringback::test {

// An event channel of one port: sends coalesce, a send while awake is kept.
class Doorbell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    bell_.notify_one();
  }

  // False when nobody rang for so long that nobody will.
  [[nodiscard]] bool wait() {
    std::unique_lock lock(mutex_);
    const bool rung = bell_.wait_for(lock, std::chrono::seconds(20), [&] { return rung_; });
    rung_ = false;
    return rung;
  }

 private:
  std::mutex mutex_;
  std::condition_variable bell_;
  bool rung_ = false;
};

}  // namespace ringback::test
