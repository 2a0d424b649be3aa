// Store, compiled programs and the executor, without Node.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "native/ended_jobs.h"
#include "runtime/compiled_program.h"
#include "runtime/executor.h"
#include "runtime/expression_key.h"
#include "runtime/store.h"

namespace slimnet {
namespace {

const std::string kScale = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[4]
%1 = variable() {name="w"} @"w" : float32[4]
%2 = mul(%0, %1) {} @"y" : float32[4]
output "y" %2
)";

const std::string kUpdate = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[4]
%1 = variable() {name="w"} @"w" : float32[4]
%2 = assign_moving_average(%1, %0) {decay=0.5} @"assign" : float32[4]
output "before" %1
output "after" %2
update %2
)";

// w + w^2 is computed once for each state of w.
const std::string kPrologue = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[4]
%1 = variable() {name="w"} @"w" : float32[4]
%2 = mul(%1, %1) {} @"square" : float32[4]
%3 = add(%1, %2) {} @"sum" : float32[4]
%4 = mul(%0, %3) {} @"y" : float32[4]
output "y" %4
)";

using Floats = std::vector<float>;

std::span<const std::byte> BytesOf(const Floats& values) { return std::as_bytes(std::span(values)); }

class Runtime : public ::testing::Test {
 protected:
  Runtime()
      : backend_(MakeBackend("reference", {.threads = 2})),
        pool_(2),
        stream_(backend_->NewStream(&pool_)),
        arena_(*backend_),
        store_(std::make_shared<Store>(backend_)) {
    store_->Declare("w", {DType::kFloat32, {4}});
  }

  ExecutorResources Resources() { return {pool_, *stream_, arena_}; }
  std::shared_ptr<CompiledProgram> Compile(const std::string& plan) {
    return CompiledProgram::Compile(plan, store_, backend_, Resources(), never_);
  }
  std::vector<Floats> Run(CompiledProgram& program, const Floats& x) {
    RunRequest request;
    request.inputs = {reinterpret_cast<const std::byte*>(x.data())};
    program.Run(Resources(), request, never_);
    std::vector<Floats> outputs;
    for (const HostBlock& block : request.outputs) {
      Floats values(block.bytes() / sizeof(float));
      std::memcpy(values.data(), block.data(), block.bytes());
      outputs.push_back(std::move(values));
    }
    return outputs;
  }
  void WriteW(const Floats& values) { store_->Write("w", DType::kFloat32, BytesOf(values), 0); }
  Floats ReadW() {
    Floats values(4);
    store_->Read("w", std::as_writable_bytes(std::span(values)));
    return values;
  }

  std::shared_ptr<const Backend> backend_;
  ThreadPool pool_;
  std::unique_ptr<Stream> stream_;
  Arena arena_;
  std::shared_ptr<Store> store_;
  const std::atomic<bool> never_{false};
};

TEST_F(Runtime, RunsAndSeesWrites) {
  const auto program = Compile(kScale);
  EXPECT_EQ(Run(*program, {1, 2, 3, 4})[0], (Floats{0, 0, 0, 0}));
  WriteW({1, 2, 3, 4});
  EXPECT_EQ(Run(*program, {1, 2, 3, 4})[0], (Floats{1, 4, 9, 16}));
}

TEST_F(Runtime, UpdatesTakeEffectAtTheEnd) {
  WriteW({2, 2, 2, 2});
  const auto program = Compile(kUpdate);
  const auto outputs = Run(*program, {4, 4, 4, 4});
  EXPECT_EQ(outputs[0], (Floats{2, 2, 2, 2}));
  EXPECT_EQ(outputs[1], (Floats{3, 3, 3, 3}));
  EXPECT_EQ(ReadW(), (Floats{3, 3, 3, 3}));
}

