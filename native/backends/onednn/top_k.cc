#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareTopK(const OpContext& context) { return cpu::PrepareTopK(context); }

}  // namespace slimnet::onednn
