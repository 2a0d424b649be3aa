// A limit on the memory of a GPU that a process takes.
#pragma once

#include <cstddef>
#include <memory>

#include "backends/cudnn/gpu/gpu.h"

namespace slimnet::cudnn {

// The same GPU, which gives no more than `bytes` at a time; beyond that an allocation is Error{kMemory}.
std::shared_ptr<Gpu> LimitMemory(std::shared_ptr<Gpu> gpu, size_t bytes);

}  // namespace slimnet::cudnn
