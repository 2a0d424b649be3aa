#include "backends/cudnn/graph/target.h"

#include <utility>

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

namespace at = abi::attribute;

// What is executed is made for a handle, as all that executes cuDNN's plans makes it, though headers of 9.19 call these
// two attributes old. Descriptors of properties are for plans that run elsewhere: whether one that was made by them
// runs here is written nowhere.
void SetHandle(Descriptor& descriptor, abi::Attribute attribute, const Handle& handle) {
  const abi::Handle native = handle.native();
  descriptor.Set(attribute, abi::type::kHandle, 1, &native);
}

}  // namespace

Target::Target(const std::shared_ptr<const Library>& library, PlanTarget target) : handle_(std::move(target.handle)) {
  Descriptor device(library, abi::descriptor::kDeviceProp, "a device");
  if (!handle_) {
    device.SetText(at::kDevicePropJsonRepresentation, target.properties);
    device.Finalize();
    properties_ = device.GetText(at::kDevicePropJsonRepresentation);
    device_ = std::move(device);
    return;
  }
  try {
    SetHandle(device, at::kDevicePropHandle, *handle_);
    device.Finalize();
    properties_ = device.GetText(at::kDevicePropJsonRepresentation);
  } catch (const Error& error) {
    problem_ = error.what();  // plans can be made without
  }
}

void Target::OfGraph(Descriptor& graph) const {
  if (handle_) SetHandle(graph, at::kOperationGraphHandle, *handle_);
}

void Target::OfHeuristics(Descriptor& heuristics) const {
  if (device_) heuristics.SetDescriptor(at::kEngineHeurDeviceProp, *device_);
}

void Target::OfPlan(Descriptor& plan) const {
  if (handle_) {
    SetHandle(plan, at::kExecutionPlanHandle, *handle_);
  } else {
    plan.SetDescriptor(at::kExecutionPlanDeviceProp, *device_);
  }
}

}  // namespace slimnet::cudnn
