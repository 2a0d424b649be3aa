#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareCast(const OpContext& context) { return cpu::PrepareCast(context); }

}  // namespace slimnet::onednn
