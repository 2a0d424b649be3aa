#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareSelect(const OpContext& context) { return cpu::PrepareSelect(context); }

}  // namespace slimnet::onednn
