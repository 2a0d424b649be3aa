// Ended jobs, as the owner of an executor gets them.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/executor.h"

namespace slimnet {

class Ended {
 public:
  Executor::Done Sink() {
    return [this](std::unique_ptr<Job> job) {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
      changed_.notify_all();
    };
  }
  std::vector<std::unique_ptr<Job>> Take(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return jobs_.size() >= count; });
    return std::move(jobs_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Job>> jobs_;
};

}  // namespace slimnet
