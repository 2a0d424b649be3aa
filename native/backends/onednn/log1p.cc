#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareLog1p(const OpContext& context) {
  return UnaryKernel(context, [](float x) { return std::log1p(x); });
}

}  // namespace slimnet::onednn
