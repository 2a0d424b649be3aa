#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareEqual(const OpContext& context) { return cpu::PrepareEqual(context); }

}  // namespace slimnet::onednn
