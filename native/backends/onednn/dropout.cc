#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareDropout(const OpContext& context) { return cpu::PrepareDropout(context); }

}  // namespace slimnet::onednn
