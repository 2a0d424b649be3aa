#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareScaleGradient(const OpContext& context) { return cpu::PrepareCopy(context); }

}  // namespace slimnet::onednn
