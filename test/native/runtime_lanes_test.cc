// Which jobs an executor computes at the same time, and on which kind of lane.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "base/error.h"
#include "native/ended_jobs.h"
#include "native/watched_job.h"
#include "runtime/executor.h"

namespace slimnet {
namespace {

// Two threads, parallel and serial lanes.
class Lanes : public ::testing::Test {
 protected:
  Lanes() : executor_("null", 2, ended_.Sink()) { executor_.MakeSerialLanes(); }
  ~Lanes() override { executor_.Shutdown(); }

  Watched::State& Submit(const void* owner, Parallelism parallelism, Access access = Access::kReads,
                         bool may_be_guest = false) {
    states_.push_back(std::make_unique<Watched::State>());
    states_.back()->may_be_guest = may_be_guest;
    executor_.Submit(std::make_unique<Watched>(owner, parallelism, access, *states_.back(), &turns_), kLongQueue);
    return *states_.back();
  }
  // What is not at work after a while is taken to be waiting.
  static void ExpectWaiting(const Watched::State& state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_FALSE(state.begun);
  }
  void LetAllGo() {
    for (const auto& state : states_) state->go = true;
    ended_.Take(states_.size());
  }

  Ended ended_;
  std::vector<std::unique_ptr<Watched::State>> states_;
  std::atomic<int> turns_{0};
  const int a_ = 0;
  const int b_ = 0;
  Executor executor_;
};

TEST_F(Lanes, SerialJobsAreAtWorkTogetherAndNoMoreOfThemThanThreads) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial);
  Watched::State& second = Submit(&a_, Parallelism::kSerial);
  Watched::State& third = Submit(&a_, Parallelism::kSerial);
  first.AwaitBegin();
  second.AwaitBegin();
  ExpectWaiting(third);
  second.go = true;
  third.AwaitBegin();
  EXPECT_EQ(first.kind, LaneKind::kSerial);
  EXPECT_FALSE(first.go);  // a later job overtook it
  LetAllGo();
}

TEST_F(Lanes, AParallelJobWaitsForTheSerialOnesAndLetsNothingPass) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial);
  Watched::State& parallel = Submit(&b_, Parallelism::kParallel);
  Watched::State& behind = Submit(&a_, Parallelism::kSerial);
  first.AwaitBegin();
  ExpectWaiting(parallel);
  ExpectWaiting(behind);
  first.go = true;
  parallel.AwaitBegin();
  ExpectWaiting(behind);
  parallel.go = true;
  behind.AwaitBegin();
  LetAllGo();
}

TEST_F(Lanes, AJobThatRunsAloneKeepsThoseOfItsOwnerInTheirOrder) {
  Watched::State& before = Submit(&a_, Parallelism::kSerial);
  Watched::State& alone = Submit(&a_, Parallelism::kSerial, Access::kAlone);
  Watched::State& after = Submit(&a_, Parallelism::kSerial);
  Watched::State& other = Submit(&b_, Parallelism::kSerial);
  before.AwaitBegin();
  other.AwaitBegin();  // is not kept by others' order
  ExpectWaiting(alone);
  other.go = true;
  ExpectWaiting(alone);
  before.go = true;
  alone.AwaitBegin();
  ExpectWaiting(after);
  alone.go = true;
  after.AwaitBegin();
  LetAllGo();
}

TEST_F(Lanes, JobsThatReadPassThoseOfTheirOwnerThatUpdateAndAreAtWorkBesideThem) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial, Access::kUpdates);
  Watched::State& second = Submit(&a_, Parallelism::kSerial, Access::kUpdates);
  Watched::State& reads = Submit(&a_, Parallelism::kSerial);
  first.AwaitBegin();
  reads.AwaitBegin();
  ExpectWaiting(second);
  first.go = true;
  second.AwaitBegin();
  EXPECT_FALSE(reads.go);
  LetAllGo();
}

