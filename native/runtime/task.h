// Something to do on a thread of ours, and how it ended.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "base/error.h"

namespace slimnet {

class Task {
 public:
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // Once it has ended: why it failed, if it did.
  const std::optional<Error>& failure() const { return failure_; }

 protected:
  Task() = default;
  // Whoever does the work looks at it between two steps, and then throws Error{kAborted}.
  const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  friend class Executor;
  friend class WorkerPool;
  // Does the work. What it throws becomes the failure.
  void Attempt(const std::function<void()>& work) noexcept;

  std::atomic<bool> cancelled_{false};
  std::optional<Error> failure_;
};

}  // namespace slimnet
