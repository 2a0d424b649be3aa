#include "backends/cpu/kernels.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareMicrobatchConcat(const NodeContext& node) { return cpu::PrepareSource(node); }

}  // namespace slimnet::reference
