// A run is a transaction: its new values of variables are published all at once, or never.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/cpu/cpu_stream.h"
#include "base/error.h"
#include "runtime/compiled_program.h"
#include "runtime/store.h"
#include "runtime/thread_pool.h"

namespace slimnet::testing {
namespace {

using Values = std::vector<float>;

// Two updates that can be made at once, two more steps, and one that fails where an index is out of range.
const std::string kStep = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[2,4]
%1 = input() {name="labels"} @"labels" : int32[2]
%2 = variable() {name="w"} @"w/read" : float32[2,4]
%3 = variable() {name="v"} @"v/read" : float32[2,4]
%4 = assign_add(%2, %0) {} @"add" : float32[2,4]
%5 = assign_moving_average(%3, %2) {decay=0.5} @"average" : float32[2,4]
%6 = abs(%3) {} @"abs" : float32[2,4]
%7 = pick(%6, %1) {} @"picked" : float32[2]
%8 = exp(%7) {} @"exp" : float32[2]
output "w" %2
output "new_w" %4
output "exp" %8
update %4
update %5
)";

// Fails behind the update, of whose result it picks.
const std::string kLate = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[2,4]
%1 = input() {name="labels"} @"labels" : int32[2]
%2 = variable() {name="w"} @"w/read" : float32[2,4]
%3 = assign_add(%2, %0) {} @"add" : float32[2,4]
%4 = pick(%3, %1) {} @"picked" : float32[2]
output "picked" %4
update %3
)";

// Cancels the run at one of its waits: in a profiled run there is one after each step, and one at the end.
class StoppingStream final : public cpu::CpuStream {
 public:
  using CpuStream::CpuStream;
  void Wait() override {
    if (++waits == stop_at) cancelled = true;
  }

  int waits = 0;
  int stop_at = 0;
  std::atomic<bool> cancelled{false};
};

class Updates : public ::testing::Test {
 protected:
  Updates()
      : backend_(MakeBackend("reference", {.threads = 2})),
        pool_(2),
        stream_(backend_->NewStream(&pool_)),
        arena_(*backend_),
        store_(std::make_shared<Store>(backend_)) {
    for (const std::string name : {"w", "v"}) store_->Declare(name, kType);
    Write("w", 1);
    Write("v", 2);
  }

  std::shared_ptr<CompiledProgram> Compile(const std::string& plan) {
    return CompiledProgram::Compile(plan, store_, backend_, {pool_, *stream_, arena_}, never_);
  }
  std::vector<Values> Run(CompiledProgram& program, int32_t label = 0) {
    return Run(program, *stream_, never_, label, false);
  }
  std::vector<Values> Run(CompiledProgram& program, Stream& stream, const std::atomic<bool>& cancelled, int32_t label,
                          bool profile) {
    const Values x(8, 1);
    const std::vector<int32_t> labels(2, label);
    RunRequest request;
    request.inputs = {reinterpret_cast<const std::byte*>(x.data()), reinterpret_cast<const std::byte*>(labels.data())};
    request.profile = profile;
    program.Run({pool_, stream, arena_}, request, cancelled);
    std::vector<Values> outputs;
    for (const HostBlock& block : request.outputs) {
      outputs.emplace_back(block.bytes() / sizeof(float));
      std::memcpy(outputs.back().data(), block.data(), block.bytes());
    }
    return outputs;
  }
  // False when the run was aborted.
  bool IsDone(CompiledProgram& program, StoppingStream& stream) {
    try {
      Run(program, stream, stream.cancelled, 0, true);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kAborted) << error.what();
      return false;
    }
  }
  static ErrorCode CodeOf(const std::function<void()>& fails) {
    try {
      fails();
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::kInternal;
  }
  void Write(const std::string& name, float value) {
    const Values values(8, value);
    store_->Write(name, DType::kFloat32, std::as_bytes(std::span(values)), 0);
  }
  // Of a variable whose elements are all the same.
  float Read(const std::string& name) {
    Values values(8);
    store_->Read(name, std::as_writable_bytes(std::span(values)));
    for (const float value : values) EXPECT_EQ(value, values[0]) << name;
    return values[0];
  }

  static inline const TensorType kType{DType::kFloat32, {2, 4}};
  static constexpr size_t kBytes = 8 * sizeof(float);

  std::shared_ptr<const Backend> backend_;
  ThreadPool pool_;
  std::unique_ptr<Stream> stream_;
  Arena arena_;
  std::shared_ptr<Store> store_;
  const std::atomic<bool> never_{false};
};

