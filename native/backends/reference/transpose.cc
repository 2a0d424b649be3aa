#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareTranspose(const NodeContext& node) { return cpu::PrepareTranspose(node); }

}  // namespace slimnet::reference
