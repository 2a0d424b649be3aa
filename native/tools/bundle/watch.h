// A limit for the time that a case takes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "tools/bundle/journal.h"

namespace slimnet::bundle {

// Ends the process when a case takes too long: a device that hangs cannot be waited for.
class Watch {
 public:
  // 0 seconds: there is no limit.
  Watch(int64_t seconds, Journal& journal);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // A case begins; an empty name: it has ended.
  void Set(const std::string& name) { Set(name, false); }

 private:
  void Set(const std::string& name, bool ending);
  void Work();

  const int64_t seconds_;
  Journal& journal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string name_;
  std::chrono::steady_clock::time_point begun_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace slimnet::bundle
