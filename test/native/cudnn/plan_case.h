// One operation graph with values: the real cuDNN plans it, the interpreter computes it.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/cudnn/gpu/gpu.h"
#include "backends/cudnn/graph/graph.h"
#include "backends/cudnn/graph/plans.h"
#include "backends/cudnn/graph/ports.h"
#include "native/devices/cudnn_software/interpreter/pinned_cudnn.h"

namespace slimnet::cudnn::testing {

// Leaves a test that needs the pinned cuDNN, with the reason, where it cannot be had.
#define SLIMNET_NEEDS_CUDNN()                                                 \
  if (const Verdict verdict = slimnet::testing::HasPinnedCudnn(); !verdict) { \
    GTEST_SKIP() << "not run without the pinned cuDNN: " << verdict.reason;   \
  }

// Plans for an H200, of the pinned cuDNN; made once.
const Plans& PinnedPlans();

// A queue over memory of the host. What is queued is done in Wait.
class LateQueue final : public Queue {
 public:
  explicit LateQueue(void* stream = nullptr) : stream_(stream) {}
  void Upload(DevicePtr, std::span<const std::byte>) override {}
  void Download(std::span<std::byte>, DevicePtr) override {}
  void Copy(DevicePtr, DevicePtr, size_t) override {}
  void Fill(DevicePtr, std::byte, size_t) override {}
  void Wait() override {
    for (const auto& work : std::exchange(queued_, {})) work();
  }
  void* native() override { return stream_; }
  void Do(std::function<void()> work) override { queued_.push_back(std::move(work)); }
  void Launched(std::string_view) override {}
  std::byte* Address(DevicePtr pointer) override { return reinterpret_cast<std::byte*>(pointer.address()); }
  Complaint* complaint() override { return nullptr; }
  uint64_t Register(const Complainant&) override { return 0; }

 private:
  void* stream_;
  std::vector<std::function<void()>> queued_;
};

// The number at a place of an input: one that bfloat16 holds exactly, and int8 where scale is an integer. The
// fixture's script has the same.
double Element(int64_t place, int64_t seed, double scale = 0.125);

// What a type holds of numbers, and back. Bits of bool are not for here.
std::vector<std::byte> BytesFrom(DType type, const std::vector<double>& numbers);
std::vector<double> NumbersFrom(DType type, const std::vector<std::byte>& bytes);

class PlanCase {
 public:
  Graph graph;
  PlanRules rules;

  // A stored tensor that holds Element(0, seed), Element(1, seed), ... one behind the other in memory.
  Tensor Input(DType type, Extents extents, int64_t seed, double scale = 0.125);
  // One that holds these, which fill its whole memory.
  Tensor InputOf(DType type, Extents extents, const std::vector<double>& numbers, Extents strides = {});
  Tensor ByValue(double number, DType type = DType::kFloat32, size_t rank = 4);
  // Makes a tensor an output with a name.
  void Output(const std::string& name, Tensor tensor, DType type);

  // Plans the graph, runs it, and gives what each output holds. Memory of outputs is all ones before.
  std::map<std::string, std::vector<double>> Run();
  // The plan, once it has been made.
  const Plan& plan() const { return *plan_; }

 private:
  std::vector<Port> Ports();
  struct Block {
    std::vector<std::max_align_t> memory;
    size_t bytes = 0;
    bool by_value = false;
  };
  void Hold(Tensor tensor, const std::vector<std::byte>& bytes, bool by_value);

  std::map<int64_t, Block> blocks_;
  std::map<std::string, Tensor> outputs_;
  std::shared_ptr<const Plan> plan_;
};

}  // namespace slimnet::cudnn::testing
