#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareAssignDebiasedMovingAverage(const NodeContext& node) {
  return cpu::PrepareAssignDebiasedMovingAverage(node);
}

}  // namespace slimnet::reference
