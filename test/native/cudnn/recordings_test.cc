// Programs whose steps are recorded and queued as a whole: the same bits, in as few recordings as there are places.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/device_exports.h"
#include "backends/cudnn/cudnn.h"
#include "backends/device_library/device_library.h"
#include "base/error.h"
#include "native/devices/cudnn_software/interpreter/pinned_cudnn.h"
#include "native/devices/cudnn_software/software_backend.h"
#include "runtime/compiled_program.h"
#include "runtime/thread_pool.h"

namespace slimnet::testing {
namespace {

using Four = std::array<float, 4>;

// A plan of cuDNN's between own kernels, an update, and labels that may be out of range.
const std::string kStepOfTraining = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[1,2,2,4]
%1 = input() {name="label"} @"label" : int32[1]
%2 = variable() {name="w"} @"w" : float32[1,4]
%3 = avg_pool2d(%0) {ksize=[2,2], strides=[1,1], pads=[0,0,0,0]} @"pool" : float32[1,1,1,4]
%4 = reshape(%3) {shape=[1,4]} @"flat" : float32[1,4]
%5 = mul(%4, %2) {} @"scaled" : float32[1,4]
%6 = assign_add(%2, %5) {} @"add" : float32[1,4]
%7 = pick(%5, %1) {} @"picked" : float32[1]
output "w" %6
output "picked" %7
update %6
)";

const std::string kDraws = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[4]
%1 = abs(%0) {} @"abs" : float32[4]
%2 = exp(%1) {} @"exp" : float32[4]
%3 = dropout(%2) {keep_prob=0.5, seed=3} @"drop" : float32[4]
%4 = abs(%3) {} @"again" : float32[4]
output "y" %4
)";

// Which device the library opens next: its functions have no place for it.
std::shared_ptr<Faults>& OfTheNextDevice() {
  static std::shared_ptr<Faults> faults;
  return faults;
}

constexpr DeviceSource kSource{
    .count = [] { return 1; },
    .make = [](int index, const GpuOptions& options) { return MakeCudnnSoftware(OfTheNextDevice(), index, options); },
    .layout_named = cudnn::LayoutNamed};

// A backend with its stream and its memory, as a lane has them; through the interface of libraries, as with a GPU.
class Lane {
 public:
  explicit Lane(std::shared_ptr<Faults> faults, const GpuOptions& options = {}) {
    OfTheNextDevice() = std::move(faults);
    backend_ = OpenDevice(DeviceLibrary<kSource>(), "software", "software", 0, options);
    stream_ = backend_->NewStream(nullptr);
    arena_.emplace(*backend_);
    store_ = std::make_shared<Store>(backend_);
  }

  void Declare(const std::string& name, const TensorType& type, std::span<const float> values) {
    store_->Declare(name, type);
    store_->Write(name, DType::kFloat32, std::as_bytes(values), 0);
  }
  std::shared_ptr<CompiledProgram> Compile(const std::string& plan) {
    return CompiledProgram::Compile(plan, store_, backend_, resources(), never_);
  }
  std::vector<std::vector<float>> Run(CompiledProgram& program, std::vector<const void*> inputs, uint64_t step = 0,
                                      bool profile = false) {
    RunRequest request;
    request.step = step;
    request.profile = profile;
    for (const void* input : inputs) request.inputs.push_back(static_cast<const std::byte*>(input));
    program.Run(resources(), request, never_);
    std::vector<std::vector<float>> results;
    for (const HostBlock& output : request.outputs) {
      results.emplace_back(output.bytes() / sizeof(float));
      std::memcpy(results.back().data(), output.data(), output.bytes());
    }
    return results;
  }
  Arena& arena() { return *arena_; }
  Store& store() { return *store_; }

 private:
  ExecutorResources resources() { return {pool_, *stream_, *arena_}; }

