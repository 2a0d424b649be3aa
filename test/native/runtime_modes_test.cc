// Which jobs an executor computes at the same time, and what runs that overlap see of each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "native/ended_jobs.h"
#include "runtime/executor.h"
#include "runtime/program_set.h"
#include "runtime/store.h"

namespace slimnet {
namespace {

constexpr size_t kLongQueue = 100'000;

// Between two looks: the cores belong to the threads that are looked at.
void LookAgain() { std::this_thread::sleep_for(std::chrono::microseconds(100)); }

// A job that tells when it is at work and stays there until it is let go.
class Watched final : public Job {
 public:
  struct State {
    std::atomic<bool> ready{true};  // for one thread
    std::atomic<bool> begun{false};
    std::atomic<bool> go{false};
    std::atomic<int> turn{-1};
    std::atomic<LaneKind> kind{LaneKind::kParallel};
    std::atomic<bool> crowded{false};
    std::atomic<bool> may_be_guest{false};

    void AwaitBegin() const {
      while (!begun) LookAgain();
    }
  };

  Watched(const void* owner, Parallelism parallelism, Access access, State& state, std::atomic<int>* turns = nullptr)
      : Job(owner, parallelism, access), state_(state), turns_(turns) {}

  bool ReadyForOneThread() const override { return state_.ready; }
  bool MayBeGuestOn(LaneKind) const override { return state_.may_be_guest; }
  void Begin() override {
    if (turns_ != nullptr) state_.turn = (*turns_)++;
  }
  void Execute(const ExecutorResources& resources) override {
    state_.kind = resources.kind;
    state_.crowded = crowded();
    state_.begun = true;
    while (!state_.go && !cancelled()) {
      if (resources.guests != nullptr) resources.guests->LetIn();
      LookAgain();
    }
    if (cancelled()) throw Error(ErrorCode::kAborted, "stopped");
  }

