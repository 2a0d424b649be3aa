#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareConfusionMatrix(const NodeContext& node) { return cpu::PrepareConfusionMatrix(node); }

}  // namespace slimnet::reference
