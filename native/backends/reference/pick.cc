#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PreparePick(const NodeContext& node) { return cpu::PreparePick(node); }

}  // namespace slimnet::reference
