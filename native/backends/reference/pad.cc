#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PreparePad(const NodeContext& node) { return cpu::PreparePad(node); }

}  // namespace slimnet::reference