TEST_F(Runtime, AnAbortedRunLeavesVariablesAlone) {
  WriteW({2, 2, 2, 2});
  const auto program = Compile(kScale.substr(0, kScale.find("output")) +
                               "%3 = assign_moving_average(%1, %2) {decay=0.5} @\"assign\" : float32[4]\nupdate %3\n");
  const Floats x(4);
  RunRequest request;
  request.inputs = {reinterpret_cast<const std::byte*>(x.data())};
  const std::atomic<bool> cancelled{true};
  try {
    program->Run(Resources(), request, cancelled);
    FAIL() << "expected an abort";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kAborted);
  }
  EXPECT_EQ(ReadW(), (Floats{2, 2, 2, 2}));
}

TEST_F(Runtime, ThePrologueRunsOnlyWhenItsVariablesChanged) {
  WriteW({1, 2, 3, 4});
  store_->Declare("other", {DType::kFloat32, {1}});
  const auto program = Compile(kPrologue);
  EXPECT_EQ(Run(*program, {1, 1, 1, 1})[0], (Floats{2, 6, 12, 20}));
  EXPECT_EQ(program->Steps().size(), 1U);
  EXPECT_EQ(store_->Stats().packed_bytes, 16U);
  store_->Write("other", DType::kFloat32, BytesOf({5}), 0);
  EXPECT_EQ(Run(*program, {1, 1, 1, 1})[0], (Floats{2, 6, 12, 20}));
  WriteW({2, 2, 2, 2});
  EXPECT_EQ(Run(*program, {1, 1, 1, 1})[0], (Floats{6, 6, 6, 6}));
}

TEST_F(Runtime, ProgramsShareWhatTheirProloguesMake) {
  WriteW({1, 2, 3, 4});
  auto first = Compile(kPrologue);
  auto second = Compile(kPrologue);
  Run(*first, {1, 1, 1, 1});
  EXPECT_EQ(Run(*second, {2, 2, 2, 2})[0], (Floats{4, 12, 24, 40}));
  EXPECT_EQ(store_->Stats().packed_bytes, 16U);
  first.reset();
  EXPECT_EQ(Run(*second, {2, 2, 2, 2})[0], (Floats{4, 12, 24, 40}));
  second.reset();
  EXPECT_EQ(store_->Stats().packed_bytes, 0U);
}

TEST_F(Runtime, AWriteDuringAReadingIsSeenByTheNextOneOnly) {
  WriteW({1, 1, 1, 1});
  Store::View view;
  view.slots = {store_->Slot("w", {DType::kFloat32, {4}})};
  {
    const Store::Reading reading(*store_, view);
    EXPECT_TRUE(reading.changed());
    const auto* const seen = reinterpret_cast<const float*>(view.memory[0]->host());
    WriteW({2, 2, 2, 2});
    store_->Write("w", DType::kFloat32, BytesOf({3}), 1);
    EXPECT_EQ(seen[1], 1.0F);
    EXPECT_EQ(ReadW(), (Floats{2, 3, 2, 2}));
  }
  const Store::Reading reading(*store_, view);
  EXPECT_TRUE(reading.changed());
  EXPECT_EQ(reinterpret_cast<const float*>(view.memory[0]->host())[1], 3.0F);
}

TEST_F(Runtime, APartialWriteDuringAReadingKeepsTheRest) {
  WriteW({1, 2, 3, 4});
  Store::View view;
  view.slots = {store_->Slot("w", {DType::kFloat32, {4}})};
  const Store::Reading reading(*store_, view);
  store_->Write("w", DType::kFloat32, BytesOf({9}), 3);
  EXPECT_EQ(ReadW(), (Floats{1, 2, 3, 9}));
}

TEST_F(Runtime, AnUnchangedStoreNeedsNoNewView) {
  Store::View view;
  view.slots = {store_->Slot("w", {DType::kFloat32, {4}})};
  EXPECT_TRUE(Store::Reading(*store_, view).changed());
  EXPECT_FALSE(Store::Reading(*store_, view).changed());
}

const std::string kDraw = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[4]
%1 = dropout(%0) {keep_prob=0.5, seed=3} @"y" : float32[4]
output "y" %1
random_step "step"
)";

