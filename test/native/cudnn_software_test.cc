// The cuDNN backend on a GPU in software, and what it does when that fails.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/cudnn/gpu/limited_gpu.h"
#include "base/error.h"
#include "native/builder.h"
#include "native/devices/cudnn_software/interpreter/pinned_cudnn.h"
#include "native/devices/cudnn_software/software_backend.h"

namespace slimnet::testing {
namespace {

using Values = std::vector<float>;

// A mean over windows of 2x2: one plan of cuDNN's.
class Halving {
 public:
  explicit Halving(std::shared_ptr<Faults> faults = std::make_shared<Faults>())
      : backend_(MakeCudnnSoftware(std::move(faults))) {
    Builder builder;
    builder.Op(AvgPool2dAttrs{.ksize = {2, 2}, .strides = {2, 2}}, {builder.Input("x", Float({1, 2, 2, 4}))});
    program_ = builder.TakeUnchecked();
  }

  Values Run() {
    const auto kernel = backend_->Prepare({program_, program_.nodes[1]});
    const auto invocation = kernel->NewInvocation();
    const auto stream = backend_->NewStream(nullptr);
    const Values sent{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    Values back(4);
    const auto x = backend_->Allocate(sent.size() * sizeof(float));
    const auto y = backend_->Allocate(back.size() * sizeof(float));
    const auto scratch = backend_->Allocate(kernel->scratch_bytes());
    const std::vector<DevicePtr> inputs{x->data()};
    const std::vector<DevicePtr> outputs{y->data()};
    stream->Upload(x->data(), std::as_bytes(std::span(sent)));
    invocation->Enqueue(*stream, {inputs, {}, outputs, scratch->data(), {}});
    stream->Download(std::as_writable_bytes(std::span(back)), y->data());
    stream->Wait();
    return back;
  }

  Backend& backend() { return *backend_; }

 private:
  std::unique_ptr<Backend> backend_;
  Program program_;
};

const Values kHalved{7, 8, 9, 10};

template <class Body>
ErrorCode CodeOf(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kInternal;
}

class CudnnSoftware : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const Verdict verdict = HasPinnedCudnn(); !verdict) GTEST_SKIP() << verdict.reason;
  }

  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
};

TEST_F(CudnnSoftware, ComputesAPlan) { EXPECT_EQ(Halving().Run(), kHalved); }

// The package for tests has engines for gradients of filters that cut float32 to TF32, and no others.
TEST_F(CudnnSoftware, AGradientWithoutAnEngineThatComputesInFloat32IsComputedByAnOwnKernel) {
  Builder builder;
  const ValueId x = builder.Input("x", Float({1, 2, 2, 4})), dy = builder.Input("dy", Float({1, 2, 2, 4}));
  builder.Op(Conv2dBackwardFilterAttrs{{1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1, 4, 4}}, {x, dy});
  const Program program = builder.TakeUnchecked();
  const auto prepared = [&](bool allow_tf32) {
    const GpuOptions options{.allow_tf32 = allow_tf32};
    return MakeCudnnSoftware(std::make_shared<Faults>(), 0, options)->Prepare({program, program.nodes[2]});
  };
  EXPECT_EQ(prepared(true)->implementation().substr(0, 6), "cudnn ");
  EXPECT_EQ(prepared(false)->implementation(), "own");
}

TEST_F(CudnnSoftware, MemoryThatRunsOutIsAnErrorBehindWhichItGoesOn) {
  Halving halving(faults_);
  faults_->memory_bytes = 1 << 20;
  EXPECT_EQ(CodeOf([&] { halving.backend().Allocate(2 << 20); }), ErrorCode::kMemory);
  {
    const auto most = halving.backend().Allocate(1 << 20);
    EXPECT_EQ(CodeOf([&] { halving.Run(); }), ErrorCode::kMemory);
  }
  EXPECT_EQ(halving.Run(), kHalved);
}

TEST_F(CudnnSoftware, AnAllocationThatFailsIsAnErrorOnce) {
  for (int64_t i = 0; i < 3; ++i) {
    Halving halving(faults_);
    faults_->allocations = i;
    EXPECT_EQ(CodeOf([&] { halving.Run(); }), ErrorCode::kMemory) << i;
    faults_->allocations = Faults::kNever;
    EXPECT_EQ(halving.Run(), kHalved) << i;
  }
}

TEST_F(CudnnSoftware, ALaunchThatIsRefusedIsAnErrorBehindWhichItGoesOn) {
  Halving halving(faults_);
  for (int64_t i = 0; i < 3; ++i) {
    faults_->launches = i;
    EXPECT_EQ(CodeOf([&] { halving.Run(); }), ErrorCode::kBackend) << i;
    faults_->launches = Faults::kNever;
    EXPECT_EQ(halving.Run(), kHalved) << i;
  }
}

TEST_F(CudnnSoftware, ADeviceThatIsLostLeavesOthersWorking) {
  Halving halving(faults_);
  Halving other;
  faults_->waits = 0;
  EXPECT_EQ(CodeOf([&] { halving.Run(); }), ErrorCode::kBackend);
  EXPECT_EQ(CodeOf([&] { halving.Run(); }), ErrorCode::kBackend);  // for good
  EXPECT_EQ(other.Run(), kHalved);
}

TEST(LimitedGpu, GivesNoMoreThanItMay) {
  const auto gpu = cudnn::LimitMemory(NewSoftwareGpu("", std::make_shared<Faults>()), 1000);
  EXPECT_EQ(gpu->properties().memory_bytes, 1000U);
  auto first = gpu->Allocate(600);
  EXPECT_EQ(gpu->free_bytes(), 400U);
  EXPECT_EQ(CodeOf([&] { gpu->Allocate(401); }), ErrorCode::kMemory);
  const auto second = gpu->Allocate(400);
  first.reset();
  EXPECT_EQ(gpu->free_bytes(), 600U);
}

}  // namespace
}  // namespace slimnet::testing
