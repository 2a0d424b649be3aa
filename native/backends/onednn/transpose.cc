#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareTranspose(const OpContext& context) { return cpu::PrepareTranspose(context); }

}  // namespace slimnet::onednn
