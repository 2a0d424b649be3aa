#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareNotEqual(const OpContext& context) { return cpu::PrepareNotEqual(context); }

}  // namespace slimnet::onednn
