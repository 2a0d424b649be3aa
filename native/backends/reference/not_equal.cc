#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareNotEqual(const NodeContext& node) { return cpu::PrepareNotEqual(node); }

}  // namespace slimnet::reference