TEST_F(Lanes, AJobThatUpdatesLetsOthersInOneAfterTheOther) {
  Watched::State& updates = Submit(&a_, Parallelism::kParallel, Access::kUpdates);
  updates.AwaitBegin();
  Watched::State& next = Submit(&a_, Parallelism::kParallel, Access::kUpdates);
  Watched::State& own = Submit(&a_, Parallelism::kParallel, Access::kReads, true);
  Watched::State& other = Submit(&b_, Parallelism::kParallel, Access::kReads, true);
  own.AwaitBegin();
  ExpectWaiting(other);
  own.go = true;
  other.AwaitBegin();
  EXPECT_EQ(other.kind, LaneKind::kParallel);
  EXPECT_LT(own.turn, other.turn);
  ExpectWaiting(next);
  other.go = true;
  EXPECT_EQ(ended_.Take(2).size(), 2U);
  ExpectWaiting(next);
  updates.go = true;
  next.AwaitBegin();
  next.go = true;
  ended_.Take(2);
}

TEST_F(Lanes, GuestsAreNoneThatUpdateOrMayNotBeOrMustBeAlone) {
  Watched::State& alone = Submit(&a_, Parallelism::kParallel, Access::kAlone);
  alone.AwaitBegin();
  Watched::State& own = Submit(&a_, Parallelism::kParallel, Access::kReads, true);
  Watched::State& updates = Submit(&b_, Parallelism::kParallel, Access::kUpdates, true);
  Watched::State& compiles = Submit(nullptr, Parallelism::kParallel);
  for (const Watched::State* waits : {&own, &updates, &compiles}) ExpectWaiting(*waits);
  Watched::State& other = Submit(&b_, Parallelism::kParallel, Access::kReads, true);
  other.AwaitBegin();
  LetAllGo();
}

TEST_F(Lanes, GuestsAreCancelledAndEndWithTheExecutor) {
  Watched::State& updates = Submit(&a_, Parallelism::kParallel, Access::kUpdates);
  updates.AwaitBegin();
  Watched::State& first = Submit(&b_, Parallelism::kParallel, Access::kReads, true);
  first.AwaitBegin();
  executor_.Cancel([&](const Job& job) { return job.owner() == &b_; });
  EXPECT_EQ(ended_.Take(1)[0]->failure()->code(), ErrorCode::kAborted);
  Watched::State& second = Submit(&b_, Parallelism::kParallel, Access::kReads, true);
  second.AwaitBegin();
  executor_.Shutdown();
  EXPECT_EQ(ended_.Take(2).size(), 2U);
}

TEST_F(Lanes, AJobThatAsksForEitherIsParallelWhereNothingElseIsToBeDone) {
  Watched::State& only = Submit(&a_, Parallelism::kEither);
  only.AwaitBegin();
  EXPECT_EQ(only.kind, LaneKind::kParallel);
  // One waits: fewer than threads.
  Watched::State& next = Submit(&a_, Parallelism::kEither);
  only.go = true;
  next.AwaitBegin();
  EXPECT_EQ(next.kind, LaneKind::kParallel);
  EXPECT_FALSE(next.crowded);
  LetAllGo();
}

TEST_F(Lanes, JobsThatAskForEitherAreSerialWhereAsManyWaitAsThereAreThreads) {
  Watched::State& only = Submit(&a_, Parallelism::kEither);
  only.AwaitBegin();
  Watched::State& first = Submit(&a_, Parallelism::kEither);
  Watched::State& second = Submit(&a_, Parallelism::kEither);
  only.go = true;
  first.AwaitBegin();
  second.AwaitBegin();
  EXPECT_EQ(first.kind, LaneKind::kSerial);
  EXPECT_EQ(second.kind, LaneKind::kSerial);
  // Beside one that is at work on one thread, a single one is serial as well.
  second.go = true;
  Watched::State& third = Submit(&a_, Parallelism::kEither);
  third.AwaitBegin();
  EXPECT_EQ(third.kind, LaneKind::kSerial);
  LetAllGo();
}

TEST_F(Lanes, JobsOfOneOwnerThatRunAloneAreNoCrowd) {
  Watched::State& only = Submit(&a_, Parallelism::kEither);
  only.AwaitBegin();
  Watched::State& first = Submit(&a_, Parallelism::kEither, Access::kAlone);
  Submit(&a_, Parallelism::kEither, Access::kAlone);
  only.go = true;
  first.AwaitBegin();
  EXPECT_EQ(first.kind, LaneKind::kParallel);
  LetAllGo();
}

