#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareSelect(const NodeContext& node) { return cpu::PrepareSelect(node); }

}  // namespace slimnet::reference
