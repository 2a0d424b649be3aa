// A thread of our own that compiles and runs programs, one after the other, with a pool of workers behind it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "backend/backend.h"
#include "base/error.h"
#include "runtime/arena.h"
#include "runtime/compiled_program.h"
#include "runtime/thread_pool.h"

namespace slimnet {

// Something for the executor thread to do.
class Job {
 public:
  // `owner` groups jobs for the limit of the queue.
  explicit Job(const void* owner) : owner_(owner) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // On the executor thread. What it throws becomes the failure.
  virtual void Execute(const ExecutorResources& resources) = 0;

  const void* owner() const { return owner_; }
  const std::optional<Error>& failure() const { return failure_; }

 protected:
  const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  friend class Executor;
  const void* const owner_;
  std::atomic<bool> cancelled_{false};
  std::optional<Error> failure_;
};

class Executor {
 public:
  // Receives each job when it ended, failed or was cancelled; on the executor thread, or on the thread that cancels.
  // Must not throw.
  using Done = std::function<void(std::unique_ptr<Job>)>;

  // Throws Error{kBackend} when the system gives no threads.
  Executor(std::shared_ptr<const Backend> backend, int threads, Done done);
  // Shutdown() must have been called, by another thread than the executor's own.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const std::shared_ptr<const Backend>& backend() const { return backend_; }
  int threads() const { return pool_.threads(); }

  // Queues a job. Throws Error{kQueueFull} when `limit` jobs of its owner wait already, Error{kDisposed} after
  // Shutdown.
  void Submit(std::unique_ptr<Job> job, size_t limit);
  // Cancels the jobs that `match`: those that wait end at once, one that runs ends at its next step. Error{kAborted}.
  void Cancel(const std::function<bool(const Job&)>& match);
  // Jobs of `owner` that wait.
  size_t Waiting(const void* owner) const;

  // Working memory is kept from run to run as long as somebody may run something.
  void AddUser();
  void RemoveUser();
  size_t arena_bytes() const { return arena_.bytes(); }

  // Takes no more jobs, drops those that wait, ends the one that runs at its next step, and ends the threads. May be
  // repeated.
  void Shutdown();

 private:
  void Work();
  void Execute(Job& job);
  bool Idle() const { return users_ == 0 && arena_.bytes() > 0; }

  std::shared_ptr<const Backend> backend_;
  ThreadPool pool_;
  std::unique_ptr<Stream> stream_;
  Arena arena_;
  Done done_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Job>> queue_;
  Job* running_ = nullptr;
  std::atomic<uint64_t> submitted_{0};  // counts what may end a wait: jobs, and Shutdown
  int users_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace slimnet
