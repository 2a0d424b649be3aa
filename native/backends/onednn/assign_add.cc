#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareAssignAdd(const OpContext& context) { return cpu::PrepareAssignAdd(context); }

}  // namespace slimnet::onednn