  ThreadPool pool_{1};
  std::shared_ptr<const Backend> backend_;
  std::unique_ptr<Stream> stream_;
  std::optional<Arena> arena_;
  std::shared_ptr<Store> store_;
  const std::atomic<bool> never_{false};
};

constexpr std::array<float, 16> kImage{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

class DeviceRecordings : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const Verdict verdict = HasPinnedCudnn(); !verdict) GTEST_SKIP() << verdict.reason;
  }

  // What a step of the training gives, with a label.
  static auto Step(Lane& lane, CompiledProgram& program, int32_t label = 2) {
    return lane.Run(program, {kImage.data(), &label});
  }
  static std::shared_ptr<CompiledProgram> Training(Lane& lane) {
    lane.Declare("w", {DType::kFloat32, {1, 4}}, Four{1, 2, 3, 4});
    return lane.Compile(kStepOfTraining);
  }
  template <class F>
  static std::string Failure(ErrorCode code, F&& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return error.what();
    }
    ADD_FAILURE() << "nothing failed";
    return "";
  }

  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
};

TEST_F(DeviceRecordings, OfATrainingAreTwoAndGiveTheBitsOfStepsThatAreQueuedOneByOne) {
  Lane lane(faults_);
  const auto program = Training(lane);
  Lane plain(std::make_shared<Faults>(), {.graphs = false});
  const auto alike = Training(plain);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(Step(lane, *program), Step(plain, *alike)) << i;
  // Each of the two places of the variable was seen once before it was recorded.
  EXPECT_EQ(faults_->recorded, 2);
  EXPECT_EQ(faults_->replayed, 10);
  EXPECT_EQ(program->recordings(), 2U);
  EXPECT_EQ(alike->recordings(), 0U);
}

TEST_F(DeviceRecordings, AreFreedWithTheirProgram) {
  Lane lane(faults_);
  auto program = Training(lane);
  for (int i = 0; i < 4; ++i) Step(lane, *program);
  EXPECT_EQ(faults_->kept_recordings, 2);
  program.reset();
  EXPECT_EQ(faults_->kept_recordings, 0);
}

TEST_F(DeviceRecordings, ASteadyTrainingAllocatesNothing) {
  Lane lane(faults_);
  const auto program = Training(lane);
  for (int i = 0; i < 4; ++i) Step(lane, *program);
  const int64_t before = faults_->allocated;
  for (int i = 0; i < 100; ++i) Step(lane, *program);
  EXPECT_EQ(faults_->allocated, before);
  EXPECT_EQ(faults_->recorded, 2);
}

TEST_F(DeviceRecordings, AreMadeAnewWhereMemoryHasMoved) {
  Lane lane(faults_);
  const auto program = Training(lane);
  for (int i = 0; i < 6; ++i) Step(lane, *program);
  Lane plain(std::make_shared<Faults>(), {.graphs = false});
  const auto alike = Training(plain);
  for (int i = 0; i < 6; ++i) Step(plain, *alike);
  lane.arena().Reserve(lane.arena().bytes() + (1 << 20));  // for a larger program
  for (int i = 0; i < 6; ++i) {
    if (i == 3) {  // somebody writes, and a reader keeps what was there
      const std::string name = "w";
      const auto held = lane.store().Values(std::span(&name, 1));
      const Four other{4, 3, 2, 1};
      lane.store().Write("w", DType::kFloat32, std::as_bytes(std::span(other)), 0);
      plain.store().Write("w", DType::kFloat32, std::as_bytes(std::span(other)), 0);
      EXPECT_EQ(Step(lane, *program), Step(plain, *alike));
      continue;
    }
    EXPECT_EQ(Step(lane, *program), Step(plain, *alike)) << i;
  }
}

TEST_F(DeviceRecordings, ComplainOfTheStepThatWasRecorded) {
  Lane lane(faults_);
  const auto program = Training(lane);
  Lane plain(std::make_shared<Faults>(), {.graphs = false});
  const auto alike = Training(plain);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Step(lane, *program), Step(plain, *alike));
  const int64_t replayed = faults_->replayed;
  EXPECT_NE(Failure(ErrorCode::kExecution, [&] { Step(lane, *program, 9); }).find("expected 0 to 3, received 9"),
            std::string::npos);
  EXPECT_EQ(faults_->replayed, replayed + 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Step(lane, *program), Step(plain, *alike));  // as if it had not been
}

