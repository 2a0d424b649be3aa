#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareInTopK(const OpContext& context) { return cpu::PrepareInTopK(context); }

}  // namespace slimnet::onednn
