#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareDropout(const NodeContext& node) { return cpu::PrepareDropout(node); }

}  // namespace slimnet::reference
