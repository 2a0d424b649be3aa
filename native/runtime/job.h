// Something for an executor to do.
#pragma once

#include <atomic>
#include <optional>

#include "base/error.h"
#include "runtime/resources.h"

namespace slimnet {

// What a job asks for.
enum class Parallelism {
  kParallel,  // all threads
  kSerial,    // one thread
  kEither,    // what serves best when its turn comes
};

class Job {
 public:
  // `owner` groups jobs: for the limit of the queue, and for jobs that are `alone`, beside which no other job of their
  // owner is at work. Jobs of one owner begin in the order in which they were submitted.
  explicit Job(const void* owner, Parallelism parallelism = Parallelism::kParallel, bool alone = false)
      : owner_(owner), parallelism_(parallelism), alone_(alone) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // On a thread of the executor. What it throws becomes the failure.
  virtual void Execute(const ExecutorResources& resources) = 0;

  // Both below are called under the executor's lock: they must be quick, and must not call it.
  // Whether a job that asks for either kind of lane can be computed on one thread. Where not, it is computed on all,
  // and may make itself ready for the next time when it finds that it is `crowded`.
  virtual bool ReadyForOneThread() const { return true; }
  // Its turn has come.
  virtual void Begin() {}

  const void* owner() const { return owner_; }
  Parallelism parallelism() const { return parallelism_; }
  bool alone() const { return alone_; }
  const std::optional<Error>& failure() const { return failure_; }

 protected:
  const std::atomic<bool>& cancelled() const { return cancelled_; }
  // So many jobs waited that it would have been computed on one thread, had it been ready.
  bool crowded() const { return crowded_; }

 private:
  friend class Executor;
  const void* const owner_;
  const Parallelism parallelism_;
  const bool alone_;
  bool crowded_ = false;
  std::atomic<bool> cancelled_{false};
  std::optional<Error> failure_;
};

}  // namespace slimnet
