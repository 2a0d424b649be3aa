#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareElu(const OpContext& context) {
  return UnaryKernel(context, [](float x) { return x < 0 ? std::expm1(x) : x; });
}

}  // namespace slimnet::onednn
