#include "backends/cudnn/gpu/gpu.h"

namespace slimnet::cudnn {

std::string Describe(const GpuProperties& gpu) {
  const std::string capability =
      std::to_string(gpu.compute_capability / 10) + "." + std::to_string(gpu.compute_capability % 10);
  return gpu.name + ", compute capability " + capability;
}

}  // namespace slimnet::cudnn