// What the run draws, as bits.
int MaskOf(const Floats& values) {
  int mask = 0;
  for (const float value : values) mask = 2 * mask + (value == 0 ? 0 : 1);
  return mask;
}

TEST_F(Runtime, RandomOpsDrawFromTheStepThatAVariableSays) {
  store_->Declare("step", {DType::kInt64, {}});
  const auto at = [&](CompiledProgram& program, int64_t step) {
    store_->Write("step", DType::kInt64, std::as_bytes(std::span(&step, 1)), 0);
    return MaskOf(Run(program, {1, 1, 1, 1})[0]);
  };
  const auto first = Compile(kDraw);
  std::vector<int> masks;
  for (int64_t step = 0; step < 16; ++step) {
    masks.push_back(at(*first, step));
    const auto key = static_cast<uint64_t>(step);
    int expected = 0;
    for (uint64_t i = 0; i < 4; ++i) expected = 2 * expected + (Uniform(3, key, i) < 0.5F ? 1 : 0);
    EXPECT_EQ(masks.back(), expected);
  }
  const auto second = Compile(kDraw);
  for (int64_t step = 15; step >= 0; --step) EXPECT_EQ(at(*second, step), masks[static_cast<size_t>(step)]);
  EXPECT_FALSE(second->counts_draws());
  // Those above 2^32, and below 0, are others.
  EXPECT_NE(at(*first, (int64_t{1} << 32) + 1), at(*first, 1));
}

TEST_F(Runtime, TheStepOfRandomOpsIsAnIntegerScalar) {
  store_->Declare("step", {DType::kFloat32, {}});
  try {
    Compile(kDraw);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCompile);
    EXPECT_EQ(error.node(), "step");
  }
}

TEST_F(Runtime, FailuresNameOpAndNode) {
  try {
    Compile("slimnet.plan 1\n%0 = variable() {name=\"nobody\"} @\"v\" : float32[4]\noutput \"v\" %0\n");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kExecution);
    EXPECT_EQ(error.node(), "nobody");
  }
}

class FunctionJob final : public Job {
 public:
  FunctionJob(const void* owner, std::function<void(const std::atomic<bool>&)> run)
      : Job(owner), run_(std::move(run)) {}
  void Execute(const ExecutorResources& /*resources*/) override { run_(cancelled()); }

 private:
  std::function<void(const std::atomic<bool>&)> run_;
};

constexpr size_t kQueueLimit = 100;

TEST(Executor, RunsJobsInTheirOrderAndReportsWhatTheyThrow) {
  Ended ended;
  Executor executor("null", 2, ended.Sink());
  std::vector<int> order;
  for (int i = 0; i < 4; ++i) {
    executor.Submit(std::make_unique<FunctionJob>(nullptr,
                                                  [&order, i](const std::atomic<bool>&) {
                                                    order.push_back(i);
                                                    if (i == 1) throw Error(ErrorCode::kExecution, "own");
                                                    if (i == 2) throw std::bad_alloc();
                                                    if (i == 3) throw 5;
                                                  }),
                    kQueueLimit);
  }
  const auto jobs = ended.Take(4);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_FALSE(jobs[0]->failure());
  EXPECT_EQ(jobs[1]->failure()->code(), ErrorCode::kExecution);
  EXPECT_EQ(jobs[2]->failure()->code(), ErrorCode::kMemory);
  EXPECT_EQ(jobs[3]->failure()->code(), ErrorCode::kInternal);
  executor.Shutdown();
}

