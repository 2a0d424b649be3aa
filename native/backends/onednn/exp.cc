#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareExp(const OpContext& context) {
  return UnaryKernel(context, [](float x) { return std::exp(x); });
}

}  // namespace slimnet::onednn
