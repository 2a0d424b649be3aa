// The threads that compile and run programs, and the one queue before them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "runtime/job.h"
#include "runtime/lane.h"
#include "runtime/resources.h"

namespace slimnet {

// A parallel lane, whose jobs are spread over all threads, and as many serial ones of one thread each, which are made
// when first wanted. Parallel and serial lanes are never at work at the same time, so that no more threads compute than
// were asked for.
//
// The queue is served in its order. A job is passed by others only while one of its own owner keeps it from beginning
// (Job::access); a job that waits for all threads lets nothing pass. So none waits for ever. Only jobs that a job with
// updates lets in between two of its steps (Guests) pass all others: one at each step, so that it ends as well.
class Executor {
 public:
  // Receives each job when it ended, failed or was cancelled; on the thread that computed it, or on the one that
  // cancels. Must not throw, and is called by several threads at once.
  using Done = std::function<void(std::unique_ptr<Job>)>;
  // The backend for jobs of each kind; the second is null as long as there are no serial lanes.
  using Backends = std::array<std::shared_ptr<const Backend>, 2>;

  // Throws Error{kBackend} when the backend is not available or has no such options, or the system gives no threads.
  Executor(std::string backend, int threads, Done done, std::optional<GpuOptions> gpu = {});
  // Shutdown() must have been called, by another thread than the executor's own.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Below: to be called by the thread that owns the executor.

  // Makes the serial lanes, unless they are there, or there is but one thread. Throws as the constructor does.
  void MakeSerialLanes();
  // Working memory is kept from run to run as long as somebody may run something.
  void AddUser();
  // Takes no more jobs, drops those that wait, ends those that run at their next step, and ends the threads. May be
  // repeated.
  void Shutdown();

  // Below: from any thread.

  Backends backends() const;
  int threads() const { return threads_; }
  void RemoveUser();
  // Queues a job. Throws Error{kQueueFull} when `limit` jobs of its owner wait already, Error{kDisposed} after
  // Shutdown. With one thread or no serial lanes, jobs that ask for one thread are computed on the parallel lane.
  void Submit(std::unique_ptr<Job> job, size_t limit);
  // Cancels the jobs that `match`: those that wait end at once, those that run at their next step. Error{kAborted}.
  void Cancel(const std::function<bool(const Job&)>& match);
  // Jobs of `owner` that wait.
  size_t Waiting(const void* owner) const;
  size_t arena_bytes() const;

 private:
  using Queue = std::deque<std::unique_ptr<Job>>;
  class LaneGuests;

  std::unique_ptr<Lane> StartLane(const Backend& backend, int threads, LaneKind kind);
  void EndLanes(const std::vector<std::unique_ptr<Lane>>& lanes);
  void Work(Lane& lane);
  void Execute(Job& job, const ExecutorResources& resources);
  // Computes the first job that may be a guest on the lane, if any.
  void LetIn(Lane& lane);

  // All below expect mutex_ to be held.
  // Gives waiting jobs to free lanes, as far as it may.
  void Dispatch();
  void Give(Lane& lane, Queue::iterator at);
  // The first job that nothing of its own owner keeps from beginning.
  Queue::iterator FirstInTurn();
  LaneKind KindFor(Job& job) const;
  // Whether as many jobs as there are threads could begin now, were each computed on one.
  bool Crowded() const;
  // Whether nothing of its own owner that stands before `end` in the queue keeps the job there.
  bool IsFirstOfItsOwner(const Job& job, Queue::const_iterator end) const;
  bool MayPass(const Job& job, Queue::const_iterator end) const;
  bool AtWork(const Lane& lane) const { return lane.job != nullptr; }

  const std::string backend_;
  const int threads_;
  const std::optional<GpuOptions> gpu_;
  Backends backends_;
  Done done_;

  mutable std::mutex mutex_;
  Queue queue_;
  std::atomic<size_t> waiting_{0};  // jobs in the queue, as of the last change
  int users_ = 0;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Lane>> parallel_;  // one
  std::vector<std::unique_ptr<Lane>> serial_;
};

}  // namespace slimnet
