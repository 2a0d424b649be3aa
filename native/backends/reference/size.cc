#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareSize(const NodeContext& node) { return cpu::PrepareSize(node); }

}  // namespace slimnet::reference
