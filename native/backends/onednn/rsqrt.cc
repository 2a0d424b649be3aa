#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kRsqrt{.prepare = [](const OpContext& context) {
  return UnaryKernel(context, [](float x) { return 1.0F / std::sqrt(x); });
}};

}  // namespace slimnet::onednn
