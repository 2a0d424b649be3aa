#include "runtime/executor.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/spin.h"

namespace slimnet {
namespace {

// Who awaits each run calls again within this time. Longer would take the event loop's time where cores are few.
constexpr auto kSpin = std::chrono::microseconds(50);

}  // namespace

Executor::Executor(std::shared_ptr<const Backend> backend, int threads, Done done)
    : backend_(std::move(backend)),
      pool_(threads),
      stream_(backend_->NewStream(pool_)),
      arena_(*backend_),
      done_(std::move(done)) {
  try {
    thread_ = std::thread([this] { Work(); });
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::kBackend, std::string("Could not start an executor thread: ") + error.what() +
                                         ". Hint: raise the limit of threads (ulimit -u).");
  }
}

Executor::~Executor() { Shutdown(); }

void Executor::Submit(std::unique_ptr<Job> job, size_t limit) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) throw Error(ErrorCode::kDisposed, "The environment is ending: nothing can be run any more.");
    const auto same = [&](const auto& other) { return other->owner() == job->owner(); };
    const auto waiting = static_cast<size_t>(std::count_if(queue_.begin(), queue_.end(), same));
    if (waiting >= limit) {
      throw Error(ErrorCode::kQueueFull, "The queue is full: " + std::to_string(waiting) +
                                             " runs wait already. Hint: await earlier runs, or raise queueLimit.");
    }
    queue_.push_back(std::move(job));
    submitted_.fetch_add(1, std::memory_order_release);
  }
  changed_.notify_one();
}

void Executor::Cancel(const std::function<bool(const Job&)>& match) {
  std::vector<std::unique_ptr<Job>> cancelled;
  {
    const std::lock_guard lock(mutex_);
    if (running_ != nullptr && match(*running_)) running_->cancelled_.store(true, std::memory_order_relaxed);
    const auto keep = [&](const auto& job) { return !match(*job); };
    const auto end = std::stable_partition(queue_.begin(), queue_.end(), keep);
    std::move(end, queue_.end(), std::back_inserter(cancelled));
    queue_.erase(end, queue_.end());
  }
  for (std::unique_ptr<Job>& job : cancelled) {
    job->failure_.emplace(ErrorCode::kAborted, "The run was aborted before it began.");
    done_(std::move(job));
  }
}

size_t Executor::Waiting(const void* owner) const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(
      std::count_if(queue_.begin(), queue_.end(), [&](const auto& job) { return job->owner() == owner; }));
}

void Executor::AddUser() {
  const std::lock_guard lock(mutex_);
  ++users_;
}

void Executor::RemoveUser() {
  {
    const std::lock_guard lock(mutex_);
    --users_;
  }
  changed_.notify_one();
}

void Executor::Shutdown() {
  std::deque<std::unique_ptr<Job>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    submitted_.fetch_add(1, std::memory_order_release);
    if (running_ != nullptr) running_->cancelled_.store(true, std::memory_order_relaxed);
    dropped.swap(queue_);
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Executor::Work() {
  sigset_t all;  // signals are the business of the threads of Node
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "slimnet-run");
#endif
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty() || Idle(); });
    if (stopping_) break;
    if (queue_.empty()) {
      arena_.Release();
      continue;
    }
    std::unique_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    running_ = job.get();
    lock.unlock();
    Execute(*job);
    lock.lock();
    running_ = nullptr;
    const bool idle = queue_.empty();
    const uint64_t submitted = submitted_.load(std::memory_order_relaxed);
    if (idle) pool_.Rest();
    lock.unlock();
    done_(std::move(job));
    // With one thread there may be one core, and the caller needs it to call.
    if (idle && pool_.threads() > 1) {
      Spin(kSpin, [&] { return submitted_.load(std::memory_order_acquire) != submitted; });
    }
    lock.lock();
  }
  arena_.Release();
}

void Executor::Execute(Job& job) {
  try {
    job.Execute({pool_, *stream_, arena_});
  } catch (const Error& error) {
    job.failure_ = error;
  } catch (const std::bad_alloc&) {
    job.failure_.emplace(ErrorCode::kMemory, "Out of memory.");
  } catch (const std::exception& error) {
    job.failure_.emplace(ErrorCode::kInternal, std::string("Unexpected exception: ") + error.what());
  } catch (...) {
    job.failure_.emplace(ErrorCode::kInternal, "Unexpected exception of unknown type.");
  }
}

}  // namespace slimnet
