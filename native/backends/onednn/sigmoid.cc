#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareSigmoid(const OpContext& context) {
  return UnaryKernel(context, [](float x) { return 1.0F / (1.0F + std::exp(-x)); });
}

}  // namespace slimnet::onednn
