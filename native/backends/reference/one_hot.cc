#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareOneHot(const NodeContext& node) { return cpu::PrepareOneHot(node); }

}  // namespace slimnet::reference
