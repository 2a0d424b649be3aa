#include "runtime/thread_pool.h"

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <system_error>

#include "base/error.h"
#include "runtime/spin.h"

namespace slimnet {
namespace {

// How long a thread looks for work, or for the end of others' work, before it sleeps. docs/performance.md has what
// shorter and longer waits cost.
constexpr auto kSpin = std::chrono::microseconds(150);

// Signals are the business of the threads of Node.
void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  try {
    workers_.reserve(static_cast<size_t>(threads > 1 ? threads - 1 : 0));
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
  } catch (const std::system_error& error) {
    const size_t made = workers_.size();
    Stop();
    throw Error(ErrorCode::kBackend, "Could not start " + std::to_string(threads - 1) +
                                         " worker threads; the system gave " + std::to_string(made) + ": " +
                                         error.what() +
                                         ". Hint: ask for fewer threads, or raise the limit of threads (ulimit -u).");
  }
}

ThreadPool::~ThreadPool() { Stop(); }

void ThreadPool::Stop() {
  stopping_.store(true, std::memory_order_release);
  runs_.fetch_add(1, std::memory_order_release);
  runs_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

void ThreadPool::Run(int jobs, const std::function<void(int)>& job) {
  if (jobs <= 0) return;
  if (jobs == 1 || workers_.empty() || busy_.exchange(true, std::memory_order_acquire)) {
    for (int i = 0; i < jobs; ++i) job(i);
    return;
  }
  resting_.store(false, std::memory_order_relaxed);
  job_ = &job;
  jobs_ = static_cast<uint32_t>(jobs);
  unfinished_.store(jobs_, std::memory_order_relaxed);
  const uint64_t number = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
  ticket_.store((number << 32) | jobs_, std::memory_order_release);
  runs_.fetch_add(1, std::memory_order_seq_cst);
  runs_.notify_all();  // a system call only when a worker sleeps
  Share();
  if (!Spin(kSpin, [this] { return unfinished_.load(std::memory_order_acquire) == 0; })) {
    for (uint32_t left = 0; (left = unfinished_.load(std::memory_order_acquire)) != 0;) {
      unfinished_.wait(left, std::memory_order_acquire);
    }
  }
  busy_.store(false, std::memory_order_release);
}

bool ThreadPool::Take(int& index) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    const auto left = static_cast<uint32_t>(ticket);
    if (left == 0) return false;
    // Fails when the job, or the whole Run, went to others in the meantime.
    if (ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
      index = static_cast<int>(jobs_ - left);
      return true;
    }
  }
}

void ThreadPool::Share() {
  for (int index = 0; Take(index);) {
    (*job_)(index);
    if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished_.notify_one();
  }
}

void ThreadPool::Work() {
  BlockSignals();
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "slimnet-worker");
#endif
  for (uint32_t seen = 0;;) {
    Spin(kSpin, [this, seen] {
      return runs_.load(std::memory_order_acquire) != seen || resting_.load(std::memory_order_relaxed);
    });
    runs_.wait(seen, std::memory_order_acquire);  // returns at once when there was a Run
    // In this order: an end that comes after the count was read changes it once more, so the next wait returns.
    seen = runs_.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_acquire)) return;
    Share();
  }
}

}  // namespace slimnet