TEST_F(DeviceRecordings, WhatDrawsIsQueuedInBetweenAndThePlanSaysSo) {
  Lane lane(faults_);
  const auto program = lane.Compile(kDraws);
  Lane plain(std::make_shared<Faults>(), {.graphs = false});
  const auto alike = plain.Compile(kDraws);
  const Four x{1, 2, 3, 4};
  for (uint64_t step = 0; step < 4; ++step) {
    EXPECT_EQ(lane.Run(*program, {x.data()}, step), plain.Run(*alike, {x.data()}, step)) << step;
  }
  EXPECT_EQ(faults_->recorded, 2);  // before and behind
  EXPECT_EQ(program->recorded_steps(), 3U);
  EXPECT_NE(program->PlanText().find("# recorded: 3 of 4 steps\n# not recorded: dropout \"drop\" draws"),
            std::string::npos)
      << program->PlanText();
  EXPECT_EQ(alike->PlanText().find("recorded"), std::string::npos);
}

TEST_F(DeviceRecordings, ARunThatIsProfiledIsQueuedStepByStep) {
  Lane lane(faults_);
  const auto program = lane.Compile(kDraws);
  const Four x{1, 2, 3, 4};
  for (int i = 0; i < 3; ++i) lane.Run(*program, {x.data()}, 1);
  const int64_t replayed = faults_->replayed;
  EXPECT_EQ(lane.Run(*program, {x.data()}, 1, true), lane.Run(*program, {x.data()}, 1));
  EXPECT_EQ(faults_->replayed, replayed + 2);
}

TEST_F(DeviceRecordings, OneThatFailsIsAnErrorAndIsTriedAgain) {
  Lane lane(faults_);
  const auto program = lane.Compile(kDraws);
  const Four x{1, 2, 3, 4};
  const auto right = lane.Run(*program, {x.data()}, 1);
  faults_->recordings = 1;
  EXPECT_NE(Failure(ErrorCode::kBackend, [&] { lane.Run(*program, {x.data()}, 1); }).find("could not record work"),
            std::string::npos);
  EXPECT_EQ(program->recordings(), 0U);
  EXPECT_EQ(lane.Run(*program, {x.data()}, 1), right);
  EXPECT_EQ(faults_->kept_recordings, 2);
}

TEST_F(DeviceRecordings, ALaunchThatFailsMeanwhileEndsTheRecordingToo) {
  const Four x{1, 2, 3, 4};
  int64_t failed = 0;
  for (bool ended = false; !ended; ++failed) {
    ASSERT_LT(failed, 50);
    Lane lane(faults_);
    const auto program = lane.Compile(kDraws);
    const auto right = lane.Run(*program, {x.data()}, 1);
    faults_->launches = failed;
    try {
      EXPECT_EQ(lane.Run(*program, {x.data()}, 1), right);
      ended = true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBackend);
    }
    faults_->launches = Faults::kNever;
    for (int i = 0; i < 2; ++i) EXPECT_EQ(lane.Run(*program, {x.data()}, 1), right);
  }
  EXPECT_GT(failed, 5);
}

