// The cuDNN backend on a GPU in software whose faults a test decides.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "native/devices/cudnn_software/software_gpu.h"

namespace slimnet::testing {

// Error{kBackend} where there is no cuDNN for tests.
std::unique_ptr<Backend> MakeCudnnSoftware(std::shared_ptr<Faults> faults, int index = 0,
                                           const GpuOptions& options = {});

}  // namespace slimnet::testing
