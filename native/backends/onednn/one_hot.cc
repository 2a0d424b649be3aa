#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareOneHot(const OpContext& context) { return cpu::PrepareOneHot(context); }

}  // namespace slimnet::onednn
