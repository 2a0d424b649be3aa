#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareSize(const OpContext& context) { return cpu::PrepareSize(context); }

}  // namespace slimnet::onednn
