#include "runtime/thread_pool.h"

#include <chrono>
#include <string>
#include <system_error>

#include "base/error.h"
#include "runtime/own_thread.h"
#include "runtime/spin.h"

namespace slimnet {
namespace {

// How long a thread looks for work, or for the end of others' work, before it sleeps. docs/performance.md has what
// shorter and longer waits cost.
constexpr auto kJobSpin = std::chrono::microseconds(150);

}  // namespace

ThreadPool::ThreadPool(int threads, TimeSlices slices) : shares_(static_cast<size_t>(threads > 1 ? threads : 1)) {
  try {
    workers_.reserve(static_cast<size_t>(threads > 1 ? threads - 1 : 0));
    for (size_t i = 1; i < shares_.size(); ++i) workers_.emplace_back([this, i, slices] { Work(i, slices); });
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
  const auto count = static_cast<uint64_t>(jobs);
  unfinished_.store(static_cast<uint32_t>(count), std::memory_order_relaxed);
  for (uint64_t i = 0; i < shares_.size(); ++i) {
    const uint64_t begin = count * i / shares_.size();
    const uint64_t end = count * (i + 1) / shares_.size();
    shares_[i].range.store(begin << 32 | end, std::memory_order_release);
  }
  runs_.fetch_add(1, std::memory_order_seq_cst);
  runs_.notify_all();  // a system call only when a worker sleeps
  Share(0);
  if (!Spin(kJobSpin, [this] { return unfinished_.load(std::memory_order_acquire) == 0; })) {
    for (uint32_t left = 0; (left = unfinished_.load(std::memory_order_acquire)) != 0;) {
      unfinished_.wait(left, std::memory_order_acquire);
    }
  }
  busy_.store(false, std::memory_order_release);
}

bool ThreadPool::Take(size_t own, uint32_t& job) {
  for (size_t i = 0; i < shares_.size(); ++i) {
    std::atomic<uint64_t>& range = shares_[(own + i) % shares_.size()].range;
    uint64_t jobs = range.load(std::memory_order_acquire);
    for (;;) {
      const auto begin = static_cast<uint32_t>(jobs >> 32);
      const auto end = static_cast<uint32_t>(jobs);
      if (begin == end) break;
      const uint64_t left = i == 0 ? jobs + (uint64_t{1} << 32) : jobs - 1;
      // Fails when others took from it, or it belongs to another Run in the meantime. When that Run's jobs look the
      // same, they are as good.
      if (!range.compare_exchange_weak(jobs, left, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      job = i == 0 ? begin : end - 1;
      return true;
    }
  }
  return false;
}

void ThreadPool::Share(size_t own) {
  for (uint32_t job = 0; Take(own, job);) {
    (*job_)(static_cast<int>(job));
    if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished_.notify_one();
  }
}

void ThreadPool::Work(size_t own, TimeSlices slices) {
  BeginOwnThread("worker", slices);
  for (uint32_t seen = 0;;) {
    Spin(kJobSpin, [this, seen] {
      return runs_.load(std::memory_order_acquire) != seen || resting_.load(std::memory_order_relaxed);
    });
    runs_.wait(seen, std::memory_order_acquire);  // returns at once when there was a Run
    // In this order: an end that comes after the count was read changes it once more, so the next wait returns.
    seen = runs_.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_acquire)) return;
    Share(own);
  }
}

}  // namespace slimnet
