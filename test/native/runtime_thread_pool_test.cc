#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "runtime/thread_pool.h"

namespace slimnet {
namespace {

TEST(ThreadPool, RunsEachJobOnceAndReturnsWhenAllAreDone) {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    std::vector<std::atomic<int>> runs(100);
    for (int round = 0; round < 2000; ++round) {
      const int jobs = round % 100;
      pool.Run(jobs, [&](int job) { runs[static_cast<size_t>(job)].fetch_add(1, std::memory_order_relaxed); });
      for (int job = 0; job < jobs; ++job) {
        ASSERT_EQ(runs[static_cast<size_t>(job)].exchange(0, std::memory_order_relaxed), 1) << "job " << job;
      }
      // Now and then long enough for the workers to fall asleep.
      if (round % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  }
}

TEST(ThreadPool, ResultsOfJobsAreVisibleToTheCaller) {
  ThreadPool pool(4);
  std::vector<int> values(64, 0);  // not atomic: Run must order the accesses
  for (int round = 1; round <= 1000; ++round) {
    pool.Run(64, [&](int job) { values[static_cast<size_t>(job)] += job; });
    for (int job = 0; job < 64; ++job) ASSERT_EQ(values[static_cast<size_t>(job)], job * round);
  }
}

TEST(ThreadPool, RunsNestedCallsOnTheSpot) {
  ThreadPool pool(3);
  std::atomic<int> runs{0};
  pool.Run(6, [&](int) { pool.Run(7, [&](int) { ++runs; }); });
  EXPECT_EQ(runs, 42);
}

TEST(ThreadPool, UsesItsWorkersWhenJobsTakeLong) {
  ThreadPool pool(4);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  pool.Run(4, [&](int) {
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    --inside;
  });
  EXPECT_GE(most, 2);
}

// A worker that wakes for the last Run must not take the end for a Run that it has seen.
TEST(ThreadPool, EndsWhileItsWorkersWakeUp) {
  for (int i = 0; i < 3000; ++i) {
    ThreadPool pool(2);
    pool.Run(2, [](int) {});
  }
}

TEST(ThreadPool, CanBeMadeAndEndedAtOnce) {
  for (int i = 0; i < 100; ++i) {
    ThreadPool pool(5);
    if (i % 2 == 0) pool.Run(3, [](int) {});
  }
}

}  // namespace
}  // namespace slimnet
