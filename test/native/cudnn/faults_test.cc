// What the device does wrong is an error with a code, and nothing else: what is run again, and other sessions, go on.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
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

using Floats = std::vector<float>;

// Steps of plans of cuDNN, one of them in the prologue.
const std::string kPools = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[1,4,4,2]
%1 = variable() {name="w"} @"w" : float32[1,4,4,2]
%2 = avg_pool2d(%0) {ksize=[2,2], strides=[2,2], pads=[0,0,0,0]} @"first" : float32[1,2,2,2]
%3 = avg_pool2d(%2) {ksize=[2,2], strides=[1,1], pads=[0,0,0,0]} @"second" : float32[1,1,1,2]
%4 = avg_pool2d(%1) {ksize=[4,4], strides=[1,1], pads=[0,0,0,0]} @"constant" : float32[1,1,1,2]
output "x" %3
output "w" %4
)";

Floats Ramp(float first) {
  Floats values(32);
  for (size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i);
  return values;
}

// The means over the 16 pixels of each channel.
const Floats kMeans{15, 16, 115, 116};

// One backend, its stream and its memory, as an executor has them.
class Session {
 public:
  explicit Session(std::shared_ptr<const Backend> backend)
      : backend_(std::move(backend)),
        pool_(1),
        stream_(backend_->NewStream(&pool_)),
        arena_(*backend_),
        store_(std::make_shared<Store>(backend_)) {}

  void Prepare() {
    store_->Declare("w", {DType::kFloat32, {1, 4, 4, 2}});
    const Floats w = Ramp(100);
    store_->Write("w", DType::kFloat32, std::as_bytes(std::span(w)), 0);
    if (!program_) program_ = CompiledProgram::Compile(kPools, store_, backend_, {pool_, *stream_, arena_}, never_);
  }
  Floats Run() {
    const Floats x = Ramp(0);
    RunRequest request;
    request.inputs = {reinterpret_cast<const std::byte*>(x.data())};
    program_->Run({pool_, *stream_, arena_}, request, never_);
    Floats results(4);
    for (size_t i = 0; i < 2; ++i) std::memcpy(&results[2 * i], request.outputs[i].data(), 8);
    return results;
  }

 private:
  std::shared_ptr<const Backend> backend_;
  ThreadPool pool_;
  std::unique_ptr<Stream> stream_;
  Arena arena_;
  std::shared_ptr<Store> store_;
  std::shared_ptr<CompiledProgram> program_;
  const std::atomic<bool> never_{false};
};

// Whose faults the library's next device has: its functions have no place for them.
std::shared_ptr<Faults>& OfTheLibrary() {
  static std::shared_ptr<Faults> faults;
  return faults;
}

constexpr DeviceSource kFaulty{
    .count = [] { return 1; },
    .make = [](int index, const GpuOptions& options) { return MakeCudnnSoftware(OfTheLibrary(), index, options); },
    .layout_named = cudnn::LayoutNamed};

// Directly, and through the interface of device libraries.
class DeviceFaults : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (const Verdict verdict = HasPinnedCudnn(); !verdict) GTEST_SKIP() << verdict.reason;
    backend_ = Open(faults_);
  }

  static std::shared_ptr<const Backend> Open(const std::shared_ptr<Faults>& faults) {
    if (!GetParam()) return MakeCudnnSoftware(faults);
    OfTheLibrary() = faults;
    return OpenDevice(DeviceLibrary<kFaulty>(), "faulty", "faulty", 0, {});
  }

  // The code with which it fails; nothing where it does not.
  template <class F>
  static std::optional<ErrorCode> CodeOf(F&& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_STRNE(error.what(), "");
      return error.code();
    }
    return std::nullopt;
  }

  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  std::shared_ptr<const Backend> backend_;
};

TEST_P(DeviceFaults, ComeOnlyWhenTheyAreAskedFor) {
  Session session(backend_);
  session.Prepare();
  EXPECT_EQ(session.Run(), kMeans);
  EXPECT_EQ(session.Run(), kMeans);
}

