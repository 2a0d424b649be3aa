#include "backends/cpu/kernels.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareConfusionMatrix(const OpContext& context) {
  return cpu::PrepareConfusionMatrix(context);
}

}  // namespace slimnet::onednn
