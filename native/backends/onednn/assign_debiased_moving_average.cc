#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareAssignDebiasedMovingAverage(const OpContext& context) {
  return cpu::PrepareAssignDebiasedMovingAverage(context);
}

}  // namespace slimnet::onednn
