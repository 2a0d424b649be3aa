#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PreparePick(const OpContext& context) { return cpu::PreparePick(context); }

}  // namespace slimnet::onednn
