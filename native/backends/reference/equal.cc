#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareEqual(const NodeContext& node) { return cpu::PrepareEqual(node); }

}  // namespace slimnet::reference