TEST_F(Updates, AreMadeOfTheValuesFromBeforeTheRun) {
  const auto program = Compile(kStep);
  const auto outputs = Run(*program);
  EXPECT_EQ(outputs[0], Values(8, 1));
  EXPECT_EQ(outputs[1], Values(8, 2));
  EXPECT_EQ(Read("w"), 2);
  EXPECT_EQ(Read("v"), 1.5F);  // of w before the run
  Run(*program);
  EXPECT_EQ(Read("w"), 3);
  EXPECT_EQ(Read("v"), 1.75F);
}

TEST_F(Updates, StandBeforeWhatComesLaterInThePlan) {
  const std::string text = Compile(kStep)->PlanText();
  EXPECT_LT(text.find("@\"add\""), text.find("@\"abs\"")) << text;
  EXPECT_LT(text.find("@\"average\""), text.find("@\"abs\"")) << text;
}

TEST_F(Updates, OfARunThatIsAbortedAtAnyStepAreNotPublished) {
  const auto program = Compile(kStep);
  size_t aborted = 0;
  for (int stop_at = 1;; ++stop_at) {
    StoppingStream stream(&pool_);
    stream.stop_at = stop_at;
    if (!IsDone(*program, stream)) {
      ++aborted;
      EXPECT_EQ(Read("w"), 1);
      EXPECT_EQ(Read("v"), 2);
      EXPECT_EQ(store_->Stats().spare_bytes, 2 * kBytes);
      continue;
    }
    EXPECT_TRUE(stream.cancelled);  // after the values had been published
    break;
  }
  EXPECT_GE(aborted, program->Steps().size() + 1);
  EXPECT_EQ(Read("w"), 2);
}

TEST_F(Updates, OfARunThatFailsAreNotPublished) {
  for (const std::string& plan : {kStep, kLate}) {
    const auto program = Compile(plan);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(CodeOf([&] { Run(*program, 4); }), ErrorCode::kExecution);
      EXPECT_EQ(Read("w"), 1);
      EXPECT_EQ(Read("v"), 2);
    }
  }
  Run(*Compile(kLate));
  EXPECT_EQ(Read("w"), 2);
}

TEST_F(Updates, OfOneVariableFollowOneAnother) {
  const auto program = Compile(R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[2,4]
%1 = input() {name="labels"} @"labels" : int32[2]
%2 = variable() {name="w"} @"w/read" : float32[2,4]
%3 = assign_add(%2, %0) {} @"first" : float32[2,4]
%4 = assign_add(%2, %0) {} @"second" : float32[2,4]
%5 = variable() {name="w"} @"w/read_1" : float32[2,4]
%6 = assign_add(%5, %2) {} @"third" : float32[2,4]
output "first" %3
output "second" %4
output "third" %6
update %3
update %4
update %6
)");
  EXPECT_EQ(Run(*program), (std::vector<Values>{Values(8, 2), Values(8, 3), Values(8, 4)}));
  EXPECT_EQ(Read("w"), 4);
  EXPECT_EQ(program->spare_bytes(), kBytes);
}

TEST_F(Updates, OfSeveralProgramsMeetInTheStore) {
  const auto both = Compile(kStep);
  const auto one = Compile(kLate);
  for (int i = 0; i < 5; ++i) {
    Run(*both);
    Run(*one);
  }
  EXPECT_EQ(Read("w"), 11);
  EXPECT_EQ(store_->Stats().spare_bytes, 2 * kBytes);
}

TEST_F(Updates, TakeOneSpareBlockForEachVariableFromRunToRun) {
  auto program = Compile(kStep);
  EXPECT_EQ(program->spare_bytes(), 2 * kBytes);
  EXPECT_NE(program->PlanText().find("@\"add\" : float32[2,4] spare[32]"), std::string::npos) << program->PlanText();
  EXPECT_EQ(store_->Stats().spare_bytes, 0U);
  std::vector<const Memory*> seen;
  Store::View view;
  view.slots = {store_->Slot("w", kType)};
  for (int i = 0; i < 6; ++i) {
    Run(*program);
    const Store::Reading reading(*store_, view);
    seen.push_back(view.memory[0]);
    EXPECT_EQ(store_->Stats().spare_bytes, 2 * kBytes);
  }
  for (size_t i = 2; i < seen.size(); ++i) EXPECT_EQ(seen[i], seen[i - 2]);
  program.reset();
  EXPECT_EQ(store_->Stats().spare_bytes, 0U);
  EXPECT_EQ(Read("w"), 7);
}

