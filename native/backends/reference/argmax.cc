#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareArgmax(const NodeContext& node) { return cpu::PrepareArgmax(node); }

}  // namespace slimnet::reference
