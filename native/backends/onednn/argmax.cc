#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareArgmax(const OpContext& context) { return cpu::PrepareArgmax(context); }

}  // namespace slimnet::onednn
