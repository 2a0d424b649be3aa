#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareCast(const NodeContext& node) { return cpu::PrepareCast(node); }

}  // namespace slimnet::reference