 private:
  State& state_;
  std::atomic<int>* const turns_;
};

// Two threads, parallel and serial lanes.
class Modes : public ::testing::Test {
 protected:
  Modes() : executor_("null", 2, ended_.Sink()) { executor_.MakeSerialLanes(); }
  ~Modes() override { executor_.Shutdown(); }

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

TEST_F(Modes, SerialJobsAreAtWorkTogetherAndNoMoreOfThemThanThreads) {
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

TEST_F(Modes, AParallelJobWaitsForTheSerialOnesAndLetsNothingPass) {
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

TEST_F(Modes, AJobThatRunsAloneKeepsThoseOfItsOwnerInTheirOrder) {
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

TEST_F(Modes, JobsThatReadPassThoseOfTheirOwnerThatUpdateAndAreAtWorkBesideThem) {
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

TEST_F(Modes, AJobThatUpdatesLetsOthersInOneAfterTheOther) {
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

TEST_F(Modes, GuestsAreNoneThatUpdateOrMayNotBeOrMustBeAlone) {
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

TEST_F(Modes, GuestsAreCancelledAndEndWithTheExecutor) {
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

TEST_F(Modes, AJobThatAsksForEitherIsParallelWhereNothingElseIsToBeDone) {
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

TEST_F(Modes, JobsThatAskForEitherAreSerialWhereAsManyWaitAsThereAreThreads) {
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

TEST_F(Modes, JobsOfOneOwnerThatRunAloneAreNoCrowd) {
  Watched::State& only = Submit(&a_, Parallelism::kEither);
  only.AwaitBegin();
  Watched::State& first = Submit(&a_, Parallelism::kEither, Access::kAlone);
  Submit(&a_, Parallelism::kEither, Access::kAlone);
  only.go = true;
  first.AwaitBegin();
  EXPECT_EQ(first.kind, LaneKind::kParallel);
  LetAllGo();
}

TEST_F(Modes, AJobThatIsNotReadyForOneThreadIsParallelAndKnowsThatItIsCrowded) {
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

TEST_F(Modes, CancellingWhatOthersWaitForLetsThemBegin) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial);
  first.AwaitBegin();
  Submit(&b_, Parallelism::kParallel);
  Watched::State& behind = Submit(&a_, Parallelism::kSerial);
  ExpectWaiting(behind);
  executor_.Cancel([&](const Job& job) { return job.owner() == &b_; });
  behind.AwaitBegin();
  LetAllGo();
}

TEST_F(Modes, JobsOnAllLanesAreCancelled) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial);
  Watched::State& second = Submit(&a_, Parallelism::kSerial);
  Submit(&a_, Parallelism::kSerial);
  first.AwaitBegin();
  second.AwaitBegin();
  executor_.Cancel([](const Job&) { return true; });
  for (const auto& job : ended_.Take(3)) EXPECT_EQ(job->failure()->code(), ErrorCode::kAborted);
}

TEST_F(Modes, ShutdownEndsWhatIsAtWorkOnAllLanes) {
  Watched::State& first = Submit(&a_, Parallelism::kSerial);
  Watched::State& second = Submit(&a_, Parallelism::kSerial);
  Submit(&a_, Parallelism::kSerial);
  Submit(&a_, Parallelism::kParallel);
  first.AwaitBegin();
  second.AwaitBegin();
  executor_.Shutdown();
  EXPECT_EQ(ended_.Take(2).size(), 2U);  // those that waited are dropped
}

TEST_F(Modes, NeitherKindStarvesAndNoMoreThreadsWorkThanThereAre) {
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

TEST(ModesOfOneThread, AllJobsAreComputedOnTheOneLane) {
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

// --- programs ---

constexpr int64_t kSize = 1024;

std::string Type() { return "float32[" + std::to_string(kSize) + "]"; }

// y = x * (w + w^2), the latter computed once for each state of w.
std::string ReadPlan() {
  return "slimnet.plan 1\n%0 = input() {name=\"x\"} @\"x\" : " + Type() +
         "\n%1 = variable() {name=\"w\"} @\"w\" : " + Type() + "\n%2 = mul(%1, %1) {} @\"square\" : " + Type() +
         "\n%3 = add(%1, %2) {} @\"sum\" : " + Type() + "\n%4 = mul(%0, %3) {} @\"y\" : " + Type() +
         "\noutput \"y\" %4\n";
}

// w becomes w + x; the result is w from before.
std::string AddPlan() {
  return "slimnet.plan 1\n%0 = input() {name=\"x\"} @\"x\" : " + Type() +
         "\n%1 = variable() {name=\"w\"} @\"w\" : " + Type() + "\n%2 = assign_add(%1, %0) {} @\"add\" : " + Type() +
         "\noutput \"before\" %1\nupdate %2\n";
}

std::string DropoutPlan() {
  return "slimnet.plan 1\n%0 = input() {name=\"x\"} @\"x\" : " + Type() +
         "\n%1 = dropout(%0) {keep_prob=0.5, seed=3} @\"y\" : " + Type() + "\noutput \"y\" %1\n";
}

class CompileJob final : public Job {
 public:
  CompileJob(std::string plan, std::shared_ptr<Store> store, const Executor& executor, LaneKind kind)
      : Job(store.get()), plan_(std::move(plan)), store_(std::move(store)), executor_(executor), kind_(kind) {}
  void Execute(const ExecutorResources& resources) override {
    set = ProgramSet::Compile(plan_, store_, executor_, kind_, resources, cancelled());
  }
  std::shared_ptr<ProgramSet> set;

 private:
  const std::string plan_;
  const std::shared_ptr<Store> store_;
  const Executor& executor_;
  const LaneKind kind_;
};

class RunJob final : public Job {
 public:
  RunJob(std::shared_ptr<ProgramSet> set, Parallelism parallelism, float x)
      : Job(&set->store(), parallelism, set->access()), set_(std::move(set)), room_(set_->TakeInputs()) {
    std::fill_n(reinterpret_cast<float*>(room_->host()), kSize, x);
    request.inputs = {room_->host()};
  }
  ~RunJob() override { set_->GiveInputs(std::move(room_)); }
  bool ReadyForOneThread() const override { return set_->HasProgramFor(LaneKind::kSerial); }
  bool MayBeGuestOn(LaneKind kind) const override { return set_->HasProgramFor(kind); }
  void Begin() override {
    request.step = set_->Begin();
    turn_ = set_->Stats().runs - 1;
  }
  void Execute(const ExecutorResources& resources) override {
    if (crowded()) set_->AddProgramFor(LaneKind::kSerial, resources, cancelled());
    set_->Run(resources, request, cancelled());
  }
  std::vector<float> result() const {
    std::vector<float> values(request.outputs[0].bytes() / sizeof(float));
    std::memcpy(values.data(), request.outputs[0].data(), request.outputs[0].bytes());
    return values;
  }
  const ProgramSet& set() const { return *set_; }
  // How many runs of the set began before it.
  uint64_t turn() const { return turn_; }
  RunRequest request;

 private:
  std::shared_ptr<ProgramSet> set_;
  std::unique_ptr<Memory> room_;
  uint64_t turn_ = 0;
};

class ModesOfPrograms : public ::testing::TestWithParam<const char*> {
 protected:
  ModesOfPrograms() : executor_(GetParam(), 3, ended_.Sink()) {
    executor_.MakeSerialLanes();
    executor_.AddUser();
    MakeStore();
  }
  ~ModesOfPrograms() override { executor_.Shutdown(); }

  void MakeStore() {
    store_ = std::make_shared<Store>(executor_.backends()[0]);
    store_->Declare("w", {DType::kFloat32, {kSize}});
  }
  std::shared_ptr<ProgramSet> Compile(const std::string& plan, LaneKind kind = LaneKind::kSerial) {
    executor_.Submit(std::make_unique<CompileJob>(plan, store_, executor_, kind), kLongQueue);
    const auto jobs = ended_.Take(1);
    EXPECT_FALSE(jobs[0]->failure()) << jobs[0]->failure()->what();
    return static_cast<CompileJob&>(*jobs[0]).set;
  }
  std::vector<std::vector<float>> Run(const std::shared_ptr<ProgramSet>& set, Parallelism parallelism, size_t count,
                                      float x) {
    for (size_t i = 0; i < count; ++i) executor_.Submit(std::make_unique<RunJob>(set, parallelism, x), kLongQueue);
    std::vector<std::vector<float>> results(count);
    for (const auto& job : ended_.Take(count)) {
      EXPECT_FALSE(job->failure());
      const auto& run = static_cast<const RunJob&>(*job);
      results[run.turn() % count] = run.result();
    }
    return results;
  }
  void WriteW(float value) {
    const std::vector<float> values(kSize, value);
    store_->Write("w", DType::kFloat32, std::as_bytes(std::span(values)), 0);
  }

  Ended ended_;
  Executor executor_;
  std::shared_ptr<Store> store_;
};

TEST_P(ModesOfPrograms, LanesOfBothKindsShareTheConstants) {
  WriteW(2);
  const auto set = Compile(ReadPlan(), LaneKind::kParallel);
  Run(set, Parallelism::kParallel, 1, 1);
  const size_t alone = store_->Stats().packed_bytes;
  EXPECT_EQ(alone, kSize * sizeof(float));
  EXPECT_FALSE(set->HasProgramFor(LaneKind::kSerial));
  const auto serial = Compile(ReadPlan(), LaneKind::kSerial);
  for (const auto& result : Run(serial, Parallelism::kSerial, 50, 1)) EXPECT_EQ(result, std::vector<float>(kSize, 6));
  EXPECT_EQ(store_->Stats().packed_bytes, alone);
  EXPECT_EQ(store_->Stats().parallel_runs, 1U);
  EXPECT_EQ(store_->Stats().serial_runs, 50U);
}

TEST_P(ModesOfPrograms, UpdatesHappenOneAfterTheOtherInTheOrderOfTheCalls) {
  WriteW(0);
  const auto add = Compile(AddPlan());
  const auto results = Run(add, Parallelism::kSerial, 200, 1);
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], std::vector<float>(kSize, static_cast<float>(i)));
}

TEST_P(ModesOfPrograms, TheSameRunDrawsTheSameNumbersOnBothKindsOfLanes) {
  const auto parallel = Run(Compile(DropoutPlan(), LaneKind::kParallel), Parallelism::kParallel, 40, 1);
  MakeStore();
  const auto serial = Run(Compile(DropoutPlan(), LaneKind::kSerial), Parallelism::kSerial, 40, 1);
  EXPECT_EQ(parallel, serial);
  EXPECT_NE(parallel[0], parallel[1]);
}

TEST_P(ModesOfPrograms, RunsThatDrawAreCountedWhateverTheirProgram) {
  const auto one = Run(Compile(DropoutPlan()), Parallelism::kSerial, 4, 1);
  MakeStore();
  std::vector<std::vector<float>> several;
  for (int i = 0; i < 4; ++i) {
    Run(Compile(ReadPlan()), Parallelism::kSerial, 3, 1);  // draws nothing
    several.push_back(Run(Compile(DropoutPlan()), Parallelism::kSerial, 1, 1)[0]);
  }
  EXPECT_EQ(several, one);
}

TEST_P(ModesOfPrograms, ACrowdMakesAProgramReadyForOneThread) {
  WriteW(1);
  const auto set = Compile(ReadPlan(), LaneKind::kParallel);
  Watched::State state;
  executor_.Submit(std::make_unique<Watched>(nullptr, Parallelism::kParallel, Access::kReads, state), kLongQueue);
  state.AwaitBegin();
  for (int i = 0; i < 20; ++i) executor_.Submit(std::make_unique<RunJob>(set, Parallelism::kEither, 1.0F), kLongQueue);
  state.go = true;
  for (const auto& job : ended_.Take(21)) EXPECT_FALSE(job->failure());
  EXPECT_TRUE(set->HasProgramFor(LaneKind::kSerial));
  EXPECT_GE(store_->Stats().parallel_runs, 1U);
  EXPECT_GE(store_->Stats().serial_runs, 10U);
}

TEST_P(ModesOfPrograms, RoomForInputsIsUsedAgain) {
  const auto set = Compile(ReadPlan());
  auto first = set->TakeInputs();
  const DevicePtr data = first->data();
  set->GiveInputs(std::move(first));
  EXPECT_EQ(set->TakeInputs()->data(), data);
}

bool IsUniform(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [&](float value) { return value == values[0]; });
}

// Callers, a writer, aborts, updates, programs that come and go, and an end in the middle. No run may see a variable,
// or a constant made of it, that is half old and half new; and the thread sanitizer has much to look at.
TEST_P(ModesOfPrograms, OverlappingRunsSeeTheStateFromBeforeOrAfterEachChange) {
  WriteW(0);
  const auto read = Compile(ReadPlan());
  const auto either = Compile(ReadPlan(), LaneKind::kParallel);
  const auto add = Compile(AddPlan());
  std::atomic<bool> stop{false};
  std::atomic<int> torn{0};
  std::atomic<int> well{0};
  const auto caller = [&](unsigned seed) {
    std::mt19937 random(seed);
    while (!stop) {
      const unsigned what = random() % 16;
      try {
        if (what == 0) {
          executor_.Cancel([&](const Job& job) { return job.owner() == store_.get() && random() % 2 == 0; });
        } else if (what == 1) {
          executor_.Submit(std::make_unique<CompileJob>(ReadPlan(), store_, executor_, LaneKind::kSerial), 64);
        } else if (what == 2) {
          WriteW(static_cast<float>(random() % 8));
        } else if (what == 3) {
          std::vector<float> values(kSize);
          store_->Read("w", std::as_writable_bytes(std::span(values)));
          if (!IsUniform(values)) ++torn;
          executor_.Waiting(store_.get());
          executor_.arena_bytes();
          read->Stats();
          either->Steps();
        } else if (what < 7) {
          executor_.Submit(std::make_unique<RunJob>(add, Parallelism::kSerial, 1.0F), 64);
        } else {
          const bool first = what % 2 == 0;
          executor_.Submit(std::make_unique<RunJob>(first ? read : either,
                                                    first ? Parallelism::kSerial : Parallelism::kEither, 1.0F),
                           64);
        }
      } catch (const Error& error) {
        if (error.code() == ErrorCode::kQueueFull) {
          std::this_thread::yield();
        } else if (error.code() != ErrorCode::kDisposed) {
          ADD_FAILURE() << error.what();
        }
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 3; ++i) threads.emplace_back(caller, i);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
  while (std::chrono::steady_clock::now() < end) {
    for (auto& job : ended_.Take(1)) {
      if (job->failure() && job->failure()->code() != ErrorCode::kAborted) ADD_FAILURE() << job->failure()->what();
      const auto* const run = dynamic_cast<const RunJob*>(job.get());
      if (job->failure() || run == nullptr) continue;
      ++well;
      if (!IsUniform(run->result())) ++torn;
    }
  }
  executor_.Shutdown();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0);
  EXPECT_GT(well, 50);
}

INSTANTIATE_TEST_SUITE_P(Backends, ModesOfPrograms, ::testing::Values("reference", "onednn", "discrete"));

// --- memory of variables that overlapping runs keep ---

class CountedMemory final : public Memory {
 public:
  CountedMemory(std::unique_ptr<Memory> memory, std::atomic<int>& count) : memory_(std::move(memory)), count_(count) {
    ++count_;
  }
  ~CountedMemory() override { --count_; }
  DevicePtr data() const override { return memory_->data(); }
  size_t bytes() const override { return memory_->bytes(); }
  std::byte* host() const override { return memory_->host(); }

 private:
  std::unique_ptr<Memory> memory_;
  std::atomic<int>& count_;
};

class CountingBackend final : public Backend {
 public:
  const std::string& name() const override { return inner_->name(); }
  const DeviceInfo& device() const override { return inner_->device(); }
  Verdict Offers(Precision precision) const override { return inner_->Offers(precision); }
  bool Has(OpKind op) const override { return inner_->Has(op); }
  Verdict Supports(const NodeContext& node) const override { return inner_->Supports(node); }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override { return inner_->Fuses(node, next); }
  LayoutPtr Prefers(const NodeContext& node, size_t input) const override { return inner_->Prefers(node, input); }
  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override { return inner_->Prepare(node); }
  std::unique_ptr<Memory> Allocate(size_t bytes) const override {
    return std::make_unique<CountedMemory>(inner_->Allocate(bytes), count);
  }
  std::unique_ptr<Stream> NewStream(ParallelFor* pool) const override { return inner_->NewStream(pool); }

  mutable std::atomic<int> count{0};

 private:
  std::unique_ptr<Backend> inner_ = MakeBackend("reference", {});
};

TEST(OverlappingReadings, KeepNoMoreMemoryThanTheyMaySee) {
  const auto backend = std::make_shared<CountingBackend>();
  Store store(backend);
  const TensorType type{DType::kFloat32, {4}};
  store.Declare("w", type);
  std::array<Store::View, 2> views;
  std::array<std::unique_ptr<Store::Reading>, 2> readings;
  for (Store::View& view : views) view.slots = {store.Slot("w", type)};
  readings[0] = std::make_unique<Store::Reading>(store, views[0]);
  for (size_t i = 1; i < 100; ++i) {  // one of them lives at any time
    const std::array<float, 4> values{static_cast<float>(i)};
    const auto* const seen = reinterpret_cast<const float*>(views[(i - 1) % 2].memory[0]->host());
    const float before = *seen;
    store.Write("w", DType::kFloat32, std::as_bytes(std::span(values)), 0);
    EXPECT_EQ(*seen, before);
    readings[i % 2] = std::make_unique<Store::Reading>(store, views[i % 2]);
    EXPECT_EQ(*reinterpret_cast<const float*>(views[i % 2].memory[0]->host()), static_cast<float>(i));
    readings[(i - 1) % 2].reset();
    EXPECT_LE(backend->count, 3);
  }
  readings = {};
  EXPECT_EQ(backend->count, 1);
}

TEST(OverlappingReadings, EndInAnyOrderWithoutTakingWhatOthersSee) {
  const auto backend = std::make_shared<CountingBackend>();
  Store store(backend);
  const TensorType type{DType::kFloat32, {4}};
  store.Declare("w", type);
  Store::View first;
  Store::View second;
  first.slots = second.slots = {store.Slot("w", type)};
  auto older = std::make_unique<Store::Reading>(store, first);
  const std::array<float, 4> values{};
  store.Write("w", DType::kFloat32, std::as_bytes(std::span(values)), 0);
  auto newer = std::make_unique<Store::Reading>(store, second);
  newer.reset();
  EXPECT_EQ(backend->count, 2);
  older.reset();
  EXPECT_EQ(backend->count, 1);
}

TEST(OverlappingReadings, AConstantThatOthersReadIsMadeInNewMemory) {
  const auto backend = std::make_shared<CountingBackend>();
  Store store(backend);
  const auto packed = store.Packed("key");
  constexpr size_t kBytes = size_t{5} << 20;  // smaller ones share memory
  store.MakeRoom(*packed, kBytes);
  const DevicePtr first = packed->memory->data();
  Store::View view;
  {
    const Store::Reading own(store, view);
    store.MakeRoom(*packed, kBytes);
    EXPECT_EQ(packed->memory->data(), first);
    {
      const Store::Reading other(store, view);
      store.MakeRoom(*packed, kBytes);
      EXPECT_NE(packed->memory->data(), first);
      EXPECT_EQ(backend->count, 2);
    }
    EXPECT_EQ(store.Stats().packed_bytes, packed->bytes);
  }
  EXPECT_EQ(backend->count, 1);
}

}  // namespace
}  // namespace slimnet
