// What a run of a plan is refused for.
#include "backends/cudnn/graph/ports.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "native/cudnn/plan_case.h"
#include "native/devices/cudnn_software/interpreter/soft_runner.h"

namespace slimnet::cudnn::testing {
namespace {

// A plan with two stored tensors, one number by value, and a workspace.
class PlainPlan final : public Plan {
 public:
  size_t workspace_bytes() const override { return 100; }
  const std::string& engine() const override { return engine_; }
  const NumericalNotes& notes() const override { return notes_; }
  const std::vector<PlanPort>& ports() const override { return ports_; }
  std::string Json() const override { return "{}"; }
  void* native() const override { return nullptr; }

 private:
  std::string engine_ = "7:plain";
  NumericalNotes notes_;
  std::vector<PlanPort> ports_ = {{1, false, false, 64, 16}, {2, true, false, 4, 16}, {5, false, true, 64, 4}};
};

// Another plan, with a workspace that it does not need: only plans of large graphs have one.
class RoomyPlan final : public Plan {
 public:
  explicit RoomyPlan(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}
  size_t workspace_bytes() const override { return kFloats * sizeof(float); }
  const std::string& engine() const override { return plan_->engine(); }
  const NumericalNotes& notes() const override { return plan_->notes(); }
  const std::vector<PlanPort>& ports() const override { return plan_->ports(); }
  std::string Json() const override { return plan_->Json(); }
  void* native() const override { return plan_->native(); }

  static constexpr size_t kFloats = 100;

