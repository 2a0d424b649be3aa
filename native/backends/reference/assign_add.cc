#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareAssignAdd(const NodeContext& node) { return cpu::PrepareAssignAdd(node); }

}  // namespace slimnet::reference