// Two variables by one rule and one by another, with a step between them that reads none of the new values; and an
// average of a new value, which has to wait for it.
const std::string kUpdates = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[4]
%1 = constant() {values=[0.5]} @"rate" : float32[]
%2 = variable() {name="a"} @"a" : float32[4]
%3 = variable() {name="b"} @"b" : float32[4]
%4 = variable() {name="c"} @"c" : float32[4]
%5 = variable() {name="average"} @"average" : float32[4]
%6 = variable() {name="sums"} @"sums" : float32[4]
%7, %8 = apply_momentum(%2, %6, %1, %0) {momentum=0.5, use_nesterov=false} @"of_a" : float32[4], float32[4]
%9 = mul(%0, %0) {} @"square" : float32[4]
%10 = assign_add(%3, %9) {} @"of_b" : float32[4]
%11 = exp(%9) {} @"exp" : float32[4]
%12 = assign_add(%4, %11) {} @"of_c" : float32[4]
%13 = assign_moving_average(%5, %10) {decay=0.5} @"of_average" : float32[4]
output "a" %7
output "b" %10
output "c" %12
output "average" %13
update %7
update %8
update %10
update %12
update %13
)";

TEST_F(DeviceRecordings, SmallUpdatesByOneRuleAreOneLaunchAtTheEnd) {
  Lane lane(faults_, {.graphs = false});
  for (const char* name : {"a", "b", "c", "average", "sums"}) lane.Declare(name, {DType::kFloat32, {4}}, Four{});
  const auto program = lane.Compile(kUpdates);
  const std::string plan = program->PlanText();
  const auto at = [&](const char* node) { return plan.find(std::string("@\"") + node + "\""); };
  EXPECT_LT(at("exp"), at("of_a"));
  EXPECT_LT(at("of_b"), at("of_average"));
  const Four x{0, 1, 2, 3};
  lane.Run(*program, {x.data()});
  const int64_t before = faults_->launched;
  const auto results = lane.Run(*program, {x.data()});
  // The feed, mul, exp, momentum, both sums at once, the average, and four results.
  EXPECT_EQ(faults_->launched - before, 10);
  EXPECT_EQ(results[0], (std::vector<float>{0, -1.25F, -2.5F, -3.75F}));
  EXPECT_EQ(results[1], (std::vector<float>{0, 2, 8, 18}));
  EXPECT_EQ(results[3], (std::vector<float>{0, 1.25F, 5, 11.25F}));
}

// What CUDA refuses while a stream is captured, the device in software refuses.
TEST(SoftwareRecording, TakesNothingThatACudaGraphDoesNot) {
  const auto faults = std::make_shared<Faults>();
  const auto gpu = NewSoftwareGpu("", faults);
  const auto queue = gpu->NewQueue();
  const auto memory = gpu->Allocate(64);
  const auto pinned = gpu->AllocatePinned(64);
  std::array<std::byte, 64> pageable{};
  const std::span<std::byte> of_pinned(pinned->host(), 64);
  const auto spoilt_by = [&](const char* what, auto&& work) {
    gpu->BeginRecording(*queue);
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBackend) << what;
    }
    try {
      gpu->EndRecording(*queue);
      ADD_FAILURE() << what << " was recorded";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    }
  };
  spoilt_by("a wait", [&] { queue->Wait(); });
  spoilt_by("an allocation", [&] { gpu->Allocate(64); });
  spoilt_by("an allocation", [&] { gpu->AllocatePinned(64); });
  auto given_back = gpu->Allocate(64);
  spoilt_by("memory that is freed", [&] { given_back.reset(); });
  spoilt_by("not pinned", [&] { queue->Upload(memory->data(), pageable); });
  spoilt_by("not pinned", [&] { queue->Download(pageable, memory->data()); });

  gpu->BeginRecording(*queue);
  queue->Upload(memory->data(), of_pinned.first(32));
  queue->Copy(memory->data() + 32, memory->data(), 32);
  queue->Download(of_pinned, memory->data());
  const auto recording = gpu->EndRecording(*queue);
  std::ranges::fill(of_pinned, std::byte{7});
  queue->Wait();
  EXPECT_EQ(of_pinned[40], std::byte{7});  // nothing was done
  of_pinned[8] = std::byte{9};             // what is there when it is replayed counts
  recording->Replay(*queue);
  queue->Wait();
  EXPECT_EQ(of_pinned[40], std::byte{9});
}

}  // namespace
}  // namespace slimnet::testing
