// A stand-in for backends/cudnn/gpu/cuda_gpu.cc: a machine with a driver and a GPU, which is never used. With it the
// library for GPUs says what a user of such a machine is told where cuDNN is missing. For tests alone.
#include "backends/cudnn/gpu/cuda_gpu.h"

#include "base/error.h"

namespace slimnet::cudnn {

int CountGpus() { return 1; }

std::shared_ptr<Gpu> OpenGpu(int) { throw Error(ErrorCode::kBackend, "this GPU is a stand-in, and computes nothing"); }

}  // namespace slimnet::cudnn
