#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareLog(const OpContext& context) {
  return UnaryKernel(context, [](float x) { return std::log(x); });
}

}  // namespace slimnet::onednn
