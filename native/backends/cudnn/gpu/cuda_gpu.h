// GPUs of this machine, by CUDA's runtime.
#pragma once

#include <memory>

#include "backends/cudnn/gpu/gpu.h"

namespace slimnet::cudnn {

// How many this process may use. Error{kBackend} says what is missing: the driver, or a newer one.
int CountGpus();

// Error{kBackend} where it cannot be used.
std::shared_ptr<Gpu> OpenGpu(int index);

}  // namespace slimnet::cudnn
