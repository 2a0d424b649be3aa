#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PreparePad(const OpContext& context) { return cpu::PreparePad(context); }

}  // namespace slimnet::onednn
