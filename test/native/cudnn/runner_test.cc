// cuDNN's handles, which belong to the queues that run plans. No handle can be made without a device: stand-ins take
// their place, and nothing is computed.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "backends/cudnn/graph/cudnn_runner.h"
#include "base/error.h"
#include "native/cudnn/changed_library.h"
#include "native/cudnn/plan_case.h"

namespace slimnet::cudnn::testing {
namespace {

struct StandIns {
  std::map<abi::Handle, abi::Stream> living;
  int made = 0;
  bool refused = false;
  std::vector<abi::Stream> ran;  // the streams of the handles that executed
};
StandIns* stand_ins = nullptr;

abi::Status MakeStandIn(abi::Handle* handle) {
  if (stand_ins->refused) return abi::kHostAllocationFailed;
  *handle = reinterpret_cast<abi::Handle>(static_cast<uintptr_t>(++stand_ins->made));
  stand_ins->living[*handle] = nullptr;
  return abi::kSuccess;
}
abi::Status EndStandIn(abi::Handle handle) {
  EXPECT_EQ(stand_ins->living.erase(handle), 1U);
  return abi::kSuccess;
}
abi::Status GiveStream(abi::Handle handle, abi::Stream stream) {
  stand_ins->living.at(handle) = stream;
  return abi::kSuccess;
}
abi::Status Execute(abi::Handle handle, abi::Descriptor, abi::Descriptor) {
  stand_ins->ran.push_back(stand_ins->living.at(handle));
  return abi::kSuccess;
}

class CudnnHandles : public ::testing::Test {
 protected:
  void SetUp() override {
    SLIMNET_NEEDS_CUDNN();
    stand_ins = &handles_;
    runner_ =
        NewCudnnRunner(std::make_shared<ChangedLibrary>(slimnet::testing::OpenPinnedCudnn(), [](EntryPoints& entry) {
          entry.create = MakeStandIn;
          entry.destroy = EndStandIn;
          entry.set_stream = GiveStream;
          entry.execute = Execute;
        }));
    Graph graph;
    x_ = graph.Stored(DType::kFloat32, {1, 8, 2, 2});
    y_ = graph.Relu(x_);
    graph.Store(y_, DType::kFloat32);
    plan_ = PinnedPlans().Build(graph, {});
  }
  void TearDown() override {
    runner_ = nullptr;
    stand_ins = nullptr;
  }

  void RunOn(Queue& queue) {
    runner_->Run(*plan_, std::array{PortOf(x_, DevicePtr(0x1000)), PortOf(y_, DevicePtr(0x2000))}, DevicePtr(0x3000),
                 queue);
  }

  StandIns handles_;
  std::array<int, 2> streams_{};

 private:
  std::unique_ptr<PlanRunner> runner_;
  std::shared_ptr<const Plan> plan_;
  Tensor x_, y_;
};

TEST_F(CudnnHandles, AreOneForEachQueueAndGoWithIt) {
  void* const first = &streams_[0];
  void* const second = &streams_[1];
  {
    LateQueue one(first), two(second);
    RunOn(one);
    RunOn(two);
    RunOn(one);
    EXPECT_EQ(handles_.ran, (std::vector<abi::Stream>{first, second, first}));
    EXPECT_EQ(handles_.made, 2);
  }
  EXPECT_TRUE(handles_.living.empty());
}

TEST_F(CudnnHandles, AQueueWhoseStreamLiesWhereAnotherLayHasItsOwn) {
  for (int queue = 1; queue <= 3; ++queue) {
    LateQueue later(&streams_[0]);
    RunOn(later);
    EXPECT_EQ(handles_.made, queue);
    EXPECT_EQ(handles_.living.size(), 1U);
  }
}

TEST_F(CudnnHandles, OneThatCannotBeMadeIsAnErrorAndIsTriedAgain) {
  LateQueue queue(&streams_[0]);
  handles_.refused = true;
  try {
    RunOn(queue);
    ADD_FAILURE() << "it ran without a handle";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBackend);
  }
  handles_.refused = false;
  RunOn(queue);
  EXPECT_EQ(handles_.ran.size(), 1U);
}

}  // namespace
}  // namespace slimnet::cudnn::testing
