// Runs plans without a device: computes the operation graph that stands in a plan's JSON.
#pragma once

#include <memory>

#include "backends/cudnn/gpu/gpu.h"

namespace slimnet::testing {

// What it computes is what a device must compute, within the rounding of the types of its tensors: virtual tensors are
// rounded to their own type, sums are in double. The workspace is filled with NaN first, ports are held to
// cudnn::CheckPorts, by-value tensors are read when the run is queued, and the work itself is left to Queue::Do.
// Threads may share it.
std::unique_ptr<cudnn::PlanRunner> NewSoftRunner();

}  // namespace slimnet::testing
