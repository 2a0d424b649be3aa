#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareAbs(const OpContext& context) {
  return UnaryKernel(context, [](float x) { return std::fabs(x); });
}

}  // namespace slimnet::onednn
