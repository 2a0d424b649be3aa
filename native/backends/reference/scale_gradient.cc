#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareScaleGradient(const NodeContext& node) { return cpu::PrepareCopy(node); }

}  // namespace slimnet::reference