TEST_P(DeviceFaults, AnyAllocationThatFailsIsAnErrorOfMemory) {
  Session other(backend_);
  other.Prepare();
  EXPECT_EQ(other.Run(), kMeans);
  int64_t failed = 0;
  for (bool ended = false; !ended; ++failed) {
    SCOPED_TRACE("allocation " + std::to_string(failed));
    ASSERT_LT(failed, 100);
    Session session(backend_);
    faults_->allocations = failed;
    const auto code = CodeOf([&] {
      session.Prepare();
      EXPECT_EQ(session.Run(), kMeans);
    });
    ended = !code;
    EXPECT_EQ(code.value_or(ErrorCode::kMemory), ErrorCode::kMemory);
    faults_->allocations = Faults::kNever;
    session.Prepare();  // the same session, again
    EXPECT_EQ(session.Run(), kMeans);
    EXPECT_EQ(other.Run(), kMeans);
  }
  EXPECT_GT(failed, 3);
}

TEST_P(DeviceFaults, AnyLaunchThatFailsEndsItsRunAlone) {
  Session other(backend_);
  other.Prepare();
  EXPECT_EQ(other.Run(), kMeans);
  int64_t failed = 0;
  for (bool ended = false; !ended; ++failed) {
    SCOPED_TRACE("launch " + std::to_string(failed));
    ASSERT_LT(failed, 100);
    Session session(backend_);
    faults_->launches = failed;
    const auto code = CodeOf([&] {
      session.Prepare();
      EXPECT_EQ(session.Run(), kMeans);
    });
    ended = !code;
    EXPECT_EQ(code.value_or(ErrorCode::kBackend), ErrorCode::kBackend);
    faults_->launches = Faults::kNever;
    session.Prepare();
    EXPECT_EQ(session.Run(), kMeans);
    EXPECT_EQ(other.Run(), kMeans);
  }
  EXPECT_GT(failed, 3);
}

TEST_P(DeviceFaults, ADeviceThatIsLostFailsAllThatIsAskedOfItAndNoOther) {
  const auto faults_of_another = std::make_shared<Faults>();
  Session elsewhere(Open(faults_of_another));
  elsewhere.Prepare();
  int64_t lost = 0;
  for (bool ended = false; !ended; lost += 2) {
    SCOPED_TRACE("lost at launch " + std::to_string(lost));
    ASSERT_LT(lost, 100);
    const auto faults = std::make_shared<Faults>();
    const auto backend = Open(faults);
    Session before(backend);
    before.Prepare();
    EXPECT_EQ(before.Run(), kMeans);
    {
      Session session(backend);
      faults->until_lost = lost;
      const auto code = CodeOf([&] {
        session.Prepare();
        EXPECT_EQ(session.Run(), kMeans);
      });
      ended = !code;
      if (code) {
        EXPECT_EQ(*code, ErrorCode::kBackend);
        for (int i = 0; i < 2; ++i) {
          EXPECT_EQ(CodeOf([&] {
                      session.Prepare();
                      session.Run();
                    }),
                    ErrorCode::kBackend);
          EXPECT_EQ(CodeOf([&] { before.Run(); }), ErrorCode::kBackend);
        }
        EXPECT_EQ(CodeOf([&] { Session(backend).Prepare(); }), ErrorCode::kBackend);
      }
    }
    EXPECT_EQ(elsewhere.Run(), kMeans);
  }
  EXPECT_GT(lost, 3);
}

TEST_P(DeviceFaults, ADeviceThatIsLostWhileItIsWaitedForIsAnErrorOfTheDevice) {
  Session session(backend_);
  session.Prepare();
  EXPECT_EQ(session.Run(), kMeans);
  faults_->waits = 0;
  EXPECT_EQ(CodeOf([&] { session.Run(); }), ErrorCode::kBackend);
  EXPECT_EQ(CodeOf([&] { session.Run(); }), ErrorCode::kBackend);
}