TEST_F(Updates, LeaveReadersTheVersionThatTheyBeganWith) {
  const auto program = Compile(kLate);
  std::vector<std::unique_ptr<Store::View>> views;
  std::vector<std::unique_ptr<Store::Reading>> readings;
  for (int i = 0; i < 8; ++i) {
    views.push_back(std::make_unique<Store::View>());
    views.back()->slots = {store_->Slot("w", kType)};
    readings.push_back(std::make_unique<Store::Reading>(*store_, *views.back()));
    Run(*program);
  }
  for (size_t i = 0; i < views.size(); ++i) {
    EXPECT_EQ(reinterpret_cast<const float*>(views[i]->memory[0]->host())[0], static_cast<float>(i) + 1);
  }
  // One that has lasted long keeps its own version, not all since.
  readings.erase(readings.begin() + 1, readings.end());
  for (int i = 0; i < 8; ++i) Run(*program);
  EXPECT_LE(store_->Stats().spare_bytes, 2 * kBytes);
  EXPECT_EQ(reinterpret_cast<const float*>(views[0]->memory[0]->host())[0], 1);
  readings.clear();
  EXPECT_EQ(store_->Stats().spare_bytes, kBytes);
  EXPECT_EQ(Read("w"), 17);
}

TEST_F(Updates, StandBelowAWriteThatCameMeanwhile) {
  Store::View view;
  view.slots = {store_->Slot("w", kType), store_->Slot("v", kType)};
  const std::vector<size_t> updated{0, 1};
  {
    const Store::Reading reading(*store_, view);
    Store::Transaction transaction(*store_, view, updated);
    const Values values(8, 5);
    for (size_t i = 0; i < 2; ++i) {
      stream_->Upload(transaction.data(i), std::as_bytes(std::span(values)));
    }
    stream_->Wait();
    Write("w", 7);
    EXPECT_EQ(Read("w"), 7);
    EXPECT_EQ(Read("v"), 2);
    transaction.Publish();
  }
  EXPECT_EQ(Read("w"), 7);
  EXPECT_EQ(Read("v"), 5);
  EXPECT_EQ(store_->Stats().spare_bytes, 0U);  // nobody keeps spares
}

TEST_F(Updates, InPlaceTakeNoSecondMemory) {
  const auto program = Compile(kStep + "updates in_place\n");
  EXPECT_EQ(program->access(), Access::kAlone);
  EXPECT_EQ(program->spare_bytes(), 0U);
  const auto outputs = Run(*program);
  EXPECT_EQ(outputs[0], Values(8, 1));
  EXPECT_EQ(outputs[1], Values(8, 2));
  EXPECT_EQ(Read("w"), 2);
  EXPECT_EQ(Read("v"), 1.5F);
  EXPECT_EQ(store_->Stats().spare_bytes, 0U);
  const std::string text = program->PlanText();
  EXPECT_LT(text.find("@\"exp\""), text.find("@\"add\"")) << text;
}

TEST_F(Updates, InPlaceLeaveVariablesAloneWhereTheRunFailsBeforeThem) {
  const auto program = Compile(kStep + "updates in_place\n");
  EXPECT_EQ(CodeOf([&] { Run(*program, 4); }), ErrorCode::kExecution);
  EXPECT_EQ(Read("w"), 1);
  EXPECT_EQ(Read("v"), 2);
}

TEST_F(Updates, InPlaceAreAbortedUpToTheCommitPointAndNotBehindIt) {
  const auto program = Compile(kStep + "updates in_place\n");
  size_t aborted = 0;
  int done = 0;
  for (int stop_at = 1; done < 4; ++stop_at) {
    StoppingStream stream(&pool_);
    stream.stop_at = stop_at;
    if (IsDone(*program, stream)) {
      ++done;
    } else {
      ++aborted;
      EXPECT_EQ(done, 0);
    }
    EXPECT_EQ(Read("w"), static_cast<float>(1 + done));
  }
  EXPECT_GT(aborted, 2U);
}

TEST_F(Updates, InPlaceThatFailHalfwayLeaveNoValueUntilItIsWritten) {
  const auto program = Compile(kLate + "updates in_place\n");
  const auto reader = Compile(kStep);
  EXPECT_EQ(CodeOf([&] { Run(*program, 4); }), ErrorCode::kExecution);
  for (const auto& use : std::vector<std::function<void()>>{
           [&] { Read("w"); }, [&] { Run(*program); }, [&] { Run(*reader); },
           [&] { store_->Write("w", DType::kFloat32, std::as_bytes(std::span<const float>()), 0); }}) {
    try {
      use();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kExecution);
      EXPECT_EQ(error.node(), "w");
      EXPECT_NE(std::string(error.what()).find("Hint: call session.restore"), std::string::npos);
    }
  }
  EXPECT_EQ(Read("v"), 2);
  Write("w", 3);
  Run(*program);
  EXPECT_EQ(Read("w"), 4);
}

}  // namespace
}  // namespace slimnet::testing