 private:
  std::shared_ptr<const Plan> plan_;
};

std::string RefusalOf(const std::vector<Port>& ports, DevicePtr workspace = DevicePtr(0x1000)) {
  try {
    CheckPorts(PlainPlan(), ports, workspace);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    return error.what();
  }
  return "nothing";
}

TEST(CudnnPorts, AreRefusedWhereTheyAreNotThoseOfThePlan) {
  const float number = 1;
  const Port x{1, DevicePtr(0x2000), nullptr}, factor{2, {}, &number}, y{5, DevicePtr(0x3004), nullptr};
  EXPECT_EQ(RefusalOf({x, factor, y}), "nothing");
  EXPECT_EQ(RefusalOf({y, factor, x}), "nothing");
  EXPECT_EQ(RefusalOf({x, factor}), "A run of the plan 7:plain has no pointer for tensor 5.");
  EXPECT_EQ(RefusalOf({x, x, factor, y}), "A run of the plan 7:plain has two pointers for tensor 1.");
  EXPECT_EQ(RefusalOf({x, factor, y, {9, DevicePtr(0x4000), nullptr}}),
            "A run of the plan 7:plain has a pointer for tensor 9, which the plan does not read or write.");
  EXPECT_EQ(RefusalOf({{1, DevicePtr(0x2008), nullptr}, factor, y}),
            "A run of the plan 7:plain has an address for tensor 1 that is not a multiple of 16.");
  const std::string wrong_kind = "needs a pointer of the ";
  EXPECT_NE(RefusalOf({{1, {}, &number}, factor, y}).find(wrong_kind + "device"), std::string::npos);
  EXPECT_NE(RefusalOf({x, {2, DevicePtr(0x2000), nullptr}, y}).find(wrong_kind + "host"), std::string::npos);
  EXPECT_NE(RefusalOf({{1, {}, nullptr}, factor, y}).find(wrong_kind + "device"), std::string::npos);
  EXPECT_EQ(RefusalOf({x, factor, y}, {}), "A run of the plan 7:plain has no workspace, and needs 100 bytes.");
  EXPECT_EQ(RefusalOf({x, factor, y}, DevicePtr(0x1040)),
            "A run of the plan 7:plain has a workspace whose address is not a multiple of 256.");
}

TEST(CudnnPorts, AWorkspaceIsAlignedWithinItsScratch) {
  const PlainPlan plan;
  for (const uintptr_t address : {0x1000, 0x1001, 0x10c0, 0x10ff}) {
    const DevicePtr workspace = WorkspaceIn(DevicePtr(address));
    EXPECT_EQ(workspace.address() % kWorkspaceAlignment, 0U);
    EXPECT_GE(workspace.address(), address);
    EXPECT_LE(workspace.address() + plan.workspace_bytes(), address + ScratchBytes(plan));
  }
}

TEST(CudnnRunner, DoesNothingBeforeTheQueueIsWaitedFor) {
  SLIMNET_NEEDS_CUDNN();
  Graph graph;
  const Tensor x = graph.Stored(DType::kFloat32, {1, 8, 2, 2}), factor = graph.ByValue();
  const Tensor y = graph.Mul(x, factor);
  graph.Store(y, DType::kFloat32);
  const auto plan = PinnedPlans().Build(graph, {});
  alignas(16) std::array<float, 32> in{}, out{};
  in.fill(3);
  float number = 2;
  LateQueue queue;
  const auto runner = slimnet::testing::NewSoftRunner();
  const auto at = [](auto& values) { return DevicePtr(reinterpret_cast<uintptr_t>(values.data())); };
  runner->Run(*plan, std::array{PortOf(x, at(in)), PortOf(factor, &number), PortOf(y, at(out))}, {}, queue);
  number = 100;  // was read when the run was queued
  in.fill(4);    // is read when it is done
  EXPECT_EQ(out[0], 0);
  queue.Wait();
  EXPECT_EQ(out[31], 8);
}

TEST(CudnnRunner, MayWriteWhereItReads) {
  SLIMNET_NEEDS_CUDNN();
  Graph graph;
  const Tensor x = graph.Stored(DType::kFloat32, {1, 8, 2, 2}), z = graph.Stored(DType::kFloat32, {1, 8, 2, 2});
  const Tensor y = graph.Add(x, z);
  graph.Store(y, DType::kFloat32);
  const auto plan = PinnedPlans().Build(graph, {});
  alignas(16) std::array<float, 32> one{}, two{};
  one.fill(3);
  two.fill(4);
  LateQueue queue;
  const auto runner = slimnet::testing::NewSoftRunner();
  const auto at = [](auto& values) { return DevicePtr(reinterpret_cast<uintptr_t>(values.data())); };
  runner->Run(*plan, std::array{PortOf(x, at(one)), PortOf(z, at(two)), PortOf(y, at(two))}, {}, queue);
  queue.Wait();
  EXPECT_EQ(two[17], 7);
}

// Whoever read what an earlier run has left there would compute with it.
TEST(CudnnRunner, FindsNothingButNanInItsWorkspace) {
  SLIMNET_NEEDS_CUDNN();
  Graph graph;
  const Tensor x = graph.Stored(DType::kFloat32, {1, 8, 2, 2});
  const Tensor y = graph.Relu(x);
  graph.Store(y, DType::kFloat32);
  const auto plan = std::make_shared<const RoomyPlan>(PinnedPlans().Build(graph, {}));
  alignas(16) std::array<float, 32> in{}, out{};
  in.fill(3);
  alignas(kWorkspaceAlignment) std::array<float, RoomyPlan::kFloats + 1> workspace{};
  const auto at = [](auto& values) { return DevicePtr(reinterpret_cast<uintptr_t>(values.data())); };
  LateQueue queue;
  const auto runner = slimnet::testing::NewSoftRunner();
  runner->Run(*plan, std::array{PortOf(x, at(in)), PortOf(y, at(out))}, at(workspace), queue);
  queue.Wait();
  EXPECT_EQ(out[17], 3);
  const auto is_nan = [](float value) { return std::isnan(value); };
  EXPECT_TRUE(std::ranges::all_of(workspace.begin(), workspace.end() - 1, is_nan));
  EXPECT_EQ(workspace.back(), 0);  // not a byte further
}

}  // namespace
}  // namespace slimnet::cudnn::testing
