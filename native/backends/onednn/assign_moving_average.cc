#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareAssignMovingAverage(const OpContext& context) {
  return cpu::PrepareAssignMovingAverage(context);
}

}  // namespace slimnet::onednn