TEST_F(Lanes, AJobThatIsNotReadyForOneThreadIsParallelAndKnowsThatItIsCrowded) {
  Watched::State& only = Submit(&a_, Parallelism::kEither);
  only.AwaitBegin();
  Watched::State& first = Submit(&a_, Parallelism::kEither);
  first.ready = false;
  Submit(&a_, Parallelism::kEither);
  only.go = true;
  first.AwaitBegin();
  EXPECT_EQ(first.kind, LaneKind::kParallel);
  EXPECT_TRUE(first.crowded);
  LetAllGo();
}

TEST_F(Lanes, CancellingWhatOthersWaitForLetsThemBegin) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial);
  first.AwaitBegin();
  Submit(&b_, Parallelism::kParallel);
  Watched::State& behind = Submit(&a_, Parallelism::kSerial);
  ExpectWaiting(behind);
  executor_.Cancel([&](const Job& job) { return job.owner() == &b_; });
  behind.AwaitBegin();
  LetAllGo();
}

TEST_F(Lanes, JobsOnAllLanesAreCancelled) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial);
  Watched::State& second = Submit(&a_, Parallelism::kSerial);
  Submit(&a_, Parallelism::kSerial);
  first.AwaitBegin();
  second.AwaitBegin();
  executor_.Cancel([](const Job&) { return true; });
  for (const auto& job : ended_.Take(3)) EXPECT_EQ(job->failure()->code(), ErrorCode::kAborted);
}

TEST_F(Lanes, ShutdownEndsWhatIsAtWorkOnAllLanes) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial);
  Watched::State& second = Submit(&a_, Parallelism::kSerial);
  Submit(&a_, Parallelism::kSerial);
  Submit(&a_, Parallelism::kParallel);
  first.AwaitBegin();
  second.AwaitBegin();
  executor_.Shutdown();
  EXPECT_EQ(ended_.Take(2).size(), 2U);  // those that waited are dropped
}

TEST_F(Lanes, NeitherKindStarvesAndNoMoreThreadsWorkThanThereAre) {
  struct Load {
    std::atomic<int> parallel{0};
    std::atomic<int> serial{0};
    std::atomic<bool> wrong{false};
  } load;
  class Loading final : public Job {
   public:
    Loading(const void* owner, Parallelism parallelism, Access access, Load& load)
        : Job(owner, parallelism, access), load_(load) {}
    void Execute(const ExecutorResources& resources) override {
      std::atomic<int>& mine = resources.kind == LaneKind::kParallel ? load_.parallel : load_.serial;
      ++mine;
      std::this_thread::yield();
      const int parallel = load_.parallel;
      const int serial = load_.serial;
      if (parallel > 1 || serial > 2 || (parallel > 0 && serial > 0)) load_.wrong = true;
      --mine;
    }

   private:
    Load& load_;
  };
  std::mt19937 random(1);
  const std::array<const void*, 3> owners{&a_, &b_, nullptr};
  constexpr size_t kJobs = 3000;
  for (size_t i = 0; i < kJobs; ++i) {
    executor_.Submit(std::make_unique<Loading>(owners[random() % 3], static_cast<Parallelism>(random() % 3),
                                               static_cast<Access>(random() % 3), load),
                     kLongQueue);
    if (i % 64 == 0) std::this_thread::yield();
  }
  EXPECT_EQ(ended_.Take(kJobs).size(), kJobs);
  EXPECT_FALSE(load.wrong);
}

TEST(LanesOfOneThread, AllJobsAreComputedOnTheOneLane) {
  Ended ended;
  Executor executor("null", 1, ended.Sink());
  executor.MakeSerialLanes();
  EXPECT_EQ(executor.backends()[1], nullptr);
  Watched::State state;
  state.go = true;
  executor.Submit(std::make_unique<Watched>(nullptr, Parallelism::kSerial, Access::kReads, state), kLongQueue);
  ended.Take(1);
  EXPECT_EQ(state.kind, LaneKind::kParallel);
  executor.Shutdown();
}

}  // namespace
}  // namespace slimnet
