#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareInTopK(const NodeContext& node) { return cpu::PrepareInTopK(node); }

}  // namespace slimnet::reference
