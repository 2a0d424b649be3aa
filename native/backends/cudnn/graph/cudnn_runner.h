// Runs plans on a GPU.
#pragma once

#include <memory>

#include "backends/cudnn/gpu/gpu.h"
#include "backends/cudnn/graph/library.h"

namespace slimnet::cudnn {

// A runner for queues of one device, whose streams Queue::native() hands out. Threads may share it.
std::unique_ptr<PlanRunner> NewCudnnRunner(std::shared_ptr<const Library> library);

}  // namespace slimnet::cudnn
