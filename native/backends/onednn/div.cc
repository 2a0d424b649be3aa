#include "backends/onednn/broadcast.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareDiv(const OpContext& context) {
  return BinaryKernel(context, [](float x, float y) { return x / y; });
}

}  // namespace slimnet::onednn
