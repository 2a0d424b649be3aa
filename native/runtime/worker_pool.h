// Threads for work that is no program's, such as the preprocessing of images.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/task.h"

namespace slimnet {

// A task that needs a thread and nothing else.
class Work : public Task {
 public:
  // On a thread of a pool. What it throws becomes the failure.
  virtual void Run() = 0;
};

// Works through what is submitted, in its order, on a number of threads. Each of them is started when work arrives that
// all others are too busy for.
class WorkerPool {
 public:
  // Receives each work when it has ended or failed, on the thread that did it. Must not throw, and is called by several
  // threads at once.
  using Done = std::function<void(std::unique_ptr<Work>)>;

  WorkerPool(int threads, Done done);
  // Shutdown() must have been called, by another thread than the pool's own.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // From any thread. Throws Error{kDisposed} after Shutdown, Error{kBackend} when the system gives not even one thread;
  // then the work stays with the caller.
  void Submit(std::unique_ptr<Work>&& work);
  // By the thread that owns the pool: takes no more work, drops what waits, cancels what is being done, and ends the
  // threads. May be repeated.
  void Shutdown();

 private:
  void Serve();
  // Expects mutex_ to be held.
  void StartThread();

  const size_t limit_;
  const Done done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Work>> queue_;
  std::vector<Work*> running_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
};

}  // namespace slimnet
