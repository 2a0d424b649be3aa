#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kSigmoid{.prepare = [](const OpContext& context) {
  return UnaryKernel(context, [](float x) { return 1.0F / (1.0F + std::exp(-x)); });
}};

}  // namespace slimnet::onednn
