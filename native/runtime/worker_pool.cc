#include "runtime/worker_pool.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "runtime/own_thread.h"

namespace slimnet {

WorkerPool::WorkerPool(int threads, Done done)
    : limit_(static_cast<size_t>(std::max(threads, 1))), done_(std::move(done)) {}

WorkerPool::~WorkerPool() { Shutdown(); }

void WorkerPool::Submit(std::unique_ptr<Work>&& work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) throw Error(ErrorCode::kDisposed, "The environment is ending: nothing can be run any more.");
  const bool too_busy = running_.size() + queue_.size() >= threads_.size();
  if (too_busy && threads_.size() < limit_) StartThread();
  queue_.push_back(std::move(work));
  changed_.notify_one();
}

void WorkerPool::StartThread() {
  try {
    threads_.emplace_back([this] { Serve(); });
  } catch (const std::system_error& error) {
    if (!threads_.empty()) return;  // the others do it later
    throw Error(ErrorCode::kBackend, std::string("Could not start a worker thread: ") + error.what() +
                                         ". Hint: raise the limit of threads (ulimit -u).");
  }
}

void WorkerPool::Serve() {
  BeginOwnThread("work", TimeSlices::kUsual);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    std::unique_ptr<Work> work = std::move(queue_.front());
    queue_.pop_front();
    running_.push_back(work.get());
    lock.unlock();
    work->Attempt([&] { work->Run(); });
    lock.lock();
    std::erase(running_, work.get());
    lock.unlock();
    done_(std::move(work));
    lock.lock();
  }
}

void WorkerPool::Shutdown() {
  std::deque<std::unique_ptr<Work>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Work* work : running_) work->cancelled_.store(true, std::memory_order_relaxed);
    dropped.swap(queue_);
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace slimnet
