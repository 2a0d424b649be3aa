// What runs of programs see of each other that are at work at the same time, on lanes of both kinds.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "native/ended_jobs.h"
#include "native/program_jobs.h"
#include "native/watched_job.h"
#include "runtime/executor.h"
#include "runtime/program_set.h"
#include "runtime/store.h"

namespace slimnet {
namespace {

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

class OverlappingRuns : public ::testing::TestWithParam<const char*> {
 protected:
  OverlappingRuns() : executor_(GetParam(), 3, ended_.Sink()) {
    executor_.MakeSerialLanes();
    executor_.AddUser();
    MakeStore();
  }
  ~OverlappingRuns() override { executor_.Shutdown(); }

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

TEST_P(OverlappingRuns, LanesOfBothKindsShareTheConstants) {
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

TEST_P(OverlappingRuns, UpdatesHappenOneAfterTheOtherInTheOrderOfTheCalls) {
  WriteW(0);
  const auto add = Compile(AddPlan());
  const auto results = Run(add, Parallelism::kSerial, 200, 1);
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], std::vector<float>(kSize, static_cast<float>(i)));
}

TEST_P(OverlappingRuns, TheSameRunDrawsTheSameNumbersOnBothKindsOfLanes) {
  const auto parallel = Run(Compile(DropoutPlan(), LaneKind::kParallel), Parallelism::kParallel, 40, 1);
  MakeStore();
  const auto serial = Run(Compile(DropoutPlan(), LaneKind::kSerial), Parallelism::kSerial, 40, 1);
  EXPECT_EQ(parallel, serial);
  EXPECT_NE(parallel[0], parallel[1]);
}

TEST_P(OverlappingRuns, RunsThatDrawAreCountedWhateverTheirProgram) {
  const auto one = Run(Compile(DropoutPlan()), Parallelism::kSerial, 4, 1);
  MakeStore();
  std::vector<std::vector<float>> several;
  for (int i = 0; i < 4; ++i) {
    Run(Compile(ReadPlan()), Parallelism::kSerial, 3, 1);  // draws nothing
    several.push_back(Run(Compile(DropoutPlan()), Parallelism::kSerial, 1, 1)[0]);
  }
  EXPECT_EQ(several, one);
}

TEST_P(OverlappingRuns, ACrowdMakesAProgramReadyForOneThread) {
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

TEST_P(OverlappingRuns, RoomForInputsIsUsedAgain) {
  const auto set = Compile(ReadPlan());
  auto first = set->TakeInputs();
  const DevicePtr data = first->data();
  set->GiveInputs(std::move(first));
  EXPECT_EQ(set->TakeInputs()->data(), data);
}

TEST_P(OverlappingRuns, ProgramsLendEachOtherRoom) {
  InputRooms& rooms = store_->input_rooms();
  auto small = rooms.Take(6400);
  rooms.Give(std::move(small), 3);
  auto large = rooms.Take(12800);  // in place of the small one
  const size_t bytes = rooms.bytes();
  EXPECT_EQ(bytes, large->bytes());
  const DevicePtr data = large->data();
  rooms.Give(std::move(large), 3);
  large = rooms.Take(6400);
  EXPECT_EQ(large->data(), data);
  EXPECT_EQ(rooms.bytes(), bytes);
  rooms.Give(std::move(large), 3);
  // What is far smaller neither takes it nor takes its place.
  auto tiny = rooms.Take(4);
  EXPECT_NE(tiny->data(), data);
  EXPECT_GT(rooms.bytes(), bytes);
  rooms.Give(std::move(tiny), 1);
  EXPECT_EQ(rooms.bytes(), bytes);
}

bool IsUniform(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [&](float value) { return value == values[0]; });
}

// Callers, a writer, aborts, updates, programs that come and go, and an end in the middle. No run may see a variable,
// or a constant made of it, that is half old and half new; and the thread sanitizer has much to look at.
TEST_P(OverlappingRuns, OverlappingRunsSeeTheStateFromBeforeOrAfterEachChange) {
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

INSTANTIATE_TEST_SUITE_P(Backends, OverlappingRuns, ::testing::Values("reference", "onednn", "discrete"));

}  // namespace
}  // namespace slimnet
