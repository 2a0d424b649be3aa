#include "tools/bundle/watch.h"

#include <cstdio>
#include <cstdlib>

#include "ir/text.h"

namespace slimnet::bundle {

Watch::Watch(int64_t seconds, Journal& journal) : seconds_(seconds), journal_(journal) {
  if (seconds_ > 0) thread_ = std::thread([this] { Work(); });
}

Watch::~Watch() {
  if (!thread_.joinable()) return;
  Set({}, true);
  thread_.join();
}

void Watch::Set(const std::string& name, bool ending) {
  const std::lock_guard lock(mutex_);
  name_ = name;
  begun_ = std::chrono::steady_clock::now();
  ending_ = ending;
  changed_.notify_one();
}

void Watch::Work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (name_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto deadline = begun_ + std::chrono::seconds(seconds_);
    if (changed_.wait_until(lock, deadline) != std::cv_status::timeout) continue;
    if (name_.empty() || std::chrono::steady_clock::now() < begun_ + std::chrono::seconds(seconds_)) continue;
    const std::string message = "no end after " + std::to_string(seconds_) + " s";
    journal_.Write("failed", name_, "{\"message\":" + Quote(message) + "}");
    std::printf("FAILED   %s: %s\n", name_.c_str(), message.c_str());
    std::fflush(stdout);
    std::_Exit(3);
  }
}

}  // namespace slimnet::bundle
