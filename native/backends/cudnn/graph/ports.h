// What every runner of plans refuses before it does anything.
#pragma once

#include <span>

#include "backends/cudnn/gpu/gpu.h"
#include "backends/cudnn/graph/graph.h"
#include "backends/cudnn/graph/plan.h"

namespace slimnet::cudnn {

inline Port PortOf(Tensor tensor, DevicePtr where) { return {tensor.id, where, nullptr}; }
inline Port PortOf(Tensor tensor, const void* by_value) { return {tensor.id, {}, by_value}; }

// Of a workspace, in bytes. What a step calls scratch is aligned to 64 bytes alone, so a kernel that runs a plan asks
// for ScratchBytes and hands on WorkspaceIn.
inline constexpr size_t kWorkspaceAlignment = 256;

inline size_t ScratchBytes(const Plan& plan) {
  return plan.workspace_bytes() == 0 ? 0 : plan.workspace_bytes() + kWorkspaceAlignment;
}
inline DevicePtr WorkspaceIn(DevicePtr scratch) {
  return DevicePtr((scratch.address() + kWorkspaceAlignment - 1) / kWorkspaceAlignment * kWorkspaceAlignment);
}

// `ports` has each of plan.ports() once, in any order, with a pointer of its kind that is aligned as the graph says; a
// workspace is there, and aligned, where the plan needs one. Otherwise Error{kInternal} that names the tensor.
void CheckPorts(const Plan& plan, std::span<const Port> ports, DevicePtr workspace);

}  // namespace slimnet::cudnn