TEST_P(DeviceFaults, AnErrorOfTheMemoryEndsTheDeviceAndNoOther) {
  Session elsewhere(Open(std::make_shared<Faults>()));
  elsewhere.Prepare();
  const auto backend = Open(faults_);
  Session session(backend);
  Session beside(backend);
  for (Session* each : {&session, &beside}) each->Prepare();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(session.Run(), kMeans);  // the last one as a whole, recorded
  EXPECT_EQ(beside.Run(), kMeans);
  faults_->until_uncorrectable = 0;
  try {
    session.Run();
    ADD_FAILURE() << "memory that is wrong was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBackend);
    EXPECT_NE(std::string(error.what()).find("uncorrectable ECC error"), std::string::npos);
  }
  EXPECT_EQ(CodeOf([&] { beside.Run(); }), ErrorCode::kBackend);
  EXPECT_EQ(CodeOf([&] { Session(backend).Prepare(); }), ErrorCode::kBackend);
  EXPECT_EQ(elsewhere.Run(), kMeans);
}

TEST_P(DeviceFaults, ARunWithoutRoomSaysWhichBatchWouldFit) {
  const std::string plan = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[64,8,8,4]
%1 = avg_pool2d(%0) {ksize=[2,2], strides=[1,1], pads=[0,0,0,0]} @"y" : float32[64,7,7,4]
output "y" %1
)";
  const std::atomic<bool> never{false};
  ThreadPool pool(1);
  const auto stream = backend_->NewStream(nullptr);
  Arena arena(*backend_);
  const ExecutorResources resources{pool, *stream, arena};
  const auto run = [&](const std::string& text, int64_t batch) {
    const auto program = CompiledProgram::Compile(text, std::make_shared<Store>(backend_), backend_, resources, never);
    const Floats x(static_cast<size_t>(batch * 256));
    RunRequest request;
    request.inputs = {reinterpret_cast<const std::byte*>(x.data())};
    program->Run(resources, request, never);
  };
  faults_->memory_bytes = size_t{100} << 10;
  std::string message;
  try {
    run(plan, 64);
    FAIL() << "it fits";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMemory);
    message = error.what();
  }
  const std::string before = "Hint: a batch of ";
  ASSERT_NE(message.find(before), std::string::npos) << message;
  const std::string fits = std::to_string(std::stoi(message.substr(message.find(before) + before.size())));
  EXPECT_GT(std::stoi(fits), 16);
  std::string smaller = plan;
  for (size_t at = 0; (at = smaller.find("[64,", at)) != std::string::npos;) smaller.replace(at, 3, "[" + fits);
  run(smaller, std::stoi(fits));  // in the same process, on the same device
}

TEST_P(DeviceFaults, WhatDoesNotFitLeavesWhatDoes) {
  Session session(backend_);
  session.Prepare();
  EXPECT_EQ(session.Run(), kMeans);
  faults_->memory_bytes = 1;
  EXPECT_EQ(CodeOf([&] { Session(backend_).Prepare(); }), ErrorCode::kMemory);
  EXPECT_EQ(session.Run(), kMeans);
}

TEST_P(DeviceFaults, NoMemoryOfTheDeviceIsLeftBehind) {
  constexpr size_t kAll = size_t{1} << 20;
  faults_->memory_bytes = kAll;
  const auto fits = [&] { return !CodeOf([&] { backend_->Allocate(kAll); }); };
  ASSERT_TRUE(fits());
  for (int64_t i = 0; i < 6; ++i) {
    Session session(backend_);
    faults_->allocations = i;
    const auto of_memory = CodeOf([&] {
      session.Prepare();
      session.Run();
    });
    faults_->allocations = Faults::kNever;
    faults_->launches = i;
    const auto of_launch = CodeOf([&] {
      session.Prepare();
      session.Run();
    });
    faults_->launches = Faults::kNever;
    EXPECT_TRUE(of_memory || of_launch || i > 2);
    EXPECT_FALSE(fits());
  }
  EXPECT_TRUE(fits());
}

INSTANTIATE_TEST_SUITE_P(OfTheGpu, DeviceFaults, ::testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "ThroughALibrary" : "Directly"; });

}  // namespace
}  // namespace slimnet::testing
