// The threads on which one executor spreads its steps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "backend/backend.h"

namespace slimnet {

// `threads - 1` workers and the calling thread share the jobs of a Run through one atomic ticket. Between two Runs
// workers look for work for a while and then sleep in the kernel: a network is a hundred short Runs in a row. Rest()
// ends their looking, for an idle program must not burn a core that others want: the event loop, say. A worker that
// wakes late finds no jobs left and is not waited for.
//
// Run does not allocate. Only one thread at a time may call it; calls from inside a job run on the spot.
class ThreadPool final : public ParallelFor {
 public:
  // Throws Error{kBackend} when the system gives no more threads.
  explicit ThreadPool(int threads);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const override { return static_cast<int>(workers_.size()) + 1; }
  void Run(int jobs, const std::function<void(int)>& job) override;
  // Nothing follows for now: workers sleep until the next Run.
  void Rest() { resting_.store(true, std::memory_order_relaxed); }

 private:
  void Work();
  void Stop();
  // Takes jobs until none is left.
  void Share();
  bool Take(int& index);

  std::vector<std::thread> workers_;
  std::atomic<bool> busy_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> resting_{false};

  // What is being run. Written before a ticket is published, and not again before all of its jobs are done: whoever
  // took a job may read them.
  const std::function<void(int)>* job_ = nullptr;
  uint32_t jobs_ = 0;

  // Number of the Run (upper half) and how many of its jobs nobody has taken yet (lower half).
  alignas(64) std::atomic<uint64_t> ticket_{0};
  // Jobs not yet finished.
  alignas(64) std::atomic<uint32_t> unfinished_{0};
  // Counts the Runs; sleeping workers wait on it.
  alignas(64) std::atomic<uint32_t> runs_{0};
};

}  // namespace slimnet
