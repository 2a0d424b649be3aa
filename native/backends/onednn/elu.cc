#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kElu{.prepare = [](const OpContext& context) {
  return UnaryKernel(context, [](float x) { return x < 0 ? std::expm1(x) : x; });
}};

}  // namespace slimnet::onednn
