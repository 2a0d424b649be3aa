#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareMicrobatchConcat(const OpContext& context) { return cpu::PrepareSource(context); }

}  // namespace slimnet::onednn
