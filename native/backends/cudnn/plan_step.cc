#include "backends/cudnn/plan_step.h"

#include <span>
#include <utility>

#include "backends/cudnn/graph/ports.h"
#include "backends/cudnn/kernel_of.h"
#include "base/error.h"

namespace slimnet::cudnn {
namespace {

DevicePtr Find(const TensorPlace& place, const Bindings& bindings) {
  switch (place.kind) {
    case TensorPlace::Kind::kInput:
      return bindings.inputs[place.at] + place.offset;
    case TensorPlace::Kind::kOperand:
      return bindings.operands[place.at] + place.offset;
    case TensorPlace::Kind::kOutput:
      return bindings.outputs[place.at] + place.offset;
    case TensorPlace::Kind::kScratch:
    case TensorPlace::Kind::kNumber:
      break;
  }
  return bindings.scratch + place.offset;
}

}  // namespace

PlanStep::PlanStep(const OpContext& context, const Graph& graph, std::vector<PlacedTensor> tensors)
    : runner_(context.device.runner), tensors_(std::move(tensors)) {
  if (tensors_.size() > kMostTensors) throw Error(ErrorCode::kInternal, "cudnn: a plan has too many tensors.");
  try {
    context.device.gpu->MakeCurrent();
    plan_ = FindPlan(context.device, graph);
  } catch (Error& error) {
    error.At(Info(context.node.op).name, context.node.name);
    throw;
  }
}

size_t PlanStep::scratch_bytes() const { return ScratchBytes(*plan_); }

std::string PlanStep::implementation() const { return "cudnn " + plan_->engine(); }

void PlanStep::Run(Queue& queue, const Bindings& bindings, size_t workspace) const {
  std::array<Port, kMostTensors> ports;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const auto& [tensor, place] = tensors_[i];
    ports[i] = place.kind == TensorPlace::Kind::kNumber ? PortOf(tensor, &place.number)
                                                        : PortOf(tensor, Find(place, bindings));
  }
  const DevicePtr scratch = plan_->workspace_bytes() == 0 ? DevicePtr() : WorkspaceIn(bindings.scratch + workspace);
  runner_->Run(*plan_, std::span(ports).first(tensors_.size()), scratch, queue);
}

bool HasPlan(const OpContext& context, const Graph& graph) {
  try {
    context.device.gpu->MakeCurrent();
    FindPlan(context.device, graph);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBackend) throw;
    return false;
  }
}

std::unique_ptr<Kernel> KernelOf(PlanStep step) {
  std::string implementation = step.implementation();
  const size_t scratch = step.scratch_bytes();
  return KernelOf(
      std::move(implementation),
      [step = std::move(step)](Queue& queue, const Bindings& bindings) { step.Run(queue, bindings); }, scratch);
}

}  // namespace slimnet::cudnn
