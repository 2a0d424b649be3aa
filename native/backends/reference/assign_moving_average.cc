#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareAssignMovingAverage(const NodeContext& node) {
  return cpu::PrepareAssignMovingAverage(node);
}

}  // namespace slimnet::reference
