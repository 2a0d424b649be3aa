// The threads on which one executor spreads its steps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "runtime/own_thread.h"

namespace slimnet {

// `threads - 1` workers and the calling thread share the jobs of a Run. Each begins with a share of its own, always the
// same one, so that it finds in its core's caches what it wrote in the Run before; who is done takes jobs of others.
// Between two Runs workers look for work for a while and then sleep in the kernel: a network is a hundred short Runs in
// a row. Rest() ends their looking, for an idle program must not burn a core that others want: the event loop, say. A
// worker that wakes late finds no jobs left and is not waited for.
//
// Run does not allocate. Only one thread at a time may call it; calls from inside a job run on the spot.
class ThreadPool final : public ParallelFor {
 public:
  // Throws Error{kBackend} when the system gives no more threads.
  explicit ThreadPool(int threads, TimeSlices slices = TimeSlices::kUsual);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const override { return static_cast<int>(workers_.size()) + 1; }
  void Run(int jobs, const std::function<void(int)>& job) override;
  // Nothing follows for now: workers sleep until the next Run.
  void Rest() { resting_.store(true, std::memory_order_relaxed); }

 private:
  void Work(size_t own, TimeSlices slices);
  void Stop();
  // Takes jobs until none is left, those of share `own` first.
  void Share(size_t own);
  bool Take(size_t own, uint32_t& job);

  // Jobs [begin, end) that nobody has taken yet. Its thread takes them from the front, all others from the back.
  struct alignas(64) Jobs {
    std::atomic<uint64_t> range{0};  // begin in the upper half, end in the lower
  };

  std::vector<std::thread> workers_;
  std::atomic<bool> busy_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> resting_{false};

  // What is being run. Written before any of its jobs can be taken, and not again before all of them are done: whoever
  // took a job may read it.
  const std::function<void(int)>* job_ = nullptr;

  std::vector<Jobs> shares_;  // by thread; the calling one is the first
  // Jobs not yet finished.
  alignas(64) std::atomic<uint32_t> unfinished_{0};
  // Counts the Runs; sleeping workers wait on it.
  alignas(64) std::atomic<uint32_t> runs_{0};
};

}  // namespace slimnet
