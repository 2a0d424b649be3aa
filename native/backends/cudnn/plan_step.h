// A plan of cuDNN's as a step of a program: where its tensors lie in the step's bindings.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "backends/cudnn/device.h"
#include "backends/cudnn/graph/graph.h"

namespace slimnet::cudnn {

// Where a tensor of a plan lies while a step runs.
struct TensorPlace {
  enum class Kind : uint8_t { kInput, kOperand, kOutput, kScratch, kNumber };
  Kind kind = Kind::kInput;
  size_t at = 0;      // which input, operand or output
  size_t offset = 0;  // bytes from its beginning, or from that of the scratch memory
  float number = 0;   // one that the graph has by value

  static TensorPlace Input(size_t port) { return {Kind::kInput, port}; }
  static TensorPlace Operand(size_t post_op) { return {Kind::kOperand, post_op}; }
  static TensorPlace Output(size_t port) { return {Kind::kOutput, port}; }
  static TensorPlace Scratch(size_t offset) { return {Kind::kScratch, 0, offset}; }
  static TensorPlace Number(float number) { return {Kind::kNumber, 0, 0, number}; }
  // Bytes behind this place.
  TensorPlace Behind(size_t bytes) const { return {kind, at, offset + bytes, number}; }
};

struct PlacedTensor {
  Tensor tensor;
  TensorPlace place;
};

class PlanStep {
 public:
  static constexpr size_t kMostTensors = 16;

  // Builds the plan; Error{kBackend} names the node where there is none.
  PlanStep(const OpContext& context, const Graph& graph, std::vector<PlacedTensor> tensors);

  // Of its workspace, which begins at `workspace` in the scratch memory of the step.
  size_t scratch_bytes() const;
  // "cudnn 7:kernel"
  std::string implementation() const;
  void Run(Queue& queue, const Bindings& bindings, size_t workspace = 0) const;

 private:
  std::shared_ptr<PlanRunner> runner_;
  std::shared_ptr<const Plan> plan_;
  std::vector<PlacedTensor> tensors_;
};

// Whether there is a plan of the graph. It is found, and kept for PlanStep.
bool HasPlan(const OpContext& context, const Graph& graph);

// A step that is one plan and nothing else.
std::unique_ptr<Kernel> KernelOf(PlanStep step);

}  // namespace slimnet::cudnn