TEST(Executor, CancelsJobsThatRunAndJobsThatWait) {
  Ended ended;
  Executor executor("null", 1, ended.Sink());
  std::atomic<bool> begun{false};
  const int owner = 0;
  executor.Submit(std::make_unique<FunctionJob>(&owner,
                                                [&](const std::atomic<bool>& cancelled) {
                                                  begun = true;
                                                  while (!cancelled) std::this_thread::yield();
                                                  throw Error(ErrorCode::kAborted, "stopped");
                                                }),
                  kQueueLimit);
  executor.Submit(
      std::make_unique<FunctionJob>(&owner, [](const std::atomic<bool>&) { ADD_FAILURE() << "it was cancelled"; }),
      kQueueLimit);
  while (!begun) std::this_thread::yield();
  EXPECT_EQ(executor.Waiting(&owner), 1U);
  executor.Cancel([&](const Job& job) { return job.owner() == &owner; });
  for (const auto& job : ended.Take(2)) EXPECT_EQ(job->failure()->code(), ErrorCode::kAborted);
  EXPECT_EQ(executor.Waiting(&owner), 0U);
  executor.Shutdown();
}

TEST(Executor, RefusesJobsOverTheLimitOfTheirOwner) {
  Ended ended;
  Executor executor("null", 1, ended.Sink());
  std::atomic<bool> go{false};
  std::atomic<bool> begun{false};
  const int owner = 0;
  const int other = 0;
  const auto wait = [&](const std::atomic<bool>&) {
    begun = true;
    while (!go) std::this_thread::yield();
  };
  executor.Submit(std::make_unique<FunctionJob>(&owner, wait), 1);
  while (!begun) std::this_thread::yield();
  executor.Submit(std::make_unique<FunctionJob>(&owner, wait), 1);
  try {
    executor.Submit(std::make_unique<FunctionJob>(&owner, wait), 1);
    ADD_FAILURE() << "expected a full queue";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kQueueFull);
  }
  executor.Submit(std::make_unique<FunctionJob>(&other, wait), 1);
  go = true;
  EXPECT_EQ(ended.Take(3).size(), 3U);
  executor.Shutdown();
}

TEST(Executor, ShutdownDropsWhatWaitsAndTakesNothingMore) {
  Ended ended;
  Executor executor("null", 2, ended.Sink());
  std::atomic<bool> begun{false};
  executor.Submit(std::make_unique<FunctionJob>(nullptr,
                                                [&](const std::atomic<bool>& cancelled) {
                                                  begun = true;
                                                  while (!cancelled) std::this_thread::yield();
                                                }),
                  kQueueLimit);
  executor.Submit(
      std::make_unique<FunctionJob>(nullptr, [](const std::atomic<bool>&) { ADD_FAILURE() << "it was dropped"; }),
      kQueueLimit);
  while (!begun) std::this_thread::yield();
  executor.Shutdown();
  executor.Shutdown();
  try {
    executor.Submit(std::make_unique<FunctionJob>(nullptr, [](const std::atomic<bool>&) {}), kQueueLimit);
    ADD_FAILURE() << "expected a refusal";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDisposed);
  }
}

TEST(ExpressionKey, NamesWhatIsMadeOfVariablesAlone) {
  Program program = Parse(kPrologue);
  for (Node& node : program.nodes) node.prologue = node.name == "square" || node.name == "sum";
  const std::vector<std::string> keys = ExpressionKeys(program);
  EXPECT_EQ(keys[0], "");
  EXPECT_EQ(keys[4], "");
  EXPECT_NE(keys[2], "");
  EXPECT_NE(keys[2], keys[3]);
  Program renamed = Parse(kPrologue);
  for (Node& node : renamed.nodes) {
    node.prologue = node.name == "square" || node.name == "sum";
    if (node.op != OpKind::kVariable) node.name += "_1";
  }
  EXPECT_EQ(ExpressionKeys(renamed), keys);
}

TEST(ExpressionKey, LeavesOutWhatIsTooLongToCompare) {
  std::string values = "1";
  for (int i = 1; i < 5000; ++i) values += ",1";
  Program program =
      Parse("slimnet.plan 1\n%0 = constant() {values=[" + values + "]} @\"c\" : float32[5000]\noutput \"c\" %0\n");
  EXPECT_EQ(ExpressionKeys(program)[0], "");
}

}  // namespace
}  // namespace slimnet
