#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareTopK(const NodeContext& node) { return cpu::PrepareTopK(node); }

}  // namespace slimnet::reference
