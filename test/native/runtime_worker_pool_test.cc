#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runtime/worker_pool.h"

namespace slimnet {
namespace {

class FunctionWork final : public Work {
 public:
  explicit FunctionWork(std::function<void(const std::atomic<bool>&)> body) : body_(std::move(body)) {}
  void Run() override { body_(cancelled()); }

 private:
  std::function<void(const std::atomic<bool>&)> body_;
};

// What a pool has done, in the order in which it ended.
class Results {
 public:
  WorkerPool::Done Sink() {
    return [this](std::unique_ptr<Work> work) {
      const std::lock_guard lock(mutex_);
      ended_.push_back(std::move(work));
      changed_.notify_all();
    };
  }
  std::vector<std::unique_ptr<Work>> Take(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_.size() >= count; });
    return std::move(ended_);
  }
  size_t count() {
    const std::lock_guard lock(mutex_);
    return ended_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Work>> ended_;
};

std::unique_ptr<Work> Make(std::function<void(const std::atomic<bool>&)> body) {
  return std::make_unique<FunctionWork>(std::move(body));
}

// Lets those who wait go on when so many have come.
class Meeting {
 public:
  explicit Meeting(int count) : missing_(count) {}
  void Arrive() {
    std::unique_lock lock(mutex_);
    if (--missing_ <= 0) changed_.notify_all();
    changed_.wait(lock, [&] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int missing_;
};

TEST(WorkerPool, DoesAsManyThingsAtATimeAsItHasThreads) {
  Results results;
  WorkerPool pool(3, results.Sink());
  Meeting meeting(3);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for (int i = 0; i < 3; ++i) {
    pool.Submit(Make([&](const auto&) {
      meeting.Arrive();
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }));
  }
  EXPECT_EQ(results.Take(3).size(), 3u);
  EXPECT_EQ(threads.size(), 3u);
  EXPECT_EQ(threads.count(std::this_thread::get_id()), 0u);
}

TEST(WorkerPool, NeverHasMoreThreadsThanItMay) {
  Results results;
  WorkerPool pool(2, results.Sink());
  std::atomic<int> at_work{0};
  std::atomic<int> most{0};
  for (int i = 0; i < 50; ++i) {
    pool.Submit(Make([&](const auto&) {
      const int now = ++at_work;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::yield();
      --at_work;
    }));
  }
  results.Take(50);
  EXPECT_LE(most, 2);
}

TEST(WorkerPool, OneThreadWorksInTheOrderOfTheCalls) {
  Results results;
  WorkerPool pool(1, results.Sink());
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) pool.Submit(Make([&order, i](const auto&) { order.push_back(i); }));
  results.Take(20);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(WorkerPool, AFailureBelongsToItsWorkAloneAndKeepsItsCode) {
  Results results;
  WorkerPool pool(1, results.Sink());
  pool.Submit(Make([](const auto&) { throw Error(ErrorCode::kImage, "no image"); }));
  pool.Submit(Make([](const auto&) { throw std::runtime_error("something else"); }));
  pool.Submit(Make([](const auto&) {}));
  const auto ended = results.Take(3);
  ASSERT_TRUE(ended[0]->failure());
  EXPECT_EQ(ended[0]->failure()->code(), ErrorCode::kImage);
  ASSERT_TRUE(ended[1]->failure());
  EXPECT_EQ(ended[1]->failure()->code(), ErrorCode::kInternal);
  EXPECT_FALSE(ended[2]->failure());
}

TEST(WorkerPool, AShutdownCancelsWhatRunsDropsWhatWaitsAndTakesNoMore) {
  Results results;
  WorkerPool pool(1, results.Sink());
  Meeting begun(2);
  std::atomic<bool> second{false};
  pool.Submit(Make([&](const std::atomic<bool>& cancelled) {
    begun.Arrive();
    while (!cancelled) std::this_thread::yield();
    throw Error(ErrorCode::kAborted, "aborted");
  }));
  pool.Submit(Make([&](const auto&) { second = true; }));
  begun.Arrive();
  pool.Shutdown();
  pool.Shutdown();
  EXPECT_FALSE(second);
  const auto ended = results.Take(1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0]->failure()->code(), ErrorCode::kAborted);
  auto late = Make([](const auto&) {});
  EXPECT_THROW(pool.Submit(std::move(late)), Error);
  EXPECT_NE(late, nullptr) << "work that was refused stays with the caller";
}

TEST(WorkerPool, APoolWithoutWorkHasNothingToEnd) {
  Results results;
  {
    const WorkerPool pool(4, results.Sink());
  }
  EXPECT_EQ(results.count(), 0u);
}

}  // namespace
}  // namespace slimnet
